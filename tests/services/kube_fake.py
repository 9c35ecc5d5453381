#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kube_fake.py [--pods N] [--discovery v2|v2beta1|plain] [--tls KIND]

A Kubernetes API server of lies: it answers from memory what a real one would,
up to 50,000 pods, and misbehaves on demand (kube_fake_faults.py). Run as a
program it prints the folder of its kubeconfig, fake.yaml, and serves until
standard input ends.

    with Fake(folder, pods=5000) as fake:
        fake.fault("gone", path="/api/v1/pods")
        ... fake.kubeconfig() ...
        assert fake.lists("/api/v1/pods") == 1

A server URL that ends in /with/FAULT has that fault in every answer about
objects, as often as FAULTS says: fake.kubeconfig(fault="deep").
"""
import argparse
import collections
import json
import socket
import ssl
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

from kube_fake_api import (VERSION, Objects, Pods, Reply, default_kinds,
                           discovery, dumps, list_reply, ok, split_path,
                           status)
from kube_fake_faults import FAULTS
from kube_fake_http import Handler, Request, Server
from kube_server import encoded, kubeconfig
from kube_tls import Authority


class Fake:
    """`tls`: good, expired, other-name, or None for plain HTTP. `tokens`: who
    may come in, `clients`: whose certificates may; everybody if both are
    empty."""

    def __init__(self, folder, pods=0, discovery="v2", tls="good", tokens=(),
                 clients=()):
        self.folder = Path(folder)
        self.kinds = default_kinds()
        self.collections = {(kind.root, kind.plural): Objects(kind)
                            for kind in self.kinds}
        pod_kind = self.kinds[0]
        if pods:
            self.collections["/api/v1", "pods"] = Pods(pod_kind, pods)
        self.offered = {"v2": ("v2", "v2beta1"), "v2beta1": ("v2beta1",),
                        "plain": ()}[discovery]
        self.stale = set()  # group/version of APIs that are away
        self.tokens, self.clients = set(tokens), set(clients)
        self.denied = set()  # (plural, namespace or None)
        self.requests = []
        self.peak = self.underway = 0
        self.faults = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.sockets = []
        self.listen(tls)

    # ---- what it has ---------------------------------------------------------

    def add(self, plural, *documents):
        """Objects of a kind that it knows."""
        for (_, name), objects in self.collections.items():
            if name == plural:
                for document in documents:
                    objects.add(document)
                return
        raise KeyError(plural)

    def add_kind(self, kind, *documents):
        self.kinds.append(kind)
        self.collections[kind.root, kind.plural] = Objects(kind, documents)

    def deny(self, plural, namespace=None):
        """Nobody may get or list them, everywhere or in one namespace."""
        self.denied.add((plural, namespace))

    def fault(self, name, path=None, times=-1, skip=0, **options):
        """Answers about objects, or those of one path only ("*": all paths),
        go wrong: as often as FAULTS says, or `times` (None: always), after
        `skip` good ones."""
        function, usual, going_on = FAULTS[name]
        self.faults.append({
            "name": name, "function": function, "path": path, "options":
            options, "going_on": going_on, "skip": skip,
            "left": usual if times == -1 else times, "prefix": False})

    # ---- what it saw ---------------------------------------------------------

    def seen(self, path, method="GET"):
        return [request for request in list(self.requests)
                if request.path == path and request.method == method]

    def lists(self, path):
        """How often a list was begun."""
        return sum("continue" not in request.query
                   for request in self.seen(path))

    def begun(self):
        """{path: how often a list was begun, or an object read}"""
        return collections.Counter(
            request.path for request in list(self.requests)
            if request.method == "GET" and split_path(request.path)
            and "continue" not in request.query)

    # ---- answering -----------------------------------------------------------

    def received(self, handler, body):
        path, _, query = handler.path.partition("?")
        fault = None
        if path.startswith("/with/"):
            _, _, fault, path = path.split("/", 3)
            path = "/" + path
        request = Request(self, handler, fault, path, dict(
            urllib.parse.parse_qsl(query, keep_blank_values=True)), body)
        with self.lock:
            self.requests.append(request)
            self.underway += 1
            self.peak = max(self.peak, self.underway)
        return request

    def ended(self, _):
        with self.lock:
            self.underway -= 1

    def applies(self, rule, request):
        if rule["prefix"]:
            if request.fault != rule["name"]:
                return False
        elif rule["path"] not in (None, "*", request.path):
            return False
        if rule["path"] is None and not self.about_objects(request):
            return False
        if rule["going_on"] and "continue" not in request.query:
            return False
        return rule["left"] is None or rule["left"] > 0

    def about_objects(self, request):
        parts = split_path(request.path)
        return request.method == "GET" and parts and (
            parts[0], parts[2]) in self.collections

    def choose(self, request):
        with self.lock:
            if request.fault and not any(
                    rule["prefix"] and rule["name"] == request.fault
                    for rule in self.faults):
                if request.fault not in FAULTS:
                    return None
                self.fault(request.fault)
                self.faults[-1]["prefix"] = True
            for rule in self.faults:
                if not self.applies(rule, request):
                    continue
                if rule["skip"]:
                    rule["skip"] -= 1
                    continue
                if rule["left"] is not None:
                    rule["left"] -= 1
                return rule
        return None

    def reply(self, request):
        rule = self.choose(request)
        if rule is None:
            return self.healthy(request)
        request.fault = rule["name"]
        return rule["function"](request, lambda: self.healthy(request),
                                **rule["options"])

    def healthy(self, request):
        given = request.headers.get("authorization", "")
        if self.tokens and given.removeprefix("Bearer ") not in self.tokens:
            return status(401, "Unauthorized", "Unauthorized")
        if self.clients and request.peer not in self.clients:
            return status(401, "Unauthorized", "Unauthorized")
        if request.method == "POST":
            return self.review(request)
        if request.path in ("/healthz", "/livez", "/readyz"):
            return Reply(200, b"ok", "text/plain")
        if request.path == "/version":
            return ok(VERSION)
        parts = split_path(request.path)
        found = None
        if parts:
            found = self.read(request, *parts)
        elif request.path.startswith("/api"):
            found = discovery(request.path.rstrip("/"), request.headers.get(
                "accept", ""), self.kinds, self.offered, self.stale)
        return found or status(404, "NotFound", "the server could not find "
                               "the requested resource")

    def refused(self, plural, namespace):
        return ((plural, None) in self.denied
                or (plural, namespace) in self.denied
                # all of them include those of a namespace
                or namespace is None and any(plural == name
                                             for name, _ in self.denied))

    def read(self, request, root, namespace, plural, name):
        collection = self.collections.get((root, plural))
        if not collection:
            return None
        if self.refused(plural, namespace):
            return status(403, "Forbidden", f"{plural} is forbidden: User "
                          f"\"test\" cannot list resource \"{plural}\"")
        if not name:
            return list_reply(collection, namespace, request.query)
        document = collection.get(namespace, name)
        if not document:
            return status(404, "NotFound", f"{plural} \"{name}\" not found")
        return ok(document)

    def review(self, request):
        """SelfSubjectAccessReview: may I?"""
        if not request.path.startswith("/apis/authorization.k8s.io/v1/self"):
            return status(405, "MethodNotAllowed", "not here")
        document = json.loads(request.body)
        asked = document.get("spec", {}).get("resourceAttributes", {})
        allowed = not self.refused(asked.get("resource"),
                                   asked.get("namespace") or None)
        return Reply(201, dumps({**document, "status": {
            "allowed": allowed, "reason": "" if allowed else "no RBAC policy "
            "matched"}}))

    # ---- listening -----------------------------------------------------------

    def listen(self, tls):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.fake, self.server.context = self, None
        self.authority = None
        if tls:
            self.authority = Authority(self.folder / "pki")
            certificate = {
                "good": lambda: self.authority.server(),
                "expired": lambda: self.authority.server(days=-1),
                "other-name": lambda: self.authority.server(
                    names="DNS:elsewhere.test")}[tls]()
            self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.context.load_cert_chain(*certificate)
            if self.clients:
                self.server.context.verify_mode = ssl.CERT_OPTIONAL
                self.server.context.load_verify_locations(self.authority.crt)
        self.port = self.server.server_address[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def connected(self, connection):
        with self.lock:
            self.sockets.append(connection)

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def kubeconfig(self, name="fake", fault=None, cluster=None, user=None,
                   namespace=None):
        """A kubeconfig that comes in. `cluster` and `user` are YAML lines."""
        if cluster is None:
            cluster = ("certificate-authority-data: "
                       + encoded(self.authority.crt) if self.authority else "")
        if user is None:
            user = f"token: {next(iter(self.tokens), 'some-token')}"
        prefix = f"/with/{fault}" if fault else ""
        return kubeconfig(self.folder / f"{name}.yaml", self.url + prefix,
                          cluster, user, namespace)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--pods", type=int, default=1000)
    parser.add_argument("--discovery", default="v2")
    parser.add_argument("--tls", default="good")
    how = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kube-fake-") as folder:
        with Fake(folder, how.pods, how.discovery,
                  None if how.tls == "none" else how.tls) as fake:
            fake.kubeconfig()
            print(folder, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
