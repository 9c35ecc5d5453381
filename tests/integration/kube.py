# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server for a file of tests, and fakes of one.

    from kube import cluster, make_fake  # fixtures

The server is one of tests/services/kubernetes, which `quickstart test` prepares
in build/kubernetes (SCAN_ENGINE_TEST_KUBERNETES names another directory), or
the cluster that the kubeconfig in SCAN_ENGINE_TEST_KUBECONFIG is for. There,
namespaces and roles of our own are made, and removed at the end; it must let us.
"""
import base64
import os
import select
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from support import SLOW, SOURCE, unavailable

sys.path.insert(0, str(SOURCE / "tests" / "services"))

from kube_access import USERS, account, account_token, give_access  # noqa: E402
from kube_client import Refused, chosen, from_kubeconfig  # noqa: E402
from kube_client import Client  # noqa: E402
from kube_fake import Fake  # noqa: E402
from kube_load import (Etcd, create_namespace, load_pods,  # noqa: E402
                       load_samples, wait_gone)
from kube_objects import NAMESPACES, named  # noqa: E402
from kube_server import kubeconfig  # noqa: E402
from kube_tls import Unavailable  # noqa: E402

SERVICE = SOURCE / "tests/services/kubernetes"
GIVEN = os.environ.get("SCAN_ENGINE_TEST_KUBECONFIG")


def prepared():
    """The directory that has the programs, or should."""
    named_one = os.environ.get("SCAN_ENGINE_TEST_KUBERNETES")
    if named_one:
        return Path(named_one)
    places = [SOURCE / "build/kubernetes",
              Path("/var/cache/scan-engine-tests/kubernetes")]
    return next((place for place in places
                 if (place / "bin/kube-apiserver").exists()), places[0])


class Cluster:
    """What both have. `opened` and `closed` are namespaces which the user
    `restricted` may read and may not; kube_access.py says more of users."""

    given = False
    pods = 0  # that load_pods() made or found

    def client(self, name="admin"):
        return from_kubeconfig(self.kubeconfig(name))

    def kubeconfig(self, name="admin"):
        """The path of a user's kubeconfig."""
        path = self.folder / f"{name}.yaml"
        assert path.exists(), f"no kubeconfig {name}"
        return path

    def load_pods(self, count):
        """At least this many; self.pods says how many there are."""
        if self.pods < count:
            self.add_pods(count)
        return self.pods

    def load_samples(self, namespace="samples"):
        """Objects of other kinds and custom ones; the namespace's name."""
        load_samples(self.admin, namespace)
        return namespace

    def items(self, path):
        """A collection's objects, as this library reads them."""
        return list(self.admin.items(path))


class OwnCluster(Cluster):
    """A server of our own; kube_server.py says what is in its folder."""

    opened, closed = "open", "closed"

    def __init__(self):
        directory = prepared()
        if not (directory / "bin/kube-apiserver").exists():
            unavailable(f"no Kubernetes: `tests/services/kubernetes "
                        f"{directory} </dev/null` prepares one, or set "
                        "SCAN_ENGINE_TEST_KUBECONFIG")
        self.process = subprocess.Popen(
            ["sh", str(SERVICE), str(directory)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], 240 * SLOW)
        said = self.process.stdout.readline().decode().strip() if ready else ""
        if not said:
            self.process.stdin.close()
            error = self.process.stderr.read().decode(errors="replace")
            self.process.wait()
            unavailable(f"no Kubernetes: {error[-1500:]}")
        self.folder = Path(said)
        self.url = (self.folder / "server").read_text()
        self.etcd = (self.folder / "etcd-server").read_text()
        pki = self.folder / "pki"
        self.admin = Client(self.url, pki / "ca.crt",
                            (pki / "admin.crt", pki / "admin.key"))

    def client(self, name="admin"):
        if name == "admin":
            return self.admin.again()
        return Client(self.url, self.folder / "pki/ca.crt",
                      token=(self.folder / f"{name}.token").read_text())

    def add_pods(self, count):
        load_pods(self.admin, count, self.etcd, self.pods)
        self.pods = count

    def compact(self):
        """Every continue token that was given out is expired now."""
        Etcd(self.etcd).compact()

    def exec_runs(self):
        """The lines that the credential plugin wrote, one for each run."""
        return (self.folder / "exec-runs").read_text().splitlines()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process.stderr.close()


class GivenCluster(Cluster):
    """Somebody's cluster: only what its API can do."""

    given = True

    def __init__(self, folder):
        try:
            import yaml
        except ImportError:
            unavailable("no PyYAML: install python3-yaml")
        self.folder, self.original = folder, Path(GIVEN).resolve()
        self.admin = from_kubeconfig(self.original)
        self.url = self.admin.how[0]
        self.name = f"scan-test-{uuid.uuid4().hex[:6]}"
        self.opened, self.closed = f"{self.name}-open", f"{self.name}-closed"
        self.namespaces, self.types, self.made = [], [], 0
        document = yaml.safe_load(self.original.read_text())
        context = chosen(document, "context", document["current-context"])
        self.cluster = chosen(document, "cluster", context["cluster"])
        try:
            self.prepare()
        except Refused as error:
            self.stop()
            unavailable(f"the given cluster does not let us: {error}")

    def namespace(self, name):
        create_namespace(self.admin, name)
        self.namespaces.append(name)

    def prepare(self):
        self.namespace(self.opened)
        self.namespace(self.closed)
        give_access(self.admin, self.opened, self.name,
                    lambda name: account(name, self.closed))
        lines = []
        ca = self.admin.how[1]
        if ca:
            data = base64.b64encode(Path(ca).read_bytes()).decode()
            lines.append(f"certificate-authority-data: {data}")
        for key in ("insecure-skip-tls-verify", "tls-server-name"):
            if key in self.cluster:
                lines.append(f"{key}: {str(self.cluster[key]).lower()}")
        for name in USERS:
            token = account_token(self.admin, self.closed, name)
            kubeconfig(self.folder / f"{name}.yaml", self.url,
                       "\n".join(lines), f"token: {token}")

    def kubeconfig(self, name="admin"):
        if name == "admin":
            return self.original
        if name not in USERS:
            pytest.skip(f"the given cluster has no user {name}")
        return super().kubeconfig(name)

    def count(self):
        page = self.admin.get("/api/v1/pods?limit=1")
        return len(page["items"]) + page["metadata"].get("remainingItemCount",
                                                         0)

    def add_pods(self, count):
        for name in NAMESPACES:  # of a run before this one
            wait_gone(self.admin, name)
        before = {each["metadata"]["name"]
                  for each in self.items("/api/v1/namespaces")}
        self.pods = self.count()
        while self.pods < count:
            self.namespaces += [name for name in NAMESPACES if name not in
                                before and name not in self.namespaces]
            start, self.made = self.made, self.made + count - self.pods
            load_pods(self.admin, self.made, start=start, account="default")
            self.pods = self.count()

    def load_samples(self, namespace=None):
        namespace = namespace or f"{self.name}-samples"
        self.namespaces.append(namespace)
        types = ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
                 "{}.compliance.example.com")
        for path in map(types.format, ("baselines", "clusterbaselines")):
            if self.admin.ask("GET", path).status == 404:
                self.types.append(path)
        return super().load_samples(namespace)

    def compact(self):
        pytest.skip("only a server of our own forgets on demand")

    exec_runs = compact

    def stop(self):
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        names = [f"{self.name}-reader", f"{self.name}-restricted"]
        for kind in ("clusterrolebindings", "clusterroles"):
            for name in names + [f"{each}-all" for each in self.namespaces]:
                self.admin.remove(f"{rbac}/{kind}/{name}")
        for name in self.namespaces:
            self.admin.remove(f"/api/v1/namespaces/{name}")
        for path in self.types:
            self.admin.remove(path)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A running API server, shared by the tests of a file."""
    made = GivenCluster(tmp_path_factory.mktemp("given")) if (
        GIVEN) else OwnCluster()
    yield made
    made.stop()


@pytest.fixture
def make_fake(tmp_path):
    """Makes servers that misbehave on demand; see kube_fake.py."""
    made = []

    def make(**how):
        try:
            made.append(Fake(tmp_path / f"fake-{len(made)}", **how))
        except Unavailable as why:
            unavailable(str(why))
        return made[-1]
    yield make
    for fake in made:
        fake.stop()
