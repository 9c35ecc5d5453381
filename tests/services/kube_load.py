#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kube_load.py KUBECONFIG COUNT [ETCD]: brings the pods of a cluster to COUNT.

Through the API server, several connections at a time; or, where the URL of its
etcd is given, one of each kind through the API server and the others as copies
of what it has stored: fifty times as fast, and the server cannot tell.
"""
import base64
import json
import sys
import threading
import time

from kube_client import Client, Refused, from_kubeconfig
from kube_objects import (NAMESPACES, VARIANTS, custom_resource, named, pod,
                          pod_address, pod_name, pod_namespace, pod_status,
                          samples)

CONNECTIONS = 4
PER_TRANSACTION = 100


def wait_gone(client, name, seconds=900):
    """A namespace that was removed takes its time."""
    end = time.monotonic() + seconds
    path = f"/api/v1/namespaces/{name}"
    while ((answer := client.ask("GET", path)).status == 200 and
           answer.json()["status"].get("phase") == "Terminating"):
        if time.monotonic() > end:
            raise TimeoutError(f"{path} is still being removed")
        time.sleep(1)


def create_namespace(client, name):
    """Also the account that pods need where nothing else makes it."""
    wait_gone(client, name)
    client.create("/api/v1/namespaces", named("v1", "Namespace", name))
    client.create(f"/api/v1/namespaces/{name}/serviceaccounts",
                  named("v1", "ServiceAccount", "default", name))


def leave_alone(document, account):
    """A pod that no controller, scheduler or kubelet of a living cluster runs
    or removes: for those there is no such node and no such owner."""
    document["metadata"].pop("ownerReferences", None)
    document["spec"].pop("nodeName", None)
    document["spec"].update(serviceAccountName=account,
                            schedulerName="none-of-the-tests")


def create_pod(client, number, namespace=None, account=None):
    """As a controller and then a kubelet would: it has managedFields of both.
    """
    document = pod(number)
    if namespace:
        document["metadata"]["namespace"] = namespace
    if account:
        leave_alone(document, account)
    path = f"/api/v1/namespaces/{document['metadata']['namespace']}/pods"
    client.create(path, document, "kube-controller-manager")
    client.patch(f"{path}/{pod_name(number)}/status", pod_status(number),
                 "kubelet")


def create_pods(client, numbers, account=None):
    """Through the API server, on CONNECTIONS connections."""
    numbers = list(numbers)
    failed = []

    def work(mine):
        own = client.again()
        try:
            for number in mine:
                if failed:
                    return
                create_pod(own, number, account=account)
        except (OSError, Refused) as error:
            failed.append(error)
        finally:
            own.close()
    threads = [threading.Thread(target=work, args=(numbers[k::CONNECTIONS],))
               for k in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


class Etcd:
    """Its JSON gateway."""

    def __init__(self, url):
        self.client = Client(url)

    def call(self, path, body):
        return self.client.call("POST", f"/v3/{path}", body).json()

    def get(self, key):
        found = self.call("kv/range", {"key": encode(key.encode())})
        return base64.b64decode(found["kvs"][0]["value"])

    def put(self, pairs):
        self.call("kv/txn", {"success": [
            {"requestPut": {"key": encode(key.encode()),
                            "value": encode(value)}} for key, value in pairs]})

    def compact(self):
        """Forgets all old versions: every continue token is expired then."""
        status = self.call("maintenance/status", {})
        self.call("kv/compaction", {"revision": status["header"]["revision"],
                                    "physical": True})


def encode(data):
    return base64.b64encode(data).decode()


def pod_key(number):
    return f"/registry/pods/{pod_namespace(number)}/{pod_name(number)}"


def same_length(text, old, new):
    """Lengths come before strings in protobuf: they must not change."""
    assert len(old) == len(new), (old, new)
    return text.replace(old.encode(), new.encode())


def copy_pods(client, etcd, numbers):
    """Copies of the first VARIANTS pods, which must be there."""
    etcd = Etcd(etcd)
    originals = {}
    for number in range(VARIANTS):
        path = f"/api/v1/namespaces/{pod_namespace(number)}/pods/"
        uid = client.get(path + pod_name(number))["metadata"]["uid"]
        originals[number] = etcd.get(pod_key(number)), uid

    def copy(number):
        first = number % VARIANTS
        data, uid = originals[first]
        for old, new in (
                (pod_namespace(first), pod_namespace(number)),
                (pod_name(first), pod_name(number)),
                (pod_address(first), pod_address(number)),
                (uid, uid[:24] + f"{number:012}")):
            data = same_length(data, old, new)
        return pod_key(number), data
    numbers = list(numbers)
    for start in range(0, len(numbers), PER_TRANSACTION):
        etcd.put(copy(number)
                 for number in numbers[start:start + PER_TRANSACTION])


def load_pods(client, count, etcd=None, start=0, account=None):
    """Creates pods `start` to `count`. They are there when it returns."""
    for name in NAMESPACES:
        create_namespace(client, name)
    if not etcd:
        create_pods(client, range(start, count), account)
        return
    first = min(count, VARIANTS)
    create_pods(client, range(start, first))
    copy_pods(client, etcd, range(max(start, first), count))


def wait_for_crd(client, group, version, plural, seconds=60):
    """Until its objects can be listed."""
    end = time.monotonic() + seconds
    path = f"/apis/{group}/{version}/{plural}"
    while client.ask("GET", path).status != 200:
        if time.monotonic() > end:
            raise TimeoutError(f"{path} is not served")
        time.sleep(0.1)


def define(client, group, version, kind, plural, **how):
    """A custom resource, ready for use."""
    client.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                  custom_resource(group, version, kind, plural, **how))
    wait_for_crd(client, group, version, plural)


def load_samples(client, namespace):
    """Objects of other kinds, in a namespace of their own; then a custom
    resource of the cluster and one of the namespace."""
    create_namespace(client, namespace)
    for path, document in samples(namespace):
        client.create(path, document)
    group = "compliance.example.com"
    define(client, group, "v1", "Baseline", "baselines", short_names=["bl"])
    define(client, group, "v1", "ClusterBaseline", "clusterbaselines",
           namespaced=False)
    for name, level in (("strict", 3), ("loose", 1)):
        spec = {"level": level, "enabled": name == "strict",
                "controls": [{"id": "CM-6", "mode": name}]}
        client.create(f"/apis/{group}/v1/namespaces/{namespace}/baselines",
                      named(f"{group}/v1", "Baseline", name, namespace,
                            spec=spec))
    client.create(f"/apis/{group}/v1/clusterbaselines", named(
        f"{group}/v1", "ClusterBaseline", "cluster", spec={"level": 2}))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    client = from_kubeconfig(sys.argv[1])
    before = time.monotonic()
    load_pods(client, int(sys.argv[2]), *sys.argv[3:])
    print(json.dumps({"pods": int(sys.argv[2]),
                      "seconds": round(time.monotonic() - before, 2)}))


if __name__ == "__main__":
    main()
