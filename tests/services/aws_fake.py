# SPDX-License-Identifier: Apache-2.0
"""Where AWS's credentials come from, on loopback: STS, the metadata services of
instances and containers, the portal of SSO. Each request is recorded, and
answered only if it is what the real one wants; signatures are checked by
botocore's signer.

    with AwsFake() as fake:
        fake.keys["AKID"] = ("secret", None)     # (secret, session token)
        ... AWS_ENDPOINT_URL_STS=fake.url ...
        fake.requests[0].form["RoleArn"]
"""
import datetime
import http.server
import itertools
import json
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from listening import Server

CREDENTIALS = "/latest/meta-data/iam/security-credentials/"


def date(seconds):
    """That many seconds from now, as AWS writes it."""
    when = datetime.datetime.now(datetime.timezone.utc)
    when += datetime.timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def signature_problem(request, keys, skew=0):
    """None, or the code of what is wrong with a request's signature."""
    header = request.headers.get("authorization", "")
    if not header.startswith("AWS4-HMAC-SHA256 "):
        return "MissingAuthenticationToken"
    parts = dict(each.strip().split("=", 1)
                 for each in header.split(" ", 1)[1].split(","))
    key_id, day, region, service, _ = parts["Credential"].split("/")
    names = parts["SignedHeaders"].split(";")
    if key_id not in keys:
        return "InvalidClientTokenId"
    secret, token = keys[key_id]
    if request.headers.get("x-amz-security-token") != token:
        return "InvalidClientTokenId"
    for name in request.headers:
        if name.startswith("x-amz-") or name in ("host", "content-type"):
            if name not in names:
                return "SignatureDoesNotMatch"
    when = request.headers["x-amz-date"]
    sent = datetime.datetime.strptime(when, "%Y%m%dT%H%M%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp()
    if abs(sent - time.time() - skew) > 300 or when[:8] != day:
        return "RequestTimeTooSkewed"
    check = AWSRequest(
        request.method, f"http://{request.headers['host']}{request.target}",
        data=request.body,
        headers={name: request.headers[name] for name in names})
    check.context["timestamp"] = when
    signer = SigV4Auth(Credentials(key_id, secret, token), service, region)
    text = signer.string_to_sign(check, signer.canonical_request(check))
    if signer.signature(text, check) != parts["Signature"]:
        return "SignatureDoesNotMatch"
    return None


class Request:
    def __init__(self, handler, body):
        self.method, self.target = handler.command, handler.path
        self.path, _, self.query = handler.path.partition("?")
        self.headers = {name.lower(): value
                        for name, value in handler.headers.items()}
        self.body, self.status = body, None
        kind = self.headers.get("content-type", "")
        self.form = (dict(urllib.parse.parse_qsl(body.decode()))
                     if "form-urlencoded" in kind else {})

    @property
    def scope(self):
        """(date, region, service) that it was signed for."""
        text = self.headers["authorization"].split("Credential=")[1]
        return text.split(",")[0].split("/")[1:4]

    def __repr__(self):
        return f"<{self.method} {self.target} {self.status} {self.form}>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.fake.skew)

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self, self.rfile.read(length))
        fake = self.server.fake
        with fake.lock:
            fake.requests.append(request)
            request.status, text = fake.reply(request)
        data = text.encode()
        self.send_response(request.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = answer


class AwsFake:
    def __init__(self):
        self.keys = {}        # access key id: (secret, session token)
        self.requests = []
        self.faults = []      # (status, code) answered first, by STS
        self.trust = None     # callable(form, key id): may it be assumed?
        self.web_token = None
        self.lifetime = 3600
        self.skew = 0         # seconds that AWS's clock is ahead
        self.metadata_token = "IMDSTOKEN-planted-4711"
        self.role = "instance-role"
        self.container_token = "container-planted-4711"
        self.sso_token = "sso-planted-4711"
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()

    def __enter__(self):
        self.server = Server(Handler)
        self.server.fake = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def fresh(self):
        """New keys, which are accepted from now on."""
        number = next(self.numbers)
        key = (f"ASIA{number:016d}", f"planted-secret-{number}/+x",
               f"planted-token-{number}//+=")
        self.keys[key[0]] = key[1:]
        return key

    def reply(self, request):
        if request.method == "POST" and request.path == "/":
            return self.sts(request)
        if request.path.startswith("/latest/"):
            return self.metadata(request)
        if request.path == "/container":
            return self.container(request)
        if request.path == "/federation/credentials":
            return self.portal(request)
        return 404, "nothing here"

    # ---- STS

    @staticmethod
    def error(status, code, message="planned"):
        return status, ("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/"
                        "2011-06-15/\"><Error><Type>Sender</Type><Code>"
                        f"{code}</Code><Message>{escape(message)}</Message>"
                        "</Error><RequestId>1</RequestId></ErrorResponse>")

    def sts(self, request):
        form = request.form
        if self.faults:
            return self.error(*self.faults.pop(0))
        if form.get("Version") != "2011-06-15":
            return self.error(400, "InvalidAction")
        if form["Action"] == "AssumeRoleWithWebIdentity":
            if "authorization" in request.headers:
                return self.error(400, "Signed")
            if form.get("WebIdentityToken") != self.web_token:
                return self.error(400, "InvalidIdentityToken",
                                  f"bad {form.get('WebIdentityToken')}")
            return self.assumed(form)
        problem = signature_problem(request, self.keys, self.skew)
        if problem:
            # the real one repeats what it wanted to be signed
            return self.error(
                403, problem, "The request signature we calculated does not "
                "match.\n\nThe Canonical String should have been "
                f"{request.headers.get('x-amz-security-token')}")
        who = request.headers["authorization"].split("=")[1].split("/")[0]
        if self.trust and not self.trust(form, who):
            return self.error(403, "AccessDenied",
                              f"{who} may not assume {form['RoleArn']}")
        return self.assumed(form)

    def assumed(self, form):
        key_id, secret, token = self.fresh()
        action = form["Action"]
        return 200, (
            f"<{action}Response xmlns=\"https://sts.amazonaws.com/doc/"
            f"2011-06-15/\"><{action}Result><AssumedRoleUser><Arn>"
            f"{form['RoleArn']}</Arn></AssumedRoleUser><Credentials>"
            f"<AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{secret}"
            f"</SecretAccessKey><SessionToken>{token}</SessionToken>"
            f"<Expiration>{date(self.lifetime)}</Expiration></Credentials>"
            f"</{action}Result></{action}Response>")

    # ---- metadata

    def given(self, **more):
        key_id, secret, token = self.fresh()
        return json.dumps({"AccessKeyId": key_id, "SecretAccessKey": secret,
                           "Token": token, "Expiration": date(self.lifetime),
                           **more})

    def metadata(self, request):
        if request.path == "/latest/api/token":
            seconds = request.headers.get(
                "x-aws-ec2-metadata-token-ttl-seconds", "")
            if request.method != "PUT" or not seconds.isdigit():
                return 400, ""
            return 200, self.metadata_token
        if request.headers.get("x-aws-ec2-metadata-token") != \
                self.metadata_token:
            return 401, ""
        if request.path == CREDENTIALS:
            return (200, self.role + "\n") if self.role else (404, "")
        if request.path == CREDENTIALS + self.role:
            return 200, self.given(Code="Success", Type="AWS-HMAC")
        return 404, ""

    def container(self, request):
        if request.headers.get("authorization") != self.container_token:
            return 403, '{"message": "planted-container-answer"}'
        return 200, self.given(RoleArn="arn:aws:iam::1:role/task")

    # ---- SSO

    def portal(self, request):
        query = dict(urllib.parse.parse_qsl(request.query))
        if request.headers.get("x-amz-sso_bearer_token") != self.sso_token:
            return 401, '{"message": "Session token not found"}'
        if query != {"role_name": "Auditor", "account_id": "123456789012"}:
            return 403, '{"message": "No access"}'
        key_id, secret, token = self.fresh()
        return 200, json.dumps({"roleCredentials": {
            "accessKeyId": key_id, "secretAccessKey": secret,
            "sessionToken": token,
            "expiration": int((time.time() + self.lifetime) * 1000)}})
