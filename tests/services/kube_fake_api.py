# SPDX-License-Identifier: Apache-2.0
"""What kube_fake.py answers when it is healthy: discovery, lists in pages,
single objects, access reviews, after the Kubernetes API conventions."""
import json
import re
import urllib.parse

from kube_objects import (NAMESPACES, VARIANTS, pod_address, pod_name,
                          pod_namespace, pod_uid, stored_pod)

REVISION = "123456"
VERSION = {"major": "1", "minor": "28", "gitVersion": "v1.28.0-fake",
           "platform": "linux/amd64"}
PER_PIECE = 64  # items in one write


class Reply:
    """An answer. `body` is bytes, or an iterator of bytes whose length nobody
    knows; `length` is what Content-Length says, true or not. `cut` closes the
    connection in the middle; without a status, before anything was said."""

    def __init__(self, status, body=b"", kind="application/json", headers=None,
                 length=None, cut=False, gzip=True, close=False):
        self.status, self.body, self.length = status, body, length
        self.headers = {"Content-Type": kind, **(headers or {})}
        self.cut, self.gzip, self.close = cut, gzip, close


def dumps(document):
    return json.dumps(document, separators=(",", ":")).encode()


def ok(document, kind="application/json"):
    return Reply(200, dumps(document) + b"\n", kind)


def status(code, reason, message, metadata=None, headers=None):
    return Reply(code, dumps({
        "kind": "Status", "apiVersion": "v1", "metadata": metadata or {},
        "status": "Failure", "message": message, "reason": reason,
        "code": code}) + b"\n", headers=headers)


# ---- kinds -------------------------------------------------------------------

class Kind:
    def __init__(self, group, version, kind, plural, short=(),
                 namespaced=True, custom=False, list_kind=None):
        self.group, self.version, self.kind = group, version, kind
        self.plural, self.short, self.namespaced = plural, short, namespaced
        self.custom = custom  # their items have kind and apiVersion in lists
        self.list_kind = list_kind or f"{kind}List"
        self.verbs = ["create", "delete", "get", "list", "patch", "update",
                      "watch"]

    @property
    def api_version(self):
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self):
        return f"/apis/{self.api_version}" if self.group else "/api/v1"


def default_kinds():
    rbac = "rbac.authorization.k8s.io"
    rows = [
        ("", "v1", "Pod", "pods", ["po"]),
        ("", "v1", "ConfigMap", "configmaps", ["cm"]),
        ("", "v1", "Secret", "secrets"),
        ("", "v1", "Service", "services", ["svc"]),
        ("", "v1", "ServiceAccount", "serviceaccounts", ["sa"]),
        ("", "v1", "Namespace", "namespaces", ["ns"], False),
        ("", "v1", "Node", "nodes", ["no"], False),
        ("apps", "v1", "Deployment", "deployments", ["deploy"]),
        ("apps", "v1", "DaemonSet", "daemonsets", ["ds"]),
        ("apps", "v1", "StatefulSet", "statefulsets", ["sts"]),
        ("batch", "v1", "CronJob", "cronjobs", ["cj"]),
        ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies",
         ["netpol"]),
        (rbac, "v1", "ClusterRole", "clusterroles", [], False),
        (rbac, "v1", "ClusterRoleBinding", "clusterrolebindings", [], False),
        (rbac, "v1", "Role", "roles"),
        (rbac, "v1", "RoleBinding", "rolebindings"),
        ("config.openshift.io", "v1", "OAuth", "oauths", [], False, True),
        ("compliance.example.com", "v1", "Baseline", "baselines", ["bl"], True,
         True)]
    return [Kind(*row) for row in rows]


# ---- objects -----------------------------------------------------------------

def matches(labels, selector):
    """Equality, inequality and existence: what selectors mostly are."""
    for term in filter(None, selector.split(",")):
        name, operator, value = re.fullmatch(
            r"(!?[^=!]+)(==?|!=|)(.*)", term).groups()
        if operator == "!=":
            good = labels.get(name) != value
        elif operator:
            good = labels.get(name) == value
        elif name.startswith("!"):
            good = name[1:] not in labels
        else:
            good = name in labels
        if not good:
            return False
    return True


class Objects:
    """A collection of documents, sorted as etcd sorts them."""

    def __init__(self, kind, documents=()):
        self.kind, self.documents = kind, []
        for document in documents:
            self.add(document)

    def add(self, document):
        metadata = document.setdefault("metadata", {})
        metadata.setdefault("name", f"object-{len(self.documents)}")
        if self.kind.namespaced:
            metadata.setdefault("namespace", "default")
        number = len(self.documents) + 1
        metadata.setdefault("uid", f"{self.kind.plural}-uid-{number}")
        metadata.setdefault("resourceVersion", str(number))
        self.documents.append({"apiVersion": self.kind.api_version,
                               "kind": self.kind.kind, **document})
        self.documents.sort(key=lambda each: (
            each["metadata"].get("namespace", ""), each["metadata"]["name"]))

    def select(self, namespace, labels, fields):
        found = []
        for number, document in enumerate(self.documents):
            metadata = document["metadata"]
            known = {f"metadata.{key}": metadata.get(key, "")
                     for key in ("name", "namespace")}
            if (namespace in (None, metadata.get("namespace"))
                    and matches(metadata.get("labels", {}), labels)
                    and matches(known, fields)):
                found.append(number)
        return found

    def render(self, number):
        document = self.documents[number]
        if self.kind.custom:
            return dumps(dict(sorted(document.items())))
        return dumps({key: value for key, value in document.items()
                      if key not in ("kind", "apiVersion")})

    def get(self, namespace, name):
        return next((each for each in self.documents
                     if each["metadata"]["name"] == name and namespace in
                     (None, each["metadata"].get("namespace"))), None)


class Pods:
    """`count` pods of kube_objects, made when they are asked for."""

    def __init__(self, kind, count):
        self.kind, self.count = kind, count
        self.templates = [self.template(number) for number in range(VARIANTS)]
        self.labels = [stored_pod(number)["metadata"]["labels"]
                       for number in range(VARIANTS)]
        step = len(NAMESPACES)
        self.order = [number for first in range(step)
                      for number in range(first, count, step)]

    @staticmethod
    def slots(number):
        return {pod_namespace(number): 0, pod_name(number): 1,
                pod_uid(number): 2, pod_address(number): 3,
                f'"{100000 + number}"': 4}

    def template(self, number):
        """Literal bytes and, between them, which slot to fill in."""
        slots = self.slots(number)
        document = stored_pod(number)
        del document["kind"], document["apiVersion"]
        parts = re.split("(" + "|".join(map(re.escape, slots)) + ")",
                         dumps(document).decode())
        return [slots.get(part, part.encode()) for part in parts]

    def render(self, number):
        values = [text.encode() for text in self.slots(number)]
        return b"".join([values[part] if isinstance(part, int) else part
                         for part in self.templates[number % VARIANTS]])

    def select(self, namespace, labels, fields):
        found = self.order
        if namespace is not None:
            found = [number for number in found
                     if pod_namespace(number) == namespace]
        if labels:
            good = [matches(each, labels) for each in self.labels]
            found = [number for number in found if good[number % VARIANTS]]
        if fields:
            found = [number for number in found if matches({
                "metadata.name": pod_name(number),
                "metadata.namespace": pod_namespace(number)}, fields)]
        return found

    def get(self, namespace, name):
        found = re.fullmatch(r"web-6d4cf56db6-(\d{6})", name)
        number = int(found[1]) if found else self.count
        if number >= self.count or pod_namespace(number) != namespace:
            return None
        return stored_pod(number)


# ---- lists -------------------------------------------------------------------

def token(start, fresh=False):
    """A continue token that is wrong when it is not encoded in a URL."""
    return f"{'f' if fresh else 's'}+{start}/&%41=="


def token_start(text):
    found = re.fullmatch(r"[fs]\+(\d+)/&%41==", text)
    return int(found[1]) if found else None


def around(kind, onward, remaining):
    """What comes before and after the items. Lists of custom resources have
    their keys in alphabetical order: the continue token comes last."""
    metadata = {"resourceVersion": REVISION}
    if onward:
        metadata.update({"continue": onward, "remainingItemCount": remaining})
    parts = {"kind": kind.list_kind, "apiVersion": kind.api_version,
             "metadata": metadata, "items": []}
    if kind.custom:
        parts = dict(sorted(parts.items()))
    before, after = dumps(parts).split(b"[]")
    return before + b"[", b"]" + after + b"\n"


def pieces(collection, numbers, before, after):
    """The bytes of a list, many items at a time."""
    for first in range(0, len(numbers), PER_PIECE):
        yield before + b",".join(map(
            collection.render, numbers[first:first + PER_PIECE]))
        before = b","
    yield after if numbers else before + after


def list_reply(collection, namespace, query):
    numbers = collection.select(namespace, query.get("labelSelector", ""),
                                query.get("fieldSelector", ""))
    start = 0
    if "continue" in query:
        start = token_start(query["continue"])
        if start is None:
            return status(400, "BadRequest",
                          "continue key is not valid: illegal base64 data")
    limit = int(query.get("limit", 0))
    if query.get("resourceVersion") == "0":
        limit = 0  # the watch cache does not page
    end = min(start + limit, len(numbers)) if limit else len(numbers)
    onward = token(end) if end < len(numbers) else None
    return Reply(200, pieces(collection, numbers[start:end], *around(
        collection.kind, onward, len(numbers) - end)))


# ---- discovery ---------------------------------------------------------------

def resource_list(kinds, api_version):
    resources = []
    for kind in kinds:
        if kind.api_version == api_version:
            resources.append({
                "name": kind.plural, "singularName": kind.kind.lower(),
                "namespaced": kind.namespaced, "kind": kind.kind,
                "verbs": kind.verbs, **({"shortNames": kind.short}
                                        if kind.short else {})})
            resources.append({
                "name": f"{kind.plural}/status", "singularName": "",
                "namespaced": kind.namespaced, "kind": kind.kind,
                "verbs": ["get", "patch", "update"]})
    # that of the core group has no version of its own
    return {"kind": "APIResourceList",
            **({"apiVersion": "v1"} if "/" in api_version else {}),
            "groupVersion": api_version, "resources": resources}


def groups_of(kinds):
    found = {}
    for kind in kinds:
        versions = found.setdefault(kind.group, [])
        if kind.version not in versions:
            versions.append(kind.version)
    return found


def group_list(kinds):
    groups = []
    for group, versions in groups_of(kinds).items():
        if group:
            named = [{"groupVersion": f"{group}/{each}", "version": each}
                     for each in versions]
            groups.append({"name": group, "versions": named,
                           "preferredVersion": named[0]})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def aggregated(kinds, version, core, stale):
    def resource(kind):
        answers = {"group": kind.group, "version": kind.version,
                   "kind": kind.kind}
        return {"resource": kind.plural, "responseKind": answers,
                "scope": "Namespaced" if kind.namespaced else "Cluster",
                "singularResource": kind.kind.lower(), "verbs": kind.verbs,
                **({"shortNames": kind.short} if kind.short else {}),
                "subresources": [{"subresource": "status", "responseKind":
                                  answers, "verbs": ["get", "patch"]}]}
    items = []
    for group, versions in groups_of(kinds).items():
        if bool(group) == core:
            continue
        items.append({
            "metadata": {"creationTimestamp": None,
                         **({"name": group} if group else {})},
            "versions": [{
                "version": each, "freshness": "Stale" if f"{group}/{each}" in
                stale else "Current", "resources": [
                    resource(kind) for kind in kinds
                    if (kind.group, kind.version) == (group, each)
                    and kind.api_version not in stale]}
                for each in versions]})
    return {"kind": "APIGroupDiscoveryList", "metadata": {},
            "apiVersion": f"apidiscovery.k8s.io/{version}", "items": items}


def discovery(path, accept, kinds, offered, stale):
    """`offered`: the versions of aggregated discovery, or none."""
    if path in ("/api", "/apis"):
        for part in accept.replace(" ", "").split(","):
            found = re.search(r";v=(\w+)", part)
            if "APIGroupDiscoveryList" in part and found[1] in offered:
                return ok(aggregated(kinds, found[1], path == "/api", stale),
                          "application/json;g=apidiscovery.k8s.io;"
                          f"v={found[1]};as=APIGroupDiscoveryList")
    if path == "/api":
        return ok({"kind": "APIVersions", "versions": ["v1"],
                   "serverAddressByClientCIDRs": []})
    if path == "/apis":
        return ok(group_list(kinds))
    version = path.split("/", 2)[2]
    if version in stale:
        return Reply(503, b"service unavailable\n", "text/plain")
    found = resource_list(kinds, version)
    return ok(found) if found["resources"] else None


def split_path(path):
    """(root, namespace, plural, name) of an object or a collection."""
    found = re.fullmatch(
        r"(/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/([^/]+)(?=/))?"
        r"/([^/]+)(?:/([^/]+))?", path)
    if not found:
        return None
    root, namespace, plural, name = found.groups()
    return (root, namespace and urllib.parse.unquote(namespace), plural,
            name and urllib.parse.unquote(name))
