# SPDX-License-Identifier: Apache-2.0
"""A fake of Azure on loopback: Resource Manager, Resource Graph, Microsoft
Graph, the token service and what gives managed identities their tokens. It
checks what it is sent (tokens and their audience, secrets, signatures and
claims of assertions, headers, API versions), pages at two items, and
misbehaves when told to."""
import base64
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
import urllib.parse
from pathlib import Path

from azure_estate import (BAD, EDGE, GOOD, TENANT_BAD, TENANT_CASES,
                          TENANT_GOOD, estate, tenant)
from listening import Server

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
CLIENT = "55555555-eeee-4555-8555-555555555555"
SECRET = "planted~client~secret~Q8wRt7"
FEDERATED = "planted-federated-token-ZZ91"
APP_HEADER = "planted-identity-header-AB12"
ARC_KEY = "planted-arc-key-CD34"
TOKEN = "planted-token-"  # all tokens begin so
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Refusal(Exception):
    def __init__(self, status, body, headers=()):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers)


def refuse(status, code, message, **headers):
    raise Refusal(status, {"error": {"code": code, "message": message}},
                  {name.replace("_", "-"): value
                   for name, value in headers.items()})


def oauth_refuse(status, code, description):
    raise Refusal(status, {"error": code, "error_description": description})


class Fault:
    """Does something to the first `times` requests that match."""

    def __init__(self, pattern, do, times=1, method=None):
        self.pattern, self.do = re.compile(pattern, re.I), do
        self.left, self.method, self.seen = times, method, 0

    def matches(self, method, path):
        if self.left <= 0 or not self.pattern.search(path) or (
                self.method and self.method != method):
            return False
        self.left -= 1
        self.seen += 1
        return True


class AzureFake:
    page = 2

    def __init__(self, certificate=None, tls=None):
        self.answers, self.lock = estate(), threading.Lock()
        self.certificate = certificate  # a PEM file that assertions belong to
        self.tokens, self.requests, self.faults = {}, [], []
        self.lifetime, self.federated = 3600, FEDERATED
        self.arc_path = None
        self.server = Server(Handler)
        self.server.fake = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.secure(context)
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http",
                                          self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fault(self, pattern, do, times=1, method=None):
        fault = Fault(pattern, do, times, method)
        self.faults.append(fault)
        return fault

    def asked(self, pattern, method=None):
        """Requests so far whose path matches."""
        with self.lock:
            return [request for request in self.requests
                    if re.search(pattern, request["path"], re.I)
                    and (not method or request["method"] == method)]

    def target(self, **more):
        """A target of this cloud."""
        endpoints = {"resource_manager": self.url, "authority": self.url,
                     "graph": self.url}
        return {"type": "azure_subscription", "tenant": TENANT_GOOD,
                "subscriptions": [GOOD, BAD], "endpoints": endpoints, **more}

    # ---- tokens --------------------------------------------------------------

    def token(self, audience, tenant=TENANT_GOOD, how="client"):
        text = TOKEN + secrets.token_urlsafe(24)
        self.tokens[text] = {"aud": audience, "tenant": tenant, "how": how,
                             "until": time.time() + self.lifetime}
        return text

    def check_assertion(self, form, tenant):
        header, claims, signature = form["client_assertion"].split(".")
        about = json.loads(unbase64(header))
        said = json.loads(unbase64(claims))
        with tempfile.TemporaryDirectory() as folder:
            def run(*argv, **how):
                return subprocess.run(["openssl", *argv], cwd=folder,
                                      capture_output=True, **how)

            public = run("x509", "-in", str(self.certificate), "-pubkey",
                         "-noout", check=True).stdout
            der = run("x509", "-in", str(self.certificate), "-outform", "DER",
                      check=True).stdout
            digest = run("dgst", "-sha256", "-binary", input=der,
                         check=True).stdout
            for name, data in (("public", public),
                               ("signature", unbase64(signature)),
                               ("data", f"{header}.{claims}".encode())):
                Path(folder, name).write_bytes(data)
            right = run("dgst", "-sha256", "-sigopt",
                        "rsa_padding_mode:pss", "-sigopt",
                        "rsa_pss_saltlen:32", "-verify", "public",
                        "-signature", "signature", "data").returncode == 0
        audience = f"{self.url}/{tenant}/oauth2/v2.0/token"
        now = time.time()
        if not right or about["alg"] != "PS256" or about["typ"] != "JWT":
            oauth_refuse(401, "invalid_client", "AADSTS700027: signature")
        if unbase64(about["x5t#S256"]) != digest:
            oauth_refuse(401, "invalid_client", "AADSTS700027: x5t#S256")
        if (said["aud"] != audience or said["iss"] != CLIENT
                or said["sub"] != CLIENT or len(said["jti"]) < 32
                or not said["nbf"] <= now + 5 or not said["exp"] > now
                or said["exp"] > now + 86400):
            oauth_refuse(401, "invalid_client", "AADSTS700021: claims")

    def oauth(self, tenant, form):
        if form.get("grant_type") != "client_credentials":
            oauth_refuse(400, "unsupported_grant_type", "AADSTS70003")
        if tenant not in (TENANT_GOOD, TENANT_BAD, *TENANT_CASES):
            oauth_refuse(400, "invalid_request",
                         f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("client_id") != CLIENT:
            oauth_refuse(400, "unauthorized_client", "AADSTS700016: no such "
                         "application")
        if "client_secret" in form:
            if form["client_secret"] != SECRET:
                oauth_refuse(401, "invalid_client", "AADSTS7000215: Invalid "
                             "client secret provided.")
        elif form.get("client_assertion_type") != ASSERTION:
            oauth_refuse(401, "invalid_client", "AADSTS7000218: no proof")
        elif form["client_assertion"].count(".") != 2 or not self.certificate:
            if form["client_assertion"] != self.federated:
                oauth_refuse(401, "invalid_client",
                             "AADSTS700024: assertion is not valid")
        else:
            self.check_assertion(form, tenant)
        return self.answer(form.get("scope", ""), "/.default", tenant)

    def answer(self, scope, suffix="", tenant=TENANT_GOOD, how="client",
               **more):
        resource = scope[:-len(suffix)] if suffix and scope.endswith(
            suffix) else scope
        if resource.rstrip("/") not in (ARM, GRAPH):
            oauth_refuse(400, "invalid_scope", f"AADSTS70011: {scope}")
        return {"token_type": "Bearer", "expires_in": self.lifetime,
                "access_token": self.token(resource.rstrip("/"), tenant, how),
                **more}

    def managed(self, request, query):
        """The instance metadata service of a virtual machine."""
        if request["headers"].get("metadata") != "true":
            oauth_refuse(400, "invalid_request", "Required metadata header "
                         "not specified")
        if query.get("api-version") != "2018-02-01":
            oauth_refuse(400, "bad_request", "api-version")
        if query.get("client_id", CLIENT) != CLIENT:
            oauth_refuse(400, "invalid_request", "Identity not found")
        return self.answer(query.get("resource", ""), how="imds",
                           expires_on=str(int(time.time() + self.lifetime)))

    def app_service(self, request, query):
        if (request["headers"].get("x-identity-header") != APP_HEADER
                or query.get("api-version") != "2019-08-01"):
            oauth_refuse(401, "unauthorized", "X-IDENTITY-HEADER")
        found = self.answer(query.get("resource", ""), how="app")
        del found["expires_in"]
        found["expires_on"] = str(int(time.time() + self.lifetime))
        return found

    def arc(self, request, query):
        if (request["headers"].get("metadata") != "true"
                or query.get("api-version") != "2019-11-01"):
            oauth_refuse(400, "bad_request", "metadata")
        if request["headers"].get("authorization") != f"Basic {ARC_KEY}":
            raise Refusal(401, {}, {"WWW-Authenticate":
                                    f"Basic realm={self.arc_path}"})
        return self.answer(query.get("resource", ""), how="arc")

    # ---- APIs ----------------------------------------------------------------

    def caller(self, request, audience):
        text = request["headers"].get("authorization", "")
        known = self.tokens.get(text.removeprefix("Bearer "))
        if (not text.startswith("Bearer ") or not known
                or known["aud"] != audience or known["until"] < time.time()):
            refuse(401, "InvalidAuthenticationToken", "The access token is "
                   "invalid.", WWW_Authenticate='Bearer authorization_uri="'
                   f'{self.url}/t", error="invalid_token"')
        return known

    def paged(self, request, query, items, key, link):
        start = int(query.get("$skiptoken", "0"))
        body = {"value": items[start:start + self.page]}
        if start + self.page < len(items):
            more = dict(query, **{"$skiptoken": str(start + self.page)})
            body[link] = (f"{self.url}{request['path']}?"
                          f"{urllib.parse.urlencode(more, safe='$')}")
        return body

    def resource_manager(self, request, query):
        self.caller(request, ARM)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?",
                            query.get("api-version", "")):
            refuse(400, "MissingApiVersionParameter", "The api-version query "
                   "parameter is required.")
        path = request["path"].lower()
        if path == "/providers/microsoft.resourcegraph/resources":
            return self.resource_graph(request)
        found = self.answers.get(path)
        subscription = re.match(r"/subscriptions/([^/]+)", path)
        if subscription and subscription[1] not in (GOOD, BAD, EDGE):
            refuse(404, "SubscriptionNotFound", f"The subscription "
                   f"'{subscription[1]}' could not be found.")
        if found is None:
            refuse(404, "ResourceNotFound", f"The resource '{path}' was not "
                   "found.")
        if isinstance(found, dict):
            return found
        return self.paged(request, query, found, "value", "nextLink")

    def resource_graph(self, request):
        body = json.loads(request["body"])
        if (request["method"] != "POST" or not body.get("query")
                or body["options"]["resultFormat"] != "objectArray"):
            refuse(400, "BadRequest", "a query")
        wanted = body.get("subscriptions")
        if wanted is None and body.get("managementGroups") not in (None,
                                                                    ["mg"]):
            refuse(400, "BadRequest", "no such group")
        # what the identity does not see is left out without a word
        seen = {each["subscriptionId"]
                for each in self.answers["/subscriptions"]}
        if wanted is not None:
            seen &= {each.lower() for each in wanted}
        rows = [{"id": f"/subscriptions/{each}", "subscriptionId": each,
                 "name": name} for each, name in ((GOOD, "good"), (BAD, "bad"))
                if each in seen]
        start = int(body["options"].get("$skipToken", "0"))
        answer = {"totalRecords": len(rows), "count": 1,
                  "resultTruncated": "false", "facets": [],
                  "data": rows[start:start + 1]}
        if start + 1 < len(rows):
            answer["$skipToken"] = str(start + 1)
        return answer

    def microsoft_graph(self, request, query):
        caller = self.caller(request, GRAPH)
        found = tenant(caller["tenant"]).get(request["path"].lower())
        if found is None:
            refuse(404, "Request_ResourceNotFound", request["path"])
        if isinstance(found, dict):
            return found
        return self.paged(request, query, found, "value", "@odata.nextLink")

    def serve(self, request, query):
        path = request["path"]
        token = re.fullmatch(r"/([^/]+)/oauth2/v2\.0/token", path)
        if token and request["method"] == "POST":
            return self.oauth(token[1], dict(urllib.parse.parse_qsl(
                request["body"].decode(), strict_parsing=True)))
        if path == "/metadata/identity/oauth2/token":
            return self.managed(request, query)
        if path == "/msi/token":
            return self.app_service(request, query)
        if path == "/arc/token":
            return self.arc(request, query)
        if path.startswith("/v1.0/"):
            return self.microsoft_graph(request, query)
        return self.resource_manager(request, query)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=()):
        data = json.dumps(body).encode() if not isinstance(
            body, bytes) else body
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def cut(self, *_):
        """Half an answer, and gone."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"value": [')
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def handle_one(self):
        fake = self.server.fake
        path, _, text = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        request = {"method": self.command, "path": path, "query": query,
                   "headers": {name.lower(): value
                               for name, value in self.headers.items()},
                   "body": self.rfile.read(length) if length else b"",
                   "when": time.monotonic()}
        with fake.lock:
            fake.requests.append(request)
            fault = next((each for each in fake.faults
                          if each.matches(self.command, path)), None)
        try:
            if fault and fault.do == "cut":
                self.cut()
                return
            if fault:
                fault.do(self, request)
                return
            self.send(200, fake.serve(request, query))
        except Refusal as refusal:
            self.send(refusal.status, refusal.body, refusal.headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = handle_one


def answering(status, code="", message="", headers=None, body=None):
    """For faults: this answer."""
    def do(handler, _):
        handler.send(status, body if body is not None else
                     {"error": {"code": code, "message": message}},
                     headers or {})
    return do
