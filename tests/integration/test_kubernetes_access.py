# SPDX-License-Identifier: Apache-2.0
"""How the kubernetes scanner comes in, and what it keeps: proxies, credential
plugins whose credentials end, token files, the discovery cache."""
import json
import os
import struct
import time

import pytest

from kube import make_fake  # noqa: F401
from kube_fake import encoded
from kube_fake_api import Kind
from kube_proxy import Proxy
from support import DONE, SLOW
from test_kubernetes import Live, error_of

HOUR = 3600


@pytest.fixture
def live(tmp_path):
    return Live(tmp_path, options={"kubernetes": {"retries": 2}})


def date(seconds):
    """That many seconds from now, as RFC 3339 has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() + seconds))


# ---- proxies -----------------------------------------------------------------

def through(fake, url):
    return fake.kubeconfig(cluster=(
        f"certificate-authority-data: {encoded(fake.authority.crt)}\n"
        f"proxy-url: {json.dumps(url)}"))


def test_a_cluster_is_reached_through_its_proxy(make_fake, live):
    fake = make_fake(pods=3)
    live.names("pods", "pods").names("nodes", "namespaces")
    with Proxy() as proxy:
        scan = live.scan(through(fake, proxy.url))
    assert scan.statuses()["pods"] == "pass"
    assert set(proxy.asked) == {f"127.0.0.1:{fake.port}"}
    assert fake.requests


def test_the_environment_s_proxy_is_not_asked_for_what_no_proxy_names(
        make_fake, live):
    fake = make_fake(pods=3)
    live.names("pods", "pods")
    with Proxy() as proxy:
        live.scan(fake.kubeconfig(), code=DONE, env={
            "HTTPS_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"})
        assert proxy.asked == []
        live.scan(fake.kubeconfig(), code=DONE, env={
            "HTTPS_PROXY": proxy.url, "NO_PROXY": ""})
        assert set(proxy.asked) == {f"127.0.0.1:{fake.port}"}


def test_a_proxy_s_password_is_used_and_not_told(make_fake, live):
    fake = make_fake(pods=3)
    live.names("pods", "pods")
    with Proxy(password="user:hunter2") as proxy:
        good = through(fake, proxy.url.replace("//", "//user:hunter2@"))
        live.scan(good, code=DONE)
        wrong = through(fake, proxy.url.replace("//", "//user:hunter3@"))
        scan = live.scan(wrong)
    message = error_of(scan)
    assert "proxy" in message and "407" in message, message
    for text in (scan.result.out, scan.result.err):
        assert "hunter" not in text


@pytest.mark.parametrize("refusal", ("502 Bad Gateway", "403 Forbidden"))
def test_a_proxy_that_refuses_is_an_error_that_names_it(make_fake, live,
                                                        refusal):
    fake = make_fake(pods=3)
    live.names("pods", "pods")
    with Proxy(refusal=refusal) as proxy:
        message = error_of(live.scan(through(fake, proxy.url)))
    assert "proxy" in message, message
    assert not fake.requests


def test_a_proxy_that_is_away_is_named(make_fake, live):
    fake = make_fake(pods=3)
    live.names("pods", "pods")
    with Proxy() as proxy:
        gone = proxy.url
    message = error_of(live.scan(through(fake, gone)))
    assert "proxy" in message or gone.split("//")[1] in message, message
    assert not fake.requests


# ---- where things are --------------------------------------------------------

@pytest.mark.parametrize("name,target", (
    ("kubeconfig", {"kubeconfig": "admin.yaml"}),
    ("kubeconfig.file", {"kubeconfig": {"file": "~/.kube/config"}}),
    ("service_account", {"service_account": "account"}),
    ("ca_file", {"server": "https://127.0.0.1", "ca_file": "ca.crt"}),
    ("token.file", {"server": "https://127.0.0.1", "token": {
        "file": "token"}})))
def test_a_path_of_a_target_is_absolute(live, name, target):
    live.names("pods", "pods")
    scan = live.scan(**target)
    said = scan.result.out + scan.result.err
    assert f"target's {name} " in said and "absolute path" in said


def test_kubeconfig_of_the_environment_may_be_relative(make_fake, live):
    fake = make_fake(pods=3)
    near = os.path.relpath(fake.kubeconfig("near"), live.engine.directory)
    live.names("pods", "pods")
    scan = live.scan(code=DONE, env={"KUBECONFIG": f":none.yaml:{near}"})
    assert scan.statuses()["pods"] == "pass"


# ---- credential plugins ------------------------------------------------------

class Plugin:
    """A credential plugin that gives one status after the other, the last one
    again and again."""

    def __init__(self, folder, *statuses):
        self.path, self.ran = folder / "plugin", folder / "runs"
        for number, status in enumerate(statuses):
            (folder / f"status-{number + 1}").write_text(json.dumps({
                "kind": "ExecCredential", "status": status,
                "apiVersion": "client.authentication.k8s.io/v1"}))
        self.path.write_text(
            f"#!/bin/sh\necho x >>{self.ran}\nn=$(wc -l <{self.ran})\n"
            f"test $n -le {len(statuses)} || n={len(statuses)}\n"
            f"cat {folder}/status-$((n))\n")
        self.path.chmod(0o700)

    def runs(self):
        return (len(self.ran.read_text().splitlines())
                if self.ran.exists() else 0)

    @property
    def user(self):
        return ("exec:\n  apiVersion: client.authentication.k8s.io/v1\n"
                f"  command: {self.path}\n  interactiveMode: Never")


def four_rules(live):
    return (live.names("pods", "pods").names("spaces", "namespaces")
            .names("secrets", "secrets").names("nodes", "nodes"))


def test_a_credential_that_is_good_for_an_hour_is_asked_for_once(
        make_fake, live, tmp_path):
    fake = make_fake(pods=3, tokens={"good"})
    plugin = Plugin(tmp_path, {"token": "good",
                               "expirationTimestamp": date(HOUR)})
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert scan.statuses()["pods"] == "pass"
    assert plugin.runs() == 1


def test_a_credential_that_has_ended_is_asked_for_again(make_fake, live,
                                                        tmp_path):
    """Before it is refused: the old one is never sent twice."""
    fake = make_fake(pods=3)
    plugin = Plugin(tmp_path,
                    {"token": "old", "expirationTimestamp": date(-HOUR)},
                    {"token": "new", "expirationTimestamp": date(HOUR)})
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert scan.statuses()["pods"] == "pass"
    assert plugin.runs() == 2
    sent = [request.headers["authorization"] for request in fake.requests]
    assert set(sent[2:]) == {"Bearer new"}, sent


def test_a_date_that_is_none_is_an_error_of_the_plugin(make_fake, live,
                                                       tmp_path):
    fake = make_fake(pods=3)
    plugin = Plugin(tmp_path, {"token": "x",
                               "expirationTimestamp": "tomorrow"})
    live.names("pods", "pods")
    message = error_of(live.scan(fake.kubeconfig(user=plugin.user)))
    assert "expirationTimestamp" in message and "plugin" in message
    assert not fake.requests


def test_a_plugin_whose_tokens_are_all_refused_is_not_asked_for_ever(
        make_fake, live, tmp_path):
    fake = make_fake(pods=3, tokens={"another"})
    plugin = Plugin(tmp_path, {"token": "stale"})
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert set(scan.statuses().values()) == {"error"}
    assert "401" in error_of(scan, "pods")
    assert plugin.runs() <= 3


def certificate(fake, name):
    crt, key = fake.authority.client(f"client-{name}", name)
    return {"clientCertificateData": crt.read_text(),
            "clientKeyData": key.read_text()}


def test_a_plugin_s_certificate_that_is_refused_is_renewed(make_fake, live,
                                                           tmp_path):
    fake = make_fake(pods=3, clients={"fresh"})
    plugin = Plugin(tmp_path, certificate(fake, "stale"),
                    certificate(fake, "fresh"))
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert scan.statuses()["pods"] == "pass", scan.verdicts
    assert plugin.runs() == 2
    assert {request.peer for request in fake.requests} == {"stale", "fresh"}


def test_a_certificate_that_is_refused_in_mid_scan_is_renewed(make_fake, live,
                                                              tmp_path):
    fake = make_fake(pods=3, clients={"first"})
    plugin = Plugin(tmp_path, certificate(fake, "first"),
                    certificate(fake, "second"))
    original = fake.healthy

    def revoke(request):
        if request.path == "/api/v1/pods":
            fake.clients = {"second"}
        return original(request)
    fake.healthy = revoke
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert scan.statuses()["pods"] == "pass", scan.verdicts
    assert "error" not in scan.statuses().values()
    assert plugin.runs() == 2


def test_a_certificate_that_has_ended_is_asked_for_again(make_fake, live,
                                                         tmp_path):
    fake = make_fake(pods=3, clients={"first", "second"})
    plugin = Plugin(
        tmp_path,
        {**certificate(fake, "first"), "expirationTimestamp": date(-HOUR)},
        {**certificate(fake, "second"), "expirationTimestamp": date(HOUR)})
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert scan.statuses()["pods"] == "pass", scan.verdicts
    assert plugin.runs() == 2
    (request,) = fake.seen("/api/v1/pods")
    assert request.peer == "second"


def test_certificates_that_are_all_refused_are_an_error(make_fake, live,
                                                        tmp_path):
    fake = make_fake(pods=3, clients={"nobody"})
    plugin = Plugin(tmp_path, certificate(fake, "one"),
                    certificate(fake, "two"), certificate(fake, "three"))
    scan = four_rules(live).scan(fake.kubeconfig(user=plugin.user))
    assert set(scan.statuses().values()) == {"error"}
    assert "401" in error_of(scan, "pods")
    assert plugin.runs() <= 4


# ---- token files -------------------------------------------------------------

def test_a_token_file_that_changes_is_read_again(make_fake, live, tmp_path):
    """As service accounts' do: both tokens are good for a while."""
    fake = make_fake(pods=3, tokens={"first", "second"})
    token = tmp_path / "token"
    token.write_text("first\n")
    original = fake.healthy

    def rotate(request):
        if request.path == "/apis":
            fresh = tmp_path / "fresh"
            fresh.write_text("second\n")
            fresh.replace(token)
        return original(request)
    fake.healthy = rotate
    live.names("pods", "pods")
    live.scan(fake.kubeconfig(user=f"tokenFile: {token}"), code=DONE)
    (request,) = fake.seen("/apis")
    assert request.headers["authorization"] == "Bearer first"
    (request,) = fake.seen("/api/v1/pods")
    assert request.headers["authorization"] == "Bearer second"


@pytest.mark.parametrize("content,word", (
    (None, "token file"), ("", "token"), ("a\nb\n", "line ends")))
def test_a_token_file_that_is_no_good_is_named(make_fake, live, tmp_path,
                                               content, word):
    fake = make_fake(pods=3, tokens={"first"})
    token = tmp_path / "token"
    token.write_text("first")
    original = fake.healthy

    def spoil(request):
        if request.path == "/apis":
            token.unlink()
            if content is not None:
                token.write_text(content)
        return original(request)
    fake.healthy = spoil
    live.names("pods", "pods")
    message = error_of(live.scan(fake.kubeconfig(user=f"tokenFile: {token}")))
    assert word in message and str(token) in message, message


# ---- the discovery cache -----------------------------------------------------

def kept(live):
    """The cache's one file of discovery."""
    (file,) = live.engine.directory.rglob("discovery-*.bson")
    return file


def cut(data):
    return data[:len(data) // 2]


def nothing(_):
    return b""


def other_server(data):
    return data.replace(b"https://127.0.0.1:", b"https://127.0.0.2:")


def zeros(data):
    return data[:4] + b"\0" * (len(data) - 4)


def wrong_answers(data):
    """Whole BSON, whose answers are no discovery."""
    return data.replace(b"resources", b"RESOURCES")


def saved(seconds):
    """As if it had been kept at another time."""
    def change(data):
        at = data.index(b"\x12saved\0") + len(b"\x12saved\0")
        when = int((time.time() + seconds) * 1000)
        return data[:at] + struct.pack("<q", when) + data[at + 8:]
    change.__name__ = f"saved_{seconds}"
    return change


@pytest.mark.parametrize("change", (
    cut, nothing, other_server, zeros, wrong_answers, saved(-601),
    saved(HOUR)), ids=lambda change: change.__name__)
@pytest.mark.parametrize("offered", ("v2", "plain"))
def test_what_is_kept_of_discovery_and_no_good_is_asked_again(
        make_fake, live, offered, change):
    fake = make_fake(pods=3, discovery=offered)
    live.names("pods", "po").names("roles", "clusterroles")
    live.scan(fake.kubeconfig())
    file = kept(live)
    data = file.read_bytes()
    assert change(data) != data
    file.write_bytes(change(data))
    scan = live.scan(fake.kubeconfig())
    assert scan.statuses()["pods"] == "pass"
    assert len(fake.seen("/apis")) == 2
    live.scan(fake.kubeconfig())
    assert len(fake.seen("/apis")) == 2, "it is kept anew"


def test_what_is_kept_is_used_until_it_is_old(make_fake, live):
    fake = make_fake(pods=3)
    live.names("pods", "po")
    live.scan(fake.kubeconfig(), code=DONE)
    file = kept(live)
    file.write_bytes(saved(-600 + 60 * SLOW)(file.read_bytes()))
    live.scan(fake.kubeconfig(), code=DONE)
    assert len(fake.seen("/apis")) == 1


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(make_fake,
                                                               live):
    fake = make_fake(pods=3)
    live.names("pods", "po")
    live.scan(fake.kubeconfig(), code=DONE)
    file = kept(live)
    file.unlink()
    file.mkdir()
    live.scan(fake.kubeconfig(), code=DONE)
    assert len(fake.seen("/apis")) == 2


def test_users_of_one_server_have_caches_of_their_own(make_fake, live):
    fake = make_fake(pods=3, tokens={"one", "two"})
    live.names("pods", "po")
    for name in ("one", "two"):
        live.scan(fake.kubeconfig(name, user=f"token: {name}"), code=DONE)
    assert len(fake.seen("/apis")) == 2


# ---- what the cluster is -----------------------------------------------------

def test_a_cluster_is_asked_what_it_is_where_a_rule_wants_to_know(
        make_fake, live, tmp_path):
    fake = make_fake(pods=3)
    kind = Kind("config.openshift.io", "v1", "ClusterVersion",
                "clusterversions", namespaced=False, custom=True)
    fake.add_kind(kind, {"metadata": {"name": "version"}, "status": {
        "desired": {"version": "4.12.7"}}})
    version = f"{kind.root}/clusterversions/version"
    live.names("pods", "pods")
    live.scan(fake.kubeconfig(), code=DONE)
    assert not fake.seen(version) and not fake.seen("/version")
    live.names("older", "pods").rules[-1]["platforms"] = ["#ocp4.6"]
    live.names("newer", "pods").rules[-1]["platforms"] = ["#ocp4.12"]
    folder = tmp_path / "recording"
    scan = live.scan(fake.kubeconfig(), "--record", folder)
    assert scan.statuses() == {"pods": "pass", "older": "notapplicable",
                               "newer": "pass"}
    assert len(fake.seen(version)) == 1
    again = live.engine.scan("--target", json.dumps(
        {"type": "kubernetes_dump", "path": str(folder)}))
    assert again.statuses() == scan.statuses()
    fake.deny("clusterversions")
    assert live.scan(fake.kubeconfig()).statuses()["older"] == "pass"
