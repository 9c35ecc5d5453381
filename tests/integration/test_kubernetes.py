# SPDX-License-Identifier: Apache-2.0
"""The kubernetes scanner on API servers: a real one, and one that misbehaves.
What can be read is judged; what could not be read is an error that says so."""
import base64
import json
import os
import signal
import subprocess
import time

import pytest

from kube import cluster, make_fake, named  # noqa: F401
from kube_fake_api import Kind
from kube_objects import flawed, pod_name
from support import (DONE, FAILED, INSTRUMENTED, MIB, SLOW, Engine, finish,
                     module, peak_kib, processes_of, wait_for, wait_gone)

# What the users of the tests may be told from, and no message may hold.
SECRET_WORDS = ("not-a-token-of-anybody", "some-token", "PRIVATE KEY")


class Live:
    """An engine with rules, for whatever server."""

    def __init__(self, directory, **how):
        # credential plugins of tests count there how often they run
        scanner = {"name": "kubernetes", "path": module("kubernetes"),
                   "writes": [str(directory)]}
        self.engine = Engine(directory, plugins=(scanner,), **how)
        self.rules = []

    def rule(self, rule_id, **content):
        self.rules.append({
            "rule_id": rule_id, "title": rule_id, "severity": "medium",
            "scanner_type": "kubernetes", "check_content": content})
        return self

    def host_network(self, rule_id="host-network", resource_type="pods",
                     **content):
        return self.rule(rule_id, resource_type=resource_type,
                         yamlpath=".spec.hostNetwork", condition="not_equals",
                         expected_value=True, **content)

    def names(self, rule_id, resource_type, **content):
        return self.rule(rule_id, resource_type=resource_type,
                         yamlpath=".metadata.name", condition="exists",
                         **content)

    def target(self, kubeconfig=None, **target):
        if kubeconfig is not None:
            target["kubeconfig"] = (kubeconfig if isinstance(kubeconfig, dict)
                                    else str(kubeconfig))
        return json.dumps({"type": "kubernetes", **target})

    def scan(self, kubeconfig=None, *args, code=None, env=None, **target):
        self.engine.import_rules(self.rules)
        scan = self.engine.scan("--target", self.target(kubeconfig, **target),
                                *args, code=code, env=env)
        for word in SECRET_WORDS:
            assert word not in scan.result.out + scan.result.err
        return scan


@pytest.fixture
def live(tmp_path):
    return Live(tmp_path, options={"kubernetes": {"retries": 2}})


def error_of(scan, rule_id=None):
    """The message of the only rule, or this one, which is an error."""
    found = scan.by_rule()
    verdict = found[rule_id] if rule_id else next(iter(found.values()))
    assert verdict["status"] == "error", verdict
    return verdict["message"]


# ---- credentials, on a real server -------------------------------------------

@pytest.mark.parametrize("name", (
    "admin", "admin-files", "reader", "reader-certificate", "token-file",
    "insecure", "server-name", "by-name", "exec-v1", "exec-v1beta1",
    "exec-certificate", "exec-cluster-info"))
def test_a_kubeconfig_lets_in(cluster, live, name):
    live.names("namespaces", "namespaces")
    scan = live.scan(cluster.kubeconfig(name), code=DONE)
    (verdict,) = scan.verdicts
    assert verdict["status"] == "pass"
    assert verdict["resources"]["pass"] >= 4
    warned = any("NOT VERIFIED" in each["message"]
                 for each in scan["warnings"])
    assert warned == (name == "insecure"), scan["warnings"]
    assert warned == ("NOT VERIFIED" in scan.result.err), scan.result.err


@pytest.mark.parametrize("name,words", (
    ("bad-token", ("401", "credentials", 'user "test"')),
    ("anonymous", ("403", "system:anonymous")),
    ("wrong-ca", ("certificate was refused",)),
    ("no-ca", ("certificate was refused",)),
    ("wrong-name", ("certificate was refused", "another name")),
    ("exec-failure", ("exec-plugin", "code 7", "no credentials")),
    ("exec-nothing", ("exec-plugin", "neither a token nor")),
    ("exec-missing", ("no-such-plugin",))))
def test_who_does_not_come_in_is_told_why(cluster, live, name, words):
    live.rule("pods", resource_type="secrets", yamlpath=".metadata.name",
              condition="exists")
    message = error_of(live.scan(cluster.kubeconfig(name)))
    for word in words:
        assert word in message
    assert str(cluster.folder) in message or "certificate" in message


def test_a_plugin_that_hangs_is_ended(cluster, tmp_path):
    live = Live(tmp_path, options={"kubernetes": {"exec_timeout": 1}})
    live.names("namespaces", "namespaces")
    assert "did not end within 1 s" in error_of(
        live.scan(cluster.kubeconfig("exec-hang")))


def test_a_plugin_runs_again_when_its_token_is_refused(make_fake, live,
                                                       tmp_path):
    fake = make_fake(pods=3, tokens={"fresh"})
    plugin, runs = tmp_path / "plugin", tmp_path / "runs"
    plugin.write_text(
        f"#!/bin/sh\necho x >>{runs}\n"
        f"token=stale; test $(wc -l <{runs}) -lt 2 || token=fresh\n"
        'printf \'{"kind": "ExecCredential", "apiVersion": "client.'
        'authentication.k8s.io/v1", "status": {"token": "%s"}}\' $token\n')
    plugin.chmod(0o700)
    live.names("pods", "pods")
    live.scan(fake.kubeconfig(user=(
        "exec:\n  apiVersion: client.authentication.k8s.io/v1\n"
        f"  command: {plugin}")), code=DONE)
    assert 2 <= len(runs.read_text().splitlines()) <= 3


def test_a_plugin_runs_once_for_a_scan_and_is_told_the_cluster(cluster, live):
    if cluster.given:
        pytest.skip("the given cluster has no user exec")
    live.engine.configure(plugins=[{
        "name": "kubernetes", "path": module("kubernetes"),
        "writes": [str(cluster.folder / "exec-runs")]}])
    before = len(cluster.exec_runs())
    for number, kind in enumerate(("namespaces", "nodes", "pods", "services")):
        live.names(f"rule-{number}", kind)
    live.scan(cluster.kubeconfig("exec-cluster-info"))
    (run,) = cluster.exec_runs()[before:]
    info = json.loads(run.split(" ", 2)[2])
    assert info["kind"] == "ExecCredential"
    assert info["apiVersion"] == "client.authentication.k8s.io/v1"
    assert info["spec"]["interactive"] is False
    assert info["spec"]["cluster"]["server"] == cluster.url
    ca = base64.b64decode(
        info["spec"]["cluster"]["certificate-authority-data"])
    assert ca == (cluster.folder / "pki/ca.crt").read_bytes()


def test_targets_without_a_kubeconfig(cluster, live, tmp_path):
    """Server and token in the target, the pod's account, KUBECONFIG, HOME."""
    if cluster.given:
        pytest.skip("needs what is in our own server's folder")
    live.names("namespaces", "namespaces")
    explicit = {"server": cluster.url, "ca_file":
                str(cluster.folder / "pki/ca.crt")}
    live.scan(code=DONE, token={"file": str(cluster.folder / "reader.token")},
              **explicit)
    live.scan(code=DONE, token={"env": "READER_TOKEN"}, env={
        "READER_TOKEN": (cluster.folder / "reader.token").read_text()},
        **explicit)
    port = cluster.url.rsplit(":", 1)[1]
    pod = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
           "KUBERNETES_SERVICE_PORT": port}
    live.scan(code=DONE, env=pod,
              service_account=str(cluster.folder / "serviceaccount"))
    listed = f"/nonexistent:{cluster.kubeconfig('contexts')}"
    live.scan(code=DONE, env={"KUBECONFIG": listed}, context="reader")
    live.scan(code=DONE, env={"HERE": cluster.kubeconfig("reader").read_text()},
              kubeconfig={"env": "HERE"})
    home = live.engine.home / ".kube"
    home.mkdir()
    (home / "config").write_text(cluster.kubeconfig("reader").read_text())
    (home / "config").chmod(0o644)
    scan = live.scan(code=DONE)
    assert "everybody on this machine may read" in scan.result.err
    (warning,) = scan["warnings"]
    assert warning["scanner"] == "kubernetes" and str(home) in warning[
        "message"]


def test_nothing_that_leads_to_a_cluster_is_said(live):
    live.names("namespaces", "namespaces")
    scan = live.scan(code=None)
    assert "there is no kubeconfig" in scan.result.out + scan.result.err


# ---- rights ------------------------------------------------------------------

def test_a_denied_read_is_an_error_that_names_the_right(cluster, live):
    live.names("allowed", "namespaces")
    live.names("denied", "secrets")
    live.names("denied-there", "pods", namespace=cluster.closed)
    live.names("allowed-here", "configmaps", namespace=cluster.opened)
    scan = live.scan(cluster.kubeconfig("restricted"))
    found = scan.by_rule()
    assert found["allowed"]["status"] == "pass"
    assert found["allowed-here"]["status"] in ("pass", "fail")
    message = error_of(scan, "denied")
    assert 'needs "list" on "secrets" in the whole cluster' in message
    assert "403" in message and "GET /api/v1/secrets" in message
    assert f'in namespace "{cluster.closed}"' in error_of(scan, "denied-there")


@pytest.mark.parametrize("name,missing", (
    ("admin", []), ("restricted", ["list pods"])))
def test_a_probe_tells_the_version_and_missing_rights(cluster, live, name,
                                                      missing):
    result = live.engine.run("probe", "--target", live.target(
        cluster.kubeconfig(name)), "--format", "json", code=DONE)
    text = result.out
    assert "v1." in text
    for right in ("list pods", "list deployments.apps"):
        assert (right in text) == (name == "restricted" and
                                   right in missing), text


# ---- objects -----------------------------------------------------------------

def ours(cluster, code):
    """What pods of a given cluster are like is not for us to say."""
    return None if cluster.given else code


def still(cluster, pods):
    """How many of them there are at least a while later."""
    return pods * 9 // 10 if cluster.given else pods


def test_five_thousand_pods_are_judged_with_one_request(cluster, live):
    pods = cluster.load_pods(5000)
    live.host_network()
    live.rule("labels", resource_type="pods", condition="exists",
              yamlpath=".metadata.labels.app")
    scan = live.scan(cluster.kubeconfig(), code=ours(cluster, FAILED))
    found = scan.by_rule()["host-network"]
    assert sum(found["resources"].values()) >= still(cluster, pods)
    if not cluster.given:
        assert found["resources"] == {
            "pass": pods - flawed(pods, "host_network"),
            "fail": flawed(pods, "host_network")}
        assert scan.by_rule()["labels"]["resources"]["fail"] == flawed(
            pods, "no_app_label")


@pytest.mark.parametrize("size", (700, 4999))
def test_pages_give_the_same_verdicts(cluster, tmp_path, size):
    pods = cluster.load_pods(5000)
    live = Live(tmp_path, options={"kubernetes": {"page_size": size}})
    live.host_network()
    scan = live.scan(cluster.kubeconfig("reader"), code=ours(cluster, FAILED))
    assert sum(scan.by_rule()["host-network"]["resources"].values()) >= (
        still(cluster, pods))


def test_types_are_found_by_discovery_custom_ones_too(cluster, live):
    space = cluster.load_samples()
    listed = cluster.admin.get(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    (custom,) = (each["spec"] for each in listed["items"]
                 if each["metadata"]["name"].startswith("baselines.comp"))
    plural = custom["names"]["plural"]
    kind, group = custom["names"]["kind"], custom["group"]
    live.names("plural", plural)
    live.names("kind", kind)
    live.names("qualified", f"{plural}.{group}")
    live.names("versioned", f"{group}/{custom['versions'][0]['name']}/{kind}")
    live.names("short", "deploy", namespace=space)
    live.rule("unknown", resource_type="widgets.example.org",
              yamlpath=".metadata.name", condition="not_exists")
    scan = live.scan(cluster.kubeconfig())
    statuses = scan.statuses()
    assert statuses["unknown"] == "pass"
    assert len({statuses[each] for each in
                ("plural", "kind", "qualified", "versioned")}) == 1
    assert statuses["plural"] == "pass" and statuses["short"] in (
        "pass", "fail")


def test_a_missing_object_is_an_answer(cluster, live):
    there = {"resource_type": "namespaces", "resource_name": "no-such-space",
             "yamlpath": ".metadata.name"}
    live.rule("exists", condition="exists", **there)
    live.rule("not-exists", condition="not_exists", **there)
    live.rule("path", filepath="/apis/nowhere.example.org/v1/things",
              yamlpath=".items[:].spec", check_existence="none_exist",
              ocp_data=False)
    assert live.scan(cluster.kubeconfig()).statuses()["exists"] == "fail"
    assert live.scan(cluster.kubeconfig()).statuses()["not-exists"] == "pass"


def test_a_secret_stays_out_of_evidence(cluster, live):
    space = cluster.load_samples()
    hidden = "hunter2-" + os.urandom(6).hex()
    path = f"/api/v1/namespaces/{space}/secrets"
    cluster.admin.remove(f"{path}/ours")
    cluster.admin.create(path, named(
        "v1", "Secret", "ours", space, stringData={"password": hidden}))
    encoded = base64.b64encode(hidden.encode()).decode()
    for number, how in enumerate((
            {"condition": "equals", "expected_value": "other"},
            {"condition": "not_exists"},
            {"condition": "pattern", "expected_value": "^[a-z]$"})):
        live.rule(f"value-{number}", resource_type="secrets", namespace=space,
                  resource_name="ours", yamlpath=".data.password", **how)
    live.rule("whole", resource_type="secrets", namespace=space,
              resource_name="ours", yamlpath=".data", condition="not_exists")
    live.rule("oval", filepath=path, yamlpath=".items[:].data.password",
              check="all", values=[{"value": "other", "type": "string",
                                    "operation": "equals"}])
    scan = live.scan(cluster.kubeconfig())
    assert set(scan.statuses().values()) == {"fail"}, scan.statuses()
    for text in (hidden, encoded):
        assert text not in scan.result.out + scan.result.err
        for file in live.engine.directory.rglob("engine.db*"):
            assert text.encode() not in file.read_bytes()


def test_a_recording_replays_to_the_same_verdicts(cluster, live, tmp_path):
    cluster.load_samples()
    live.names("namespaces", "namespaces")
    live.names("denied", "secrets")
    live.names("deployments", "deploy")
    live.rule("missing", resource_type="namespaces", resource_name="no-such",
              yamlpath=".metadata.name", condition="exists")
    live.rule("document", filepath="/api/v1/namespaces",
              yamlpath=".items[:].metadata.name",
              values=[{"value": ".+", "type": "string",
                       "operation": "pattern match"}])
    folder = tmp_path / "recording"
    first = live.scan(cluster.kubeconfig("restricted"), "--record", folder)
    again = live.engine.scan("--target", json.dumps(
        {"type": "kubernetes_dump", "path": str(folder)}))
    assert first.statuses() == again.statuses()
    assert first.statuses()["denied"] == "error"
    assert error_of(first, "denied").split("; the user")[0] in error_of(
        again, "denied")
    for rule_id, verdict in first.by_rule().items():
        assert verdict.get("resources") == again.by_rule()[rule_id].get(
            "resources"), rule_id


# ---- kinds with odd names ----------------------------------------------------

@pytest.mark.parametrize("offered", ("v2", "plain"))
@pytest.mark.parametrize("list_kind", ("Boxes", "BoxCollection", "Box"))
def test_what_a_custom_list_is_called_is_its_own_business(make_fake, live,
                                                          offered, list_kind):
    fake = make_fake(discovery=offered)
    kind = Kind("odd.example.com", "v1", "Box", "boxes", custom=True,
                list_kind=list_kind)
    fake.add_kind(kind, *({"metadata": {"name": f"box-{number}"},
                           "spec": {"sealed": number != 3}}
                          for number in range(5)))
    live.rule("objects", resource_type="boxes", yamlpath=".spec.sealed",
              condition="equals", expected_value=True)
    live.rule("document", filepath="/apis/odd.example.com/v1/boxes",
              yamlpath=".items[:].spec.sealed", values=[
                  {"value": "true", "type": "boolean",
                   "operation": "equals"}])
    found = live.scan(fake.kubeconfig()).by_rule()
    assert found["objects"]["resources"] == {"pass": 4, "fail": 1}
    assert {each["resource"]["type"] for each in found["objects"][
        "results"]} == {"Box"}
    assert found["document"]["status"] == "fail"


def test_objects_that_have_items_are_no_lists(make_fake, live):
    fake = make_fake()
    kind = Kind("odd.example.com", "v1", "BlockList", "blocklists",
                custom=True, namespaced=False)
    fake.add_kind(kind, *({"metadata": {"name": name}, "items": [
        {"host": name}, {"host": "other.test"}]} for name in ("one", "two")))
    for name in ("one", "three"):
        live.rule(f"named-{name}", resource_type="blocklists",
                  resource_name=name, yamlpath=".items[:].host",
                  condition="contains", expected_value="one")
        live.rule(f"path-{name}",
                  filepath=f"/apis/odd.example.com/v1/blocklists/{name}",
                  yamlpath=".items[:].host", check_existence="all_exist",
                  entity_check="at least one", values=[
                      {"value": "one", "type": "string",
                       "operation": "equals",
                       "entity_check": "at least one"}])
    live.rule("all", resource_type="blocklists", yamlpath=".items[1].host",
              condition="equals", expected_value="other.test")
    scan = live.scan(fake.kubeconfig())
    assert scan.statuses() == {
        "named-one": "pass", "path-one": "pass", "named-three": "fail",
        "path-three": "fail", "all": "pass"}, [
            (each["rule_id"], each["message"]) for each in scan.verdicts]
    assert scan.by_rule()["all"]["resources"] == {"pass": 2}


# ---- servers on a bad day ----------------------------------------------------

def test_one_request_for_a_collection_whatever_the_number_of_rules(
        make_fake, live):
    fake = make_fake(pods=300)
    for number in range(40):
        live.host_network(f"rule-{number}",
                          ("pods", "Pod", "po", "v1/Pod")[number % 4])
        live.rule(f"path-{number}", filepath="/api/v1/pods?limit=500",
                  yamlpath=".items[:].spec.nodeName", values=[])
    live.names("deployments", "deployments.apps")
    live.scan(fake.kubeconfig(), code=None)
    begun = fake.begun()
    assert begun["/api/v1/pods"] == 1
    assert begun["/apis/apps/v1/deployments"] == 1
    assert len(fake.seen("/api")) == len(fake.seen("/apis")) == 1


@pytest.mark.parametrize("offered", ("v2", "v2beta1", "plain"))
def test_discovery_of_every_kind_is_kept_for_the_next_scan(make_fake, live,
                                                           offered):
    fake = make_fake(discovery=offered, pods=20)
    live.names("pods", "po")
    live.names("custom", "bl")
    live.names("scope", "clusterrole")
    fake.add("baselines", {"metadata": {"name": "one"}})
    for count in (1, 1):
        scan = live.scan(fake.kubeconfig())
        assert scan.statuses()["pods"] == "pass"
        assert scan.statuses()["custom"] == "pass"
        assert len(fake.seen("/apis")) == count
    live.names("unknown", "no-such-type")
    assert live.scan(fake.kubeconfig()).statuses()["unknown"] == "fail"
    assert len(fake.seen("/apis")) == 2, "a new name is worth asking again"


@pytest.mark.parametrize("offered", ("v2", "plain"))
def test_types_of_a_group_that_is_away_are_errors(make_fake, live, offered):
    fake = make_fake(discovery=offered, pods=20)
    fake.stale.add("compliance.example.com/v1")
    live.names("there", "pods")
    live.names("away", "baselines")
    live.names("away-too", "baselines.compliance.example.com")
    live.rule("elsewhere", resource_type="widgets.example.org",
              yamlpath=".metadata.name", condition="not_exists")
    scan = live.scan(fake.kubeconfig())
    assert scan.statuses() == {"there": "pass", "away": "error",
                               "away-too": "error", "elsewhere": "pass"}
    assert "compliance.example.com" in error_of(scan, "away")


@pytest.mark.parametrize("name", ("throttled", "failing", "unavailable",
                                  "closed", "closed_after", "gone"))
def test_what_passes_is_waited_for(make_fake, tmp_path, name):
    live = Live(tmp_path, options={"kubernetes": {"retries": 4, "page_size":
                                                  100}})
    fake = make_fake(pods=500)
    fake.fault(name, path="/api/v1/pods")
    live.host_network()
    scan = live.scan(fake.kubeconfig(), code=FAILED)
    assert scan.by_rule()["host-network"]["resources"] == {
        "pass": 500 - flawed(500, "host_network"),
        "fail": flawed(500, "host_network")}


def test_an_expired_list_without_a_new_token_is_begun_again(make_fake,
                                                            tmp_path):
    live = Live(tmp_path, options={"kubernetes": {"page_size": 100}})
    fake = make_fake(pods=500)
    fake.fault("gone", path="/api/v1/pods", skip=2, fresh=False)
    live.host_network()
    scan = live.scan(fake.kubeconfig(), code=FAILED)
    assert sum(scan.by_rule()["host-network"]["resources"].values()) == 500
    assert fake.lists("/api/v1/pods") == 2


ALWAYS_WRONG = {
    "throttled": "429", "forbidden": "403", "failing": "500",
    "unavailable": "503", "redirected": "redirect", "login_page": "login",
    "truncated": "", "truncated_chunks": "", "malformed": "", "trailing": "",
    "items_object": "no array", "items_string": "no array",
    "items_missing": "no list", "top_array": "", "top_scalar": "",
    "status_instead": "something is wrong", "other_kind": "no list",
    "empty_body": "", "no_content": "204", "other_type": "protobuf",
    "bad_gzip": "", "cut_gzip": "", "other_encoding": "",
    "same_page": "does not end", "empty_pages": "does not end",
    "endless_pages": "does not end", "deep": "", "deep_arrays": "",
    "huge_string": "", "endless_string": "", "endless_space": "",
    "gzip_bomb": "", "huge_item": "", "unauthorized": "401",
}


def test_what_stays_wrong_is_an_error_and_never_a_verdict(make_fake,
                                                          tmp_path):
    """All of it in one scan, each a target of its own."""
    live = Live(tmp_path, options={"kubernetes": {
        "retries": 1, "stall_timeout": 5 * SLOW}}, limits={})
    fake = make_fake(pods=200)
    live.host_network()
    live.engine.import_rules(live.rules)
    argv = []
    for name in ALWAYS_WRONG:
        fake.fault(name, times=None)
        fake.faults[-1]["prefix"] = True
        argv += ["--target", json.dumps({
            "type": "kubernetes", "name": name, "kubeconfig":
            str(fake.kubeconfig(name, fault=name))})]
    scan = live.engine.scan(*argv)
    seen = {verdict["target"]: verdict for verdict in scan.verdicts}
    assert set(seen) == set(ALWAYS_WRONG)
    for name, word in ALWAYS_WRONG.items():
        assert seen[name]["status"] == "error", (name, seen[name])
        assert word in seen[name]["message"], (name, seen[name]["message"])


def test_a_server_that_says_nothing_is_given_up(make_fake, tmp_path):
    live = Live(tmp_path, options={"kubernetes": {"retries": 0,
                                                  "stall_timeout": 5}})
    fake = make_fake(pods=200)
    fake.fault("silent", path="/api/v1/pods", times=None)
    fake.fault("stalled", path="/api/v1/namespaces", times=None)
    live.names("silent", "pods").names("stalled", "namespaces")
    live.names("fine", "nodes")
    scan = live.scan(fake.kubeconfig())
    assert scan.statuses()["silent"] == scan.statuses()["stalled"] == "error"
    assert scan.statuses()["fine"] == "fail"  # there are none


def test_a_slow_answer_is_waited_for(make_fake, live):
    fake = make_fake(pods=3)
    fake.fault("slow", path="/api/v1/pods", size=4000, pause=0.02)
    live.names("pods", "pods")
    assert live.scan(fake.kubeconfig(), code=DONE).by_rule()["pods"][
        "resources"] == {"pass": 3}


def test_a_token_file_is_read_again_when_it_was_refused(make_fake, live,
                                                        tmp_path):
    fake = make_fake(pods=3, tokens={"second"})
    token = tmp_path / "token"
    token.write_text("first")
    original = fake.healthy

    def rotate(request):
        reply = original(request)
        if reply.status == 401:
            fresh = tmp_path / f"token-{len(fake.requests)}"
            fresh.write_text("second")
            fresh.rename(token)
        return reply
    fake.healthy = rotate
    live.names("pods", "pods")
    live.scan(fake.kubeconfig(user=f"tokenFile: {token}"), code=DONE)


def test_as_somebody_else(make_fake, live):
    fake = make_fake(pods=3)
    live.names("pods", "pods")
    live.scan(fake.kubeconfig(user="token: x\nas: jane\nas-groups: [a, b]"),
              code=DONE)
    (request,) = fake.seen("/api/v1/pods")
    assert request.headers["impersonate-user"] == "jane"
    assert "impersonate-group" in request.headers


@pytest.mark.parametrize("tls,word", (("expired", "expired"),
                                      ("other-name", "another name")))
def test_a_certificate_that_is_wrong_is_refused(make_fake, live, tls, word):
    fake = make_fake(tls=tls)
    live.names("pods", "pods")
    message = error_of(live.scan(fake.kubeconfig()))
    assert "certificate was refused" in message
    assert word in message or "clock" in message
    assert not fake.requests


def test_a_scan_ends_soon_when_it_is_told_to(make_fake, live):
    fake = make_fake(pods=200)
    fake.fault("silent", path="/api/v1/pods", times=None)
    live.names("pods", "pods")
    live.engine.import_rules(live.rules)
    process = live.engine.start("scan", "--target",
                                live.target(fake.kubeconfig()))
    wait_for(lambda: fake.seen("/api/v1/pods"), 30, "the request")
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    finish(process)
    assert time.monotonic() - before < 25 * SLOW
    wait_gone(live.engine.home, 10)


def test_memory_does_not_grow_with_the_cluster(make_fake, tmp_path):
    """50,000 pods of 11 kB; under sanitizers the first megabytes of them."""
    peaks = []
    for count in (2000, 50000):
        live = Live(tmp_path / str(count))
        live.host_network().names("names", "pods")
        live.engine.import_rules(live.rules)
        fake = make_fake(pods=count)
        process = live.engine.start(
            "scan", "--target",
            live.target(fake.kubeconfig()), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        worker, peak, ended = None, 0, time.monotonic() + 60
        while process.poll() is None:
            worker = worker or next(
                (pid for pid, name in processes_of(live.engine.home).items()
                 if "scan-worker" in name), None)
            peak = max(peak, peak_kib(worker) if worker else 0)
            time.sleep(0.05)
            if time.monotonic() > ended:  # what has come is enough
                process.send_signal(signal.SIGINT)
                ended += 600
        process.wait(60 * SLOW)
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 2 * MIB * 16, peaks
    assert INSTRUMENTED or peaks[1] < 80 * 1024, peaks
