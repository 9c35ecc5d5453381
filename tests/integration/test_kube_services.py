# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes servers that other tests stand on: a real one, and the fake
with its misbehaviours. What they give is checked with Python's own client."""
import collections
import gzip
import http.client
import json
import os
import ssl
import subprocess
import threading
import time

import pytest

from kube import SERVICE, cluster, make_fake, prepared  # noqa: F401
from kube_client import Client, Refused, from_kubeconfig
from kube_fake_faults import FAULTS
from kube_objects import NAMESPACES, flawed, pod_name, stored_pod
from support import SLOW, SOURCE, process_name, unavailable, wait_for

PODS = 5000
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};" \
             "as=APIGroupDiscoveryList"


def code(client, path):
    return client.ask("GET", path).status


# ---- a real server -----------------------------------------------------------

def test_the_administrator_lists_pods_as_a_server_stores_them(cluster):
    assert cluster.load_pods(40) >= 40
    if cluster.given:
        assert sum(1 for _ in cluster.admin.items("/api/v1/pods")) >= 40
        return
    found = cluster.items("/api/v1/pods")
    assert len(found) == cluster.pods
    assert len({each["metadata"]["uid"] for each in found}) == 40
    pod = next(each for each in found
               if each["metadata"]["name"] == pod_name(27))
    managers = [each["manager"] for each in pod["metadata"]["managedFields"]]
    assert managers == ["kube-controller-manager", "kubelet"]
    assert 9000 < len(json.dumps(pod)) < 15000
    assert pod["status"]["phase"] == "Running"
    privileged = [each for each in found if each["spec"]["containers"][0].get(
        "securityContext", {}).get("privileged")]
    assert len(privileged) == flawed(40, "privileged") == 2


def test_a_copied_pod_is_like_one_that_was_posted(cluster):
    if cluster.given:
        pytest.skip("pods of a given cluster are never copied")
    cluster.load_pods(40)

    def comparable(number):
        path = f"/api/v1/namespaces/{NAMESPACES[number % 10]}/pods/"
        pod = cluster.admin.get(path + pod_name(number))
        for key in ("uid", "resourceVersion", "name", "creationTimestamp"):
            del pod["metadata"][key]
        for key in ("podIP", "podIPs"):
            del pod["status"][key]
        managed = pod["metadata"].pop("managedFields")
        return pod, [(each["manager"], sorted(each)) for each in managed]
    assert comparable(7) == comparable(27)


def test_each_user_may_do_what_the_roles_say(cluster):
    reader, restricted, nobody = map(cluster.client,
                                     ("reader", "restricted", "nobody"))

    def pods(namespace):
        return f"/api/v1/namespaces/{namespace}/pods"
    assert code(reader, "/api/v1/secrets") == 200
    assert code(restricted, "/api/v1/namespaces") == 200
    assert code(restricted, pods(cluster.opened)) == 200
    assert code(restricted, pods(cluster.closed)) == 403
    assert code(restricted, "/api/v1/pods") == 403
    assert code(restricted, "/api/v1/secrets") == 403
    assert code(nobody, "/apis/apps/v1") == 200
    assert code(nobody, "/apis/apps/v1/deployments") == 403
    with pytest.raises(Refused, match="403"):
        nobody.get("/api/v1/nodes")


def test_lists_come_in_pages_until_their_versions_are_forgotten(cluster):
    cluster.load_pods(40)
    page = cluster.admin.get("/api/v1/pods?limit=15")
    assert len(page["items"]) == 15
    remaining = page["metadata"]["remainingItemCount"]
    assert (remaining > 0 if cluster.given else
            remaining == cluster.pods - 15)
    onward = page["metadata"]["continue"]
    assert code(cluster.admin, f"/api/v1/pods?limit=15&continue={onward}") == (
        200)
    cluster.admin.patch(f"/api/v1/namespaces/{cluster.opened}", {
        "metadata": {"labels": {"changed": "true"}}}, "test")
    cluster.compact()
    answer = wait_for(
        lambda: (expired if (expired := cluster.admin.ask(
            "GET", f"/api/v1/pods?limit=15&continue={onward}")).status == 410
            else None), 30, "the token to expire")
    assert answer.json()["reason"] == "Expired"
    fresh = answer.json()["metadata"]["continue"]
    rest = cluster.admin.get(f"/api/v1/pods?continue={fresh}")
    assert len(rest["items"]) == cluster.pods - 15


def test_samples_of_other_kinds_and_custom_resources_are_there(cluster):
    namespace = cluster.load_samples()
    apps = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    assert {each["metadata"]["name"]: each["spec"]["replicas"]
            for each in cluster.items(apps)} == {"web": 3, "worker": 1,
                                                 "idle": 0}
    group = "/apis/compliance.example.com/v1"
    assert [each["spec"]["level"] for each in cluster.items(
        f"{group}/namespaces/{namespace}/baselines")] == [1, 3]
    assert code(cluster.admin, f"{group}/clusterbaselines/cluster") == 200


def test_five_thousand_pods_load(cluster):
    assert cluster.load_pods(PODS) >= PODS
    found = collections.Counter(
        each["metadata"]["namespace"] for each in cluster.admin.items(
            "/api/v1/pods"))
    assert sum(found.values()) >= PODS
    if not cluster.given:
        assert found == {name: PODS // 10 for name in NAMESPACES}


def test_credentials_are_what_their_names_say(cluster):
    if cluster.given:
        pytest.skip("about a server of our own")
    pki = cluster.folder / "pki"
    namespaces = "/api/v1/namespaces"
    assert code(Client(cluster.url, pki / "ca.crt", (
        pki / "reader.crt", pki / "reader.key")), namespaces) == 200
    assert code(Client(cluster.url, pki / "ca.crt", token="none"),
                namespaces) == 401
    assert code(Client(cluster.url, pki / "ca.crt"), namespaces) == 403
    with pytest.raises(ssl.SSLCertVerificationError):
        code(Client(cluster.url, cluster.folder / "other-pki/other-ca.crt"),
             "/version")
    account = cluster.folder / "serviceaccount"
    assert code(Client(cluster.url, account / "ca.crt", token=(
        account / "token").read_text()), "/api/v1/secrets") == 200


@pytest.mark.parametrize("name, context, expected", [
    ("admin", None, 200), ("admin-files", None, 200), ("reader", None, 200),
    ("reader-certificate", None, 200), ("token-file", None, 200),
    ("by-name", None, 200), ("bad-token", None, 401), ("nobody", None, 403),
    ("contexts", None, 403), ("contexts", "reader", 200)])
def test_kubeconfigs_let_in_whom_they_should(cluster, name, context, expected):
    if cluster.given:
        pytest.skip("about a server of our own")
    try:
        client = from_kubeconfig(cluster.kubeconfig(name), context)
    except ImportError:
        unavailable("no PyYAML: install python3-yaml")
    assert code(client, "/api/v1/secrets") == expected


@pytest.mark.parametrize("what, has", [("token", "token"), (
    "certificate", "clientKeyData"), ("nothing", None)])
def test_the_credential_plugin_gives_credentials(cluster, what, has):
    if cluster.given:
        pytest.skip("about a server of our own")
    before = len(cluster.exec_runs())
    done = subprocess.run(
        [cluster.folder / "exec-plugin", "v1", what], capture_output=True,
        env={**os.environ, "KUBERNETES_EXEC_INFO": "{}"}, timeout=60 * SLOW)
    document = json.loads(done.stdout)
    assert document["apiVersion"] == "client.authentication.k8s.io/v1"
    assert set(document["status"]) >= ({has} if has else set())
    assert cluster.exec_runs()[before:] == [f"v1 {what} {{}}"]


def test_the_server_ends_with_the_program_that_started_it(tmp_path):
    """However that ends: nothing may be left of a test run."""
    directory = prepared()
    if os.environ.get("SCAN_ENGINE_TEST_KUBECONFIG"):
        pytest.skip("about a server of our own")
    if not (directory / "bin/kube-apiserver").exists():
        unavailable("no server of our own: `./quickstart test` makes it")
    process = subprocess.Popen(
        ["sh", str(SERVICE), str(directory)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)})
    children = wait_for(lambda: [
        pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
        if process_name(pid).startswith(str(directory / "bin"))
        and parent(pid) == process.pid], 120, "etcd to start")
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: not any(process_name(pid) for pid in children), 30,
             "etcd to end")


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


# ---- the fake ----------------------------------------------------------------

def client_of(fake, prefix="", **how):
    ca = fake.authority.crt if fake.authority else None
    return Client(fake.url + prefix, ca, **how)


def test_the_fake_lists_in_pages_and_records_requests(make_fake):
    fake = make_fake(pods=1005)
    client = client_of(fake, token="secret")
    found = list(client.items("/api/v1/pods", 250))
    assert len(found) == 1005
    assert len({each["metadata"]["uid"] for each in found}) == 1005
    keys = [(each["metadata"]["namespace"], each["metadata"]["name"])
            for each in found]
    assert keys == sorted(keys)
    # what slots are filled with must be what a whole pod has
    for each in found[::97]:
        number = int(each["metadata"]["name"][-6:])
        assert {"kind": "Pod", "apiVersion": "v1", **each} == stored_pod(number)
    assert len(fake.seen("/api/v1/pods")) == 5
    assert fake.begun() == {"/api/v1/pods": 1}
    first = fake.requests[0]
    assert first.headers["authorization"] == "Bearer secret"
    assert {request.connection for request in fake.requests} == {
        first.connection}


def test_the_fake_selects_and_gets_objects(make_fake):
    fake = make_fake(pods=100)
    fake.add("oauths", {"metadata": {"name": "cluster"}, "spec": {"a": 1}})
    client = client_of(fake)

    def names(path):
        return [each["metadata"]["name"] for each in client.get(path)["items"]]
    assert len(names("/api/v1/namespaces/team-03/pods")) == 10
    assert len(names("/api/v1/pods?labelSelector=app%3Dservice-03")) == 5
    assert names(f"/api/v1/pods?fieldSelector=metadata.name%3D{pod_name(7)}"
                 ) == [pod_name(7)]
    path = "/apis/config.openshift.io/v1/oauths"
    assert client.get(path)["items"][0]["kind"] == "OAuth"
    assert client.get(f"{path}/cluster")["spec"] == {"a": 1}
    assert code(client, f"{path}/other") == 404
    assert code(client, "/apis/config.openshift.io/v1/nothing") == 404
    assert client.get(f"/api/v1/namespaces/team-07/pods/{pod_name(7)}"
                      ) == stored_pod(7)


def recorded(name):
    return (SOURCE / "tests/fixtures/kubernetes/recorded" / name).read_text()


def test_the_fake_answers_like_what_was_recorded(make_fake):
    """Keys in the same order too: readers of a stream depend on it."""
    fake = make_fake(pods=40)
    for name in ("loose", "strict"):
        fake.add("baselines", {"metadata": {"name": name}, "spec": {}})
    fake.deny("secrets")
    client = client_of(fake)
    for path, name in (
            ("/api/v1/pods?limit=2", "pods-page.json"),
            ("/apis/compliance.example.com/v1/baselines", "baselines.json"),
            ("/api/v1/secrets", "forbidden.json"),
            ("/api/v1/namespaces/none", "notfound.json"),
            ("/api/v1", "api-v1.json"),
            ("/apis/apps/v1", "apis-apps-v1.json"), ("/api", "api.json"),
            ("/apis", "apis.json")):
        ours, theirs = client.ask("GET", path).json(), json.loads(
            recorded(name))
        assert [key for key in theirs if key != "details"] == list(ours), name
        for items in ("items", "resources", "groups"):
            if items in theirs:
                assert set(ours[items][0]) <= set(theirs[items][0]) | {
                    "shortNames"}, name
    page = json.loads(recorded("pods-page.json"))
    assert list(page["items"][0]) == list(
        client.get("/api/v1/pods?limit=1")["items"][0])


@pytest.mark.parametrize("offered, asked, given", [
    ("v2", "v2", "v2"), ("v2", "v2beta1", "v2beta1"),
    ("v2beta1", "v2", None), ("v2beta1", "v2beta1", "v2beta1"),
    ("plain", "v2", None)])
def test_the_fake_offers_discovery(make_fake, offered, asked, given):
    client = client_of(make_fake(discovery=offered))
    answer = client.ask("GET", "/apis", headers={"Accept": AGGREGATED.format(
        asked) + ",application/json"})
    document = answer.json()
    if given is None:
        assert document["kind"] == "APIGroupList"
        assert "apps" in [each["name"] for each in document["groups"]]
    else:
        assert f"v={given};" in answer.headers["Content-Type"]
        assert document["apiVersion"] == f"apidiscovery.k8s.io/{given}"
    plain = client.get("/apis/apps/v1")["resources"]
    assert plain[0]["name"] == "deployments"
    assert plain[0]["shortNames"] == ["deploy"]


def test_the_fake_compresses_what_is_long(make_fake):
    fake = make_fake(pods=200)
    asking = {"Accept-Encoding": "gzip"}
    client = client_of(fake)
    long = client.ask("GET", "/api/v1/pods", headers=asking)
    assert long.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(long.body))["items"]) == 200
    assert len(long.body) * 10 < len(client.ask("GET", "/api/v1/pods").body)
    short = client.ask("GET", "/api/v1/pods?limit=5", headers=asking)
    assert "Content-Encoding" not in short.headers
    assert len(short.json()["items"]) == 5


def test_the_fake_wants_tokens_and_denies(make_fake):
    fake = make_fake(pods=20, tokens=["good"])
    assert code(client_of(fake, token="bad"), "/api/v1/pods") == 401
    client = client_of(fake, token="good")
    fake.deny("pods", "team-01")
    assert code(client, "/api/v1/pods") == 403
    assert code(client, "/api/v1/namespaces/team-01/pods") == 403
    assert code(client, "/api/v1/namespaces/team-02/pods") == 200
    review = client.call(
        "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {"spec": {"resourceAttributes": {"resource": "pods"}}}).json()
    assert review["status"]["allowed"] is False


def test_faults_happen_as_often_as_they_are_told(make_fake):
    fake = make_fake(pods=20)
    client = client_of(fake)
    fake.fault("throttled", path="/api/v1/pods", times=1, skip=1)
    assert code(client, "/api/v1/pods") == 200
    answer = client.ask("GET", "/api/v1/pods")
    assert answer.status == 429 and answer.headers["Retry-After"] == "1"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert code(client, "/api/v1/secrets") == code(
        client, "/api/v1/pods") == 200
    fake.fault("gone")
    page = client.get("/api/v1/pods?limit=5")
    assert page["metadata"]["continue"] == "s+5/&%41=="
    path = "/api/v1/pods?limit=5&continue=s%2B5%2F%26%2541%3D%3D"
    gone = client.ask("GET", path)
    assert gone.status == 410
    assert gone.json()["metadata"]["continue"] == "f+5/&%41=="
    assert code(client, path) == 200


def outcome(fake, name):
    """What Python's client makes of a fault in a list: (status, document or
    None), or the exception's class."""
    client = client_of(fake, f"/with/{name}", timeout=1 if name in (
        "silent", "stalled") else 60 * SLOW)
    try:
        answer = client.ask("GET", "/api/v1/pods?limit=10")
    except (OSError, http.client.HTTPException) as error:
        return type(error)
    finally:
        client.close()
    try:
        return answer.status, answer.json()
    except ValueError:
        return answer.status, None


BROKEN = {
    "forbidden": 403, "not_found": 404, "unauthorized": 401, "failing": 500,
    "unavailable": 503, "throttled": 429, "redirected": 307,
    "closed": http.client.RemoteDisconnected,
    "silent": TimeoutError, "stalled": TimeoutError,
    "truncated": http.client.IncompleteRead,
    "truncated_chunks": http.client.IncompleteRead}
UNREADABLE = ("login_page", "malformed", "trailing", "bad_utf8", "empty_body",
              "other_type", "bad_gzip", "cut_gzip", "short_length",
              "no_content",
              "huge_number")  # only to Python, which limits digits


def test_broken_answers_are_broken(make_fake):
    fake = make_fake(pods=20)
    for name, expected in BROKEN.items():
        found = outcome(fake, name)
        assert found == expected or found[0] == expected, (name, found)
    for name in UNREADABLE:
        status, document = outcome(fake, name)
        assert status // 100 == 2 and document is None, name


def test_odd_answers_are_json(make_fake):
    fake = make_fake(pods=20)
    for name, items in (
            ("items_object", dict), ("items_string", str),
            ("items_null", type(None)), ("item_scalars", list),
            ("item_metadata", list), ("list_metadata", list),
            ("token_number", list), ("items_twice", list),
            ("nul_in_names", list), ("other_kind", list), ("same_page", list),
            ("empty_pages", list), ("closed_after", list),
            ("other_encoding", list), ("huge_string", list)):
        found = outcome(fake, name)
        assert isinstance(found, tuple), (name, found)
        status, document = found
        assert status == 200, name
        assert isinstance(document["items"], items), name
    assert "items" not in outcome(fake, "items_missing")[1]
    assert isinstance(outcome(fake, "top_array")[1], list)
    assert outcome(fake, "top_scalar")[1] is True
    assert outcome(fake, "status_instead")[1]["kind"] == "Status"


@pytest.mark.parametrize("name", [
    "endless", "endless_string", "endless_space", "deep", "deep_arrays",
    "huge_item", "gzip_bomb"])
def test_large_answers_stop_when_the_client_goes(make_fake, name):
    fake = make_fake()
    client = client_of(fake, f"/with/{name}")
    client.connection.request("GET", f"{client.prefix}/api/v1/pods")
    response = client.connection.getresponse()
    assert len(response.read(150000)) == 150000
    response.close()
    client.close()
    request = fake.requests[0]
    wait_for(lambda: fake.underway == 0, 30, f"{name} to end")
    assert request.sent < 1 << 30
    assert request.aborted or name.startswith("deep") or name == "gzip_bomb"


def test_a_slow_answer_drips(make_fake):
    fake = make_fake(pods=20)
    fake.fault("slow", size=20000, pause=0.1)
    client = client_of(fake)
    client.connection.request("GET", "/api/v1/pods?limit=10")
    begun = time.monotonic()
    response = client.connection.getresponse()
    first = response.read1(100)
    assert len(json.loads(first + response.read())["items"]) == 10
    assert time.monotonic() - begun > 0.4


def test_every_fault_is_tried():
    tried = {*BROKEN, *UNREADABLE, "gone", "endless_pages"}
    with open(__file__) as file:
        text = file.read()
    assert [name for name in FAULTS
            if name not in tried and f'"{name}"' not in text] == []


def test_endless_pages_lead_on(make_fake):
    client = client_of(make_fake(), "/with/endless_pages")
    pages = client.items("/api/v1/pods")
    assert len([next(pages) for _ in range(50)]) == 50


@pytest.mark.parametrize("tls", ["expired", "other-name"])
def test_a_fake_has_a_certificate_that_nobody_may_take(make_fake, tls):
    client = client_of(make_fake(tls=tls))
    with pytest.raises(ssl.SSLCertVerificationError,
                       match="expired" if tls == "expired" else "mismatch"):
        client.ask("GET", "/version")


def test_the_fake_counts_requests_at_the_same_time(make_fake):
    fake = make_fake(pods=20)
    fake.fault("silent", times=3)
    threads = [threading.Thread(target=outcome, args=(fake, "gone"))
               for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_for(lambda: fake.peak == 3, 30, "three requests")
    fake.stop()
    for thread in threads:
        thread.join()


def test_kubeconfigs_of_the_fake_name_it(make_fake):
    fake = make_fake(tls=None, tokens=["one"])
    text = fake.kubeconfig(fault="deep", namespace="team-01").read_text()
    assert f"server: {fake.url}/with/deep\n" in text
    assert "token: one\n" in text and "namespace: team-01\n" in text
    assert client_of(fake, token="one").get("/version")["minor"] == "28"
