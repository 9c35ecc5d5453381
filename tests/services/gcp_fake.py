# SPDX-License-Identifier: Apache-2.0
"""A fake of Google Cloud on loopback: its APIs (https://API.googleapis.com is
/API here), the token services and the metadata server. It checks what it is
sent (tokens, signatures and claims of assertions, headers), pages at two items,
and misbehaves when told to. With `backend` requests go on to gcplocal, an
emulator, behind the same checks."""
import base64
import gzip
import http.server
import json
import re
import secrets
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from gcp_estate import BAD, GOOD, NUMBER, estate
from listening import Server

TOKEN = "planted-token-"  # all tokens begin so
REFRESH = "planted-refresh-token-Q8wRt7"
CLIENT_SECRET = "planted-client-secret-ZZ91"
SUBJECT = "planted-subject-token-AB12"
AWS_SECRET = "planted/aws/secret/CD34"
AWS_SESSION = "planted-aws-session-EF56"
IMDS = "planted-imds-token-GH78"
EMAIL = "scanner@good-project.iam.gserviceaccount.com"
AUDIENCE = ("//iam.googleapis.com/projects/1/locations/global/"
            "workloadIdentityPools/pool/providers/one")
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
# where gcplocal has an API
BACKEND = {"compute": "", "storage": "", "dns": "", "iam": "",
           "cloudresourcemanager": "", "sqladmin": "/sql"}


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Refusal(Exception):
    def __init__(self, status, body, headers=()):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers)


def refuse(code, status, message, reason=None, **metadata):
    error = {"code": code, "message": message, "status": status}
    if reason:
        error["errors"] = [{"reason": reason, "domain": "global",
                            "message": message}]
        error["details"] = [{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason, "domain": "googleapis.com",
            "metadata": metadata}]
    raise Refusal(code, {"error": error})


def oauth_refuse(code, error, description):
    raise Refusal(code, {"error": error, "error_description": description})


class Fault:
    """Does something to the first `times` requests that match: a function of
    the handler that may answer (and returns true) or raise a Refusal."""

    def __init__(self, pattern, do, times):
        self.pattern, self.do, self.left = re.compile(pattern), do, times
        self.seen = 0

    def matches(self, path):
        if self.left <= 0 or not self.pattern.search(path):
            return False
        self.left -= 1
        self.seen += 1
        return True


class GcpFake:
    page = 2

    def __init__(self, key=None, backend=None, tls=None):
        self.key = key  # a PEM file: the service account's
        self.backend = backend
        self.answers, self.lock = estate(), threading.Lock()
        self.tokens, self.requests, self.faults = {}, [], []
        self.lifetime, self.flavor = 3600, "Google"
        # what is in folders, beside the folders in them
        self.projects = {"organizations/1": [], "folders/2": [GOOD],
                         "folders/3": [BAD]}
        self.folders = {"organizations/1": ["folders/2"],
                        "folders/2": ["folders/3"], "folders/3": []}
        self.server = Server(Handler)
        self.server.fake = self
        self.host = "127.0.0.1:%d" % self.server.server_address[1]
        self.url = ("https://" if tls else "http://") + self.host
        if tls:  # its certificate, for the same key
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls, key)
            self.server.secure(context)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def fault(self, pattern, do, times=1):
        fault = Fault(pattern, do, times)
        self.faults.append(fault)
        return fault

    def asked(self, pattern, method=None):
        with self.lock:
            return [each for each in self.requests
                    if re.search(pattern, each["path"])
                    and (not method or each["method"] == method)]

    def target(self, **more):
        return {"type": "gcp_project", "projects": [GOOD, BAD],
                "endpoint": self.url + "/{api}", **more}

    def service_account(self):
        return {"type": "service_account", "project_id": GOOD,
                "private_key_id": "key-1", "client_email": EMAIL,
                "private_key": Path(self.key).read_text(),
                "token_uri": self.url + "/token"}

    # ---- tokens --------------------------------------------------------------

    def token(self, how):
        text = TOKEN + secrets.token_urlsafe(24)
        self.tokens[text] = {"how": how, "until": time.time() + self.lifetime}
        return text

    def answer(self, how):
        return {"access_token": self.token(how), "token_type": "Bearer",
                "expires_in": self.lifetime}

    def check_assertion(self, assertion):
        header, claims, signature = assertion.split(".")
        about, said = (json.loads(unbase64(part))
                       for part in (header, claims))
        with tempfile.TemporaryDirectory() as folder:
            public = subprocess.run(
                ["openssl", "pkey", "-in", str(self.key), "-pubout"],
                capture_output=True, check=True).stdout
            for name, data in (("public", public),
                               ("signature", unbase64(signature)),
                               ("data", f"{header}.{claims}".encode())):
                Path(folder, name).write_bytes(data)
            right = subprocess.run(
                ["openssl", "dgst", "-sha256", "-verify", "public",
                 "-signature", "signature", "data"], cwd=folder,
                capture_output=True, check=False).returncode == 0
        now = time.time()
        if (not right or about != {"alg": "RS256", "typ": "JWT",
                                   "kid": "key-1"}):
            oauth_refuse(400, "invalid_grant", "Invalid JWT Signature.")
        if (said["iss"] != EMAIL or said["aud"] != self.url + "/token"
                or said["scope"] != SCOPE or abs(said["iat"] - now) > 60
                or said["exp"] - said["iat"] != 3600):
            oauth_refuse(400, "invalid_grant", "Invalid JWT: claims")

    def oauth(self, form):
        if form.get("grant_type") == JWT and self.key:
            self.check_assertion(form["assertion"])
            return self.answer("service_account")
        if form.get("grant_type") == "refresh_token":
            if (form["refresh_token"], form["client_id"],
                    form["client_secret"]) != (REFRESH, "client-id",
                                               CLIENT_SECRET):
                # as some do, it quotes what it was sent
                oauth_refuse(400, "invalid_grant", "Token has been expired "
                             "or revoked: " + form["refresh_token"])
            return self.answer("user")
        return oauth_refuse(400, "unsupported_grant_type", "grant_type")

    def check_aws(self, subject):
        """botocore's rules, written anew: SigV4 over what Google is told."""
        import hashlib
        import hmac
        said = json.loads(urllib.parse.unquote(subject))
        headers = {each["key"].lower(): each["value"]
                   for each in said["headers"]}
        url = urllib.parse.urlsplit(said["url"])
        auth = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=AKID/(\d{8})/us-east-1/sts/"
            r"aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w{64})",
            headers.pop("authorization"))
        names = sorted(headers)
        assert auth and auth[2] == ";".join(names), said
        assert headers["x-goog-cloud-target-resource"] == AUDIENCE
        assert headers["x-amz-security-token"] == AWS_SESSION
        assert headers["host"] == "sts.us-east-1.amazonaws.com"
        canonical = "\n".join([
            said["method"], url.path or "/", url.query,
            *(f"{name}:{headers[name]}" for name in names), "", auth[2],
            hashlib.sha256(b"").hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"],
                          f"{auth[1]}/us-east-1/sts/aws4_request",
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + AWS_SECRET).encode()
        for part in (auth[1], "us-east-1", "sts", "aws4_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key.hex() == auth[3]

    def exchange(self, form):
        if (form["grant_type"] != EXCHANGE or form["audience"] != AUDIENCE
                or form["scope"] != SCOPE or form["requested_token_type"] !=
                "urn:ietf:params:oauth:token-type:access_token"):
            oauth_refuse(400, "invalid_request", "form")
        if form["subject_token_type"].endswith(":aws4_request"):
            if not self.check_aws(form["subject_token"]):
                oauth_refuse(400, "invalid_grant", "signature")
        elif form["subject_token"] != SUBJECT:
            oauth_refuse(400, "invalid_grant", "Invalid subject token "
                         + form["subject_token"])
        return self.answer("external")

    def impersonate(self, request, email):
        caller = self.caller(request)
        body = json.loads(request["body"])
        if body["scope"] != [SCOPE] or not body["lifetime"].endswith("s"):
            refuse(400, "INVALID_ARGUMENT", "scope, lifetime")
        if email == "nobody@x.iam.gserviceaccount.com":
            refuse(403, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts."
                   "getAccessToken' denied", "IAM_PERMISSION_DENIED",
                   permission="iam.serviceAccounts.getAccessToken")
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                              time.gmtime(time.time() + self.lifetime))
        return {"accessToken": self.token(f"{caller['how']}>{email}"),
                "expireTime": until}

    def aws_metadata(self, request, path):
        sent = request["headers"].get("x-aws-ec2-metadata-token")
        if path == "token":
            assert request["method"] == "PUT"
            assert request["headers"]["x-aws-ec2-metadata-token-ttl-seconds"]
            return IMDS.encode()
        if sent != IMDS:
            raise Refusal(401, {})
        return {"zone": b"us-east-1a", "keys": b"role\n"}.get(path) or {
            "AccessKeyId": "AKID", "SecretAccessKey": AWS_SECRET,
            "Token": AWS_SESSION}

    def metadata(self, request, path):
        if request["headers"].get("metadata-flavor") != "Google":
            raise Refusal(403, {})
        if path == "project/project-id":
            return GOOD.encode()
        return self.answer("metadata")

    # ---- APIs ----------------------------------------------------------------

    def caller(self, request):
        text = request["headers"].get("authorization", "")
        known = self.tokens.get(text.removeprefix("Bearer "))
        if not known or known["until"] < time.time():
            refuse(401, "UNAUTHENTICATED", "Request had invalid "
                   "authentication credentials.", "authError")
        request["how"] = known["how"]
        return known

    def paged(self, answer, token):
        start = int(token or "0")
        out, more = dict(answer), False
        for key, value in answer.items():
            if isinstance(value, list):
                out[key] = value[start:start + self.page]
                more |= len(value) > start + self.page
            elif key == "items" and isinstance(value, dict):
                part = sorted(value.items())
                out[key] = dict(part[start:start + self.page])
                more |= len(part) > start + self.page
        if more:
            out["nextPageToken"] = str(start + self.page)
        return out

    def resources(self, path, query):
        """Resource Manager v3: organizations/1 > folders/2 > folders/3."""
        projects, folders = self.projects, self.folders
        parent = query.get("parent")
        one = path.removeprefix("v3/projects/")
        for each, number in NUMBER.items():
            if one in (each, number):
                return {"name": f"projects/{number}", "projectId": each,
                        "displayName": each, "state": "ACTIVE"}
        if path == "v3/projects:search":
            listed = [GOOD, BAD]
        elif parent not in projects:
            refuse(403, "PERMISSION_DENIED", f"no access to {parent}")
        elif path == "v3/folders":
            return {"folders": [{"name": each, "state": "ACTIVE"}
                                for each in folders[parent]]}
        else:
            listed = projects[parent]
        return {"projects": [
            {"name": f"projects/{NUMBER.get(each, 7)}", "projectId": each,
             "displayName": each, "state": "ACTIVE"} for each in listed] + [
            {"name": "projects/9", "projectId": "going",
             "state": "DELETE_REQUESTED"}]}

    def api(self, request, api, path, query):
        self.caller(request)
        if "gzip" not in request["headers"].get("user-agent", ""):
            refuse(400, "INVALID_ARGUMENT", "no gzip")
        if self.backend:
            return self.forward(request, api, path)
        if path.endswith(":testIamPermissions"):
            asked = json.loads(request["body"])["permissions"]
            if path.startswith("v3/"):
                return {"permissions": [each for each in asked
                                        if "getIamPolicy" not in each]}
            return {"permissions": [each for each in asked
                                    if BAD not in path or "compute" in each]}
        if api == "cloudresourcemanager" and path.startswith("v3/"):
            return self.paged(self.resources(path, query),
                              query.get("pageToken"))
        if api == "storage" and path == "storage/v1/b":
            path += "?" + query.get("project", "")
        post = path.endswith(":getIamPolicy") and api != "cloudkms"
        if post != (request["method"] == "POST"):
            refuse(404, "NOT_FOUND", "method")
        found = self.answers.get((api, path))
        if found is None:
            refuse(404, "NOT_FOUND", f"{path} was not found.", "notFound")
        token = (json.loads(request["body"]).get("pageToken") if post
                 else query.get("pageToken"))
        return self.paged(found, token) if not post else found

    def forward(self, request, api, path):
        if api == "sqladmin":
            path = path.replace("v1/", "v1beta4/", 1)
        url = (f"{self.backend}{BACKEND[api]}/{path}"
               + ("?" + request["query"] if request["query"] else ""))
        asked = urllib.request.Request(
            url, method=request["method"],
            data=request["body"] if request["method"] == "POST" else None,
            headers={"Content-Type": "application/json",
                     "Authorization": "Bearer of-the-front"})
        try:
            with urllib.request.urlopen(asked) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refusal(error.code, json.loads(error.read())) from None

    def serve(self, request):
        path, query = request["path"], dict(urllib.parse.parse_qsl(
            request["query"], keep_blank_values=True))

        def form():
            return dict(urllib.parse.parse_qsl(request["body"].decode(),
                                               strict_parsing=True))

        if path == "/token":
            return self.oauth(form())
        if path == "/sts":
            return self.exchange(form())
        if path.startswith("/impersonate/"):
            return self.impersonate(request, path.split("/")[2].split(":")[0])
        if path.startswith("/computeMetadata/v1/"):
            return self.metadata(request, path[len("/computeMetadata/v1/"):])
        if path.startswith("/aws/"):
            return self.aws_metadata(request, path[len("/aws/"):])
        if path == "/subject":
            assert request["headers"]["x-workload"] == "yes"
            return {"deep": SUBJECT}
        _, api, rest = path.split("/", 2)
        return self.api(request, api, rest, query)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=()):
        fake = self.server.fake
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if packed:
            data = gzip.compress(data)
            self.send_header("Content-Encoding", "gzip")
        if fake.flavor and self.path.startswith("/computeMetadata/"):
            self.send_header("Metadata-Flavor", fake.flavor)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def cut(self):
        """Half an answer, and the end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def answer_request(self):
        fake = self.server.fake
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = {"method": self.command, "path": path, "query": query,
                   "body": body, "headers": {
                       key.lower(): value
                       for key, value in self.headers.items()}}
        with fake.lock:
            fake.requests.append(request)
            fault = next((each for each in fake.faults
                          if each.matches(path)), None)
        try:
            if fault and fault.do(self):
                return
            self.send(200, fake.serve(request))
        except Refusal as refusal:
            self.send(refusal.status, refusal.body, refusal.headers)

    do_GET = do_POST = do_PUT = answer_request


def answering(code, status, message="so it is", reason=None, headers=(),
              **metadata):
    """A fault that refuses."""
    def do(handler):
        try:
            refuse(code, status, message, reason, **metadata)
        except Refusal as refusal:
            handler.send(code, refusal.body, headers)
        return True
    return do


def saying(body, status=200):
    """A fault that answers with bytes, or a document."""
    def do(handler):
        handler.send(status, body)
        return True
    return do


def cutting(handler):
    handler.cut()
    return True
