# SPDX-License-Identifier: Apache-2.0
"""Who may do what on a Kubernetes server of the tests.

`reader` may get and list everything. `restricted` may do so with RESTRICTED in
the whole cluster, and with pods and configmaps in the open namespace; never
with secrets, and with nothing in the closed one. `nobody` may do what everybody
may: discovery.
"""
from kube_objects import named

USERS = ("reader", "restricted", "nobody")
GROUP = "rbac.authorization.k8s.io"
READ = ["get", "list"]
EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": READ}]
RESTRICTED = [
    {"apiGroups": [""], "resources": ["namespaces", "nodes"], "verbs": READ},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": READ}]
IN_OPEN = [{"apiGroups": [""], "resources": ["pods", "configmaps"],
            "verbs": READ}]


def user(name):
    return {"kind": "User", "name": name, "apiGroup": GROUP}


def account(name, namespace):
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def grant(client, name, subject, rules, namespace=None):
    """A role of this name, and its binding to the subject."""
    version, kind = f"{GROUP}/v1", "Role" if namespace else "ClusterRole"
    path = f"/apis/{version}" + (f"/namespaces/{namespace}" if namespace
                                 else "")
    client.create(f"{path}/{kind.lower()}s",
                  named(version, kind, name, namespace, rules=rules))
    client.create(f"{path}/{kind.lower()}bindings", named(
        version, f"{kind}Binding", name, namespace, subjects=[subject],
        roleRef={"apiGroup": GROUP, "kind": kind, "name": name}))


def give_access(client, opened, prefix, subject):
    """Roles for USERS; subject(name) says who that is."""
    grant(client, f"{prefix}-reader", subject("reader"), EVERYTHING)
    grant(client, f"{prefix}-restricted", subject("restricted"), RESTRICTED)
    grant(client, f"{prefix}-restricted", subject("restricted"), IN_OPEN,
          opened)


def account_token(client, namespace, name):
    """Makes a service account, and a token of an hour for it."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    client.create(path, named("v1", "ServiceAccount", name, namespace))
    return client.call("POST", f"{path}/{name}/token", named(
        "authentication.k8s.io/v1", "TokenRequest", "",
        spec={"expirationSeconds": 3600})).json()["status"]["token"]
