# SPDX-License-Identifier: Apache-2.0
"""A small client of a Kubernetes API server, for what tests prepare and
compare with. Not thread-safe: each thread has its own (see Client.again)."""
import base64
import http.client
import json
import os
import ssl
import tempfile
import urllib.parse
from pathlib import Path


class Refused(Exception):
    """Any answer that is not 2xx."""

    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path}: {status} {body[:500]!r}")
        self.status, self.body = status, body


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Client:
    def __init__(self, server, ca=None, cert=None, token=None, timeout=60):
        """`ca` is a path; `cert` a pair of paths; without a CA, nothing is
        verified."""
        self.how = server, ca, cert, token, timeout
        url = urllib.parse.urlsplit(server)
        self.prefix = url.path.rstrip("/")
        self.headers = {"Accept": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        if url.scheme == "http":
            self.connection = http.client.HTTPConnection(
                url.hostname, url.port or 80, timeout=timeout)
            return
        context = ssl.create_default_context(cafile=ca)
        if not ca:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert:
            context.load_cert_chain(*cert)
        self.connection = http.client.HTTPSConnection(
            url.hostname, url.port or 443, timeout=timeout, context=context)

    def again(self):
        """Another connection as the same user."""
        return Client(*self.how)

    def close(self):
        self.connection.close()

    def ask(self, method, path, body=None, headers=None):
        """The answer, whatever it says."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        sent = {**self.headers, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            self.connection.request(method, self.prefix + path, body, sent)
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def call(self, method, path, body=None, headers=None, ignore=()):
        answer = self.ask(method, path, body, headers)
        if answer.status // 100 != 2 and answer.status not in ignore:
            raise Refused(method, path, answer.status, answer.body)
        return answer

    def get(self, path):
        return self.call("GET", path).json()

    def create(self, path, document, manager="kubectl-create"):
        """Creates it, or leaves it alone when it is there."""
        return self.call("POST", f"{path}?fieldManager={manager}", document,
                         ignore=(409,)).json()

    def patch(self, path, document, manager):
        return self.call(
            "PATCH", f"{path}?fieldManager={manager}", document,
            {"Content-Type": "application/merge-patch+json"}).json()

    def remove(self, path):
        self.call("DELETE", path, ignore=(404, 409))

    def items(self, path, limit=500):
        """The items of a list, page by page."""
        onward = None
        while True:
            query = {"limit": limit, **({"continue": onward} if onward
                                        else {})}
            page = self.get(f"{path}?{urllib.parse.urlencode(query)}")
            yield from page["items"]
            onward = page["metadata"].get("continue")
            if not onward:
                return


def secret_file(data):
    """Base64 as a file, which ssl wants; it lives as long as this process."""
    descriptor, name = tempfile.mkstemp(prefix="kube-client-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64decode(data))
    return name


def chosen(document, kind, name):
    for entry in document[f"{kind}s"]:
        if entry["name"] == name:
            return entry[kind]
    raise ValueError(f"no {kind} {name!r} in the kubeconfig")


def from_kubeconfig(path, context=None):
    """A client as its current context says: certificates and tokens. Needs
    PyYAML, which only a cluster from outside makes necessary."""
    import yaml
    path = Path(path)
    document = yaml.safe_load(path.read_text())
    context = chosen(document, "context",
                     context or document["current-context"])
    cluster = chosen(document, "cluster", context["cluster"])
    user = chosen(document, "user", context["user"])

    def file(where, name):
        if f"{name}-data" in where:
            return secret_file(where[f"{name}-data"])
        return str(path.parent / where[name]) if name in where else None

    token = user.get("token")
    if not token and "tokenFile" in user:
        token = (path.parent / user["tokenFile"]).read_text().strip()
    crt = file(user, "client-certificate")
    if not token and not crt:
        raise ValueError("the kubeconfig's user has neither a token nor a "
                         "client certificate")
    return Client(cluster["server"], file(cluster, "certificate-authority"),
                  (crt, file(user, "client-key")) if crt else None, token)
