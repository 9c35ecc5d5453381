# SPDX-License-Identifier: Apache-2.0
"""The daemon, driven over HTTP: what it does, and what it refuses."""
import datetime
import json
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import time

import pytest

from daemon import PREFIX, SEEN, Daemon, check_once, until_ended
from daemon_flow import whole_flow
from support import (DONE, SLOW, SOURCE, Engine, Gate, kill_nine,
                     need_program, processes_of, rule, wait_for, wait_gone)


@pytest.fixture
def make_daemon(engine):
    made = []

    def make(rules=(), **options):
        if rules:
            engine.import_rules(rules)
        daemon = Daemon(engine, **options)
        made.append(daemon)
        return daemon
    yield make
    for daemon in made:
        if daemon.process:
            daemon.stop()
    wait_gone(engine.home, 5)


@pytest.fixture
def gate(tmp_path):
    """A gate, and rules of which it holds all but the first ten."""
    gate = Gate(tmp_path)
    gate.rules = [rule(each, sleep_ms=10) for each in range(10)] + [
        gate.rule(each, sleep_ms=10) for each in range(10, 40)]
    return gate


def change_stored(database, old, new):
    """Replaces bytes in every blob of a store."""
    changed = 0
    with sqlite3.connect(database) as link:
        tables = [name for name, in link.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row, *values in link.execute(
                    f"SELECT rowid, * FROM \"{table}\"").fetchall():
                names = [each[1] for each in link.execute(
                    f"PRAGMA table_info(\"{table}\")")]
                for name, value in zip(names, values):
                    if isinstance(value, bytes) and old in value:
                        link.execute(
                            f"UPDATE \"{table}\" SET \"{name}\" = ? WHERE "
                            "rowid = ?", (value.replace(old, new), row))
                        changed += 1
    assert changed


def target(name):
    return {"target": {"type": "alpha_target", "name": name}}


QUICK = [rule(each, status="fail" if each % 4 == 0 else "pass")
         for each in range(12)]
SLOWLY = [rule(each, sleep_ms=60) for each in range(40)]


# ---- the whole flow ----------------------------------------------------------

def test_the_whole_flow(make_daemon):
    whole_flow(make_daemon())


def test_waiting_answers_with_the_finished_scan(make_daemon):
    daemon = make_daemon(QUICK)
    scan = daemon.execute(query="?wait=300&scan_name=x", status=200)
    assert scan["status"] == "completed" and scan["name"] == "x"
    assert len(scan["results_by_rule"]) == 12


def test_forms_of_the_replaced_systems_are_taken(make_daemon):
    daemon = make_daemon(QUICK)
    scan = daemon.execute({
        "scan_name": "theirs", "profile_id": None,
        "target": {"type": "alpha_t", "identifier": "host-1",
                   "credentials": {"username": "root",
                                   "password": "hunter2-secret"},
                   "metadata": {}},
        "rule_filter": {"severity": {"$in": ["medium"]}},
        "variable_overrides": {}, "scan_options": {"timeout": 60}},
        "?wait=300", status=200)
    assert scan["name"] == "theirs" and scan["status"] == "completed"
    place = scan["scan_config"]["targets"][0]
    assert place["username"] == "root"
    assert place["password"]["file"].startswith("/proc/")
    assert scan["scan_config"]["options"] == {"timeout": 60}
    daemon.stop()
    for path in daemon.engine.directory.glob("engine.db*"):
        assert b"hunter2-secret" not in path.read_bytes()


def test_a_filter_can_only_narrow(make_daemon):
    daemon = make_daemon(QUICK)
    for filter_, status in (({"$where": "1"}, 422), ({"x": {"$expr": 1}}, 422),
                            ({"is_latest": False}, 422)):
        daemon.execute({"target": {"type": "local"}, "rule_filter": filter_},
                       status=status)
    found = daemon.ask("GET", '/rules?filter={"is_latest":false}',
                       status=200).json()
    assert found["rules"] == []
    daemon.ask("GET", '/rules?filter={"$where":"1"}', status=422)
    daemon.ask("GET", "/rules?filter={", status=400)


def test_rules_can_be_searched_and_exported(make_daemon):
    daemon = make_daemon(QUICK)
    page = daemon.ask("GET", "/rules/search?q=RULE%2011%20of&count=true",
                      status=200).json()
    assert [each["rule_id"] for each in page["rules"]] == ["alpha-00011"]
    assert daemon.ask("GET", "/rules/search?q=a.*z(",
                      status=200).json()["rules"] == []
    lines = daemon.ask("GET", "/rules/export?severity=medium",
                       status=200).body.splitlines()
    assert len(lines) == 12 and "check_content" in json.loads(lines[0])
    assert daemon.ask("GET", "/rules/alpha-00003",
                      status=200).json()["title"] == "Rule 3 of alpha"
    page = daemon.ask("GET", "/rules?skip=10&limit=10", status=200).json()
    assert len(page["rules"]) == 2 and not page["has_more"]


def test_what_a_scanner_warns_of_is_in_its_scan(make_daemon):
    daemon = make_daemon([rule(1, warn="nobody looked")])
    scan_id = daemon.execute(query="?wait=300", status=200)["scan_id"]
    told = [{"message": "nobody looked", "scanner": "alpha",
             "target": "local"}]
    for path in ("", "/errors"):
        scan = daemon.ask("GET", f"/scans/{scan_id}{path}", status=200).json()
        assert scan["warnings"] == told
    (listed,) = daemon.ask("GET", "/scans", status=200).json()["scans"]
    assert listed["warnings"] == told
    warning = template(daemon)["components"]["schemas"]["ScanWarning"]
    assert set(told[0]) <= set(warning["properties"])


# ---- who may do what ---------------------------------------------------------

def template(daemon):
    return daemon.ask("GET", "/openapi.json", role=None, status=200).json()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (method.upper(), re.sub(r"\{\w+\}", "nothing", path), path,
                   operation)


def test_every_route_asks_for_a_token_of_its_role(make_daemon):
    daemon = make_daemon(QUICK)
    ranks = ["viewer", "operator", "admin"]
    for method, path, _, operation in operations(template(daemon)):
        role = operation["x-role"]
        if role == "none":
            daemon.ask(method, path, role=None, status=200)
            continue
        assert daemon.ask(method, path, role=None,
                          status=401).headers["WWW-Authenticate"] == "Bearer"
        for lower in ranks[:ranks.index(role)]:
            daemon.ask(method, path, role=lower, status=403)
        answer = daemon.ask(method, path, role=role)
        assert answer.status not in (401, 403), answer


@pytest.mark.parametrize("wrong", [
    "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer se_",
    "Bearer se_0000000000000000_" + "0" * 64, "Bearer se_" + "z" * 81,
    "Bearer " + "a" * 4000])
def test_a_wrong_token_is_refused(make_daemon, wrong):
    daemon = make_daemon()
    daemon.ask("GET", "/scans", role=None, status=401,
               headers={"Authorization": wrong})


def test_tokens_expire_are_revoked_and_stored_as_hashes(make_daemon):
    daemon = make_daemon()
    engine = daemon.engine
    token = daemon.token("viewer", "--name", "ci", "--days", "1")
    daemon.ask("GET", "/scans", token=token, status=200)
    daemon.ask("GET", "/scans", token=token[:-1] + (
        "0" if token[-1] != "0" else "1"), status=401)
    listed = engine.run("token", "list", "--format", "json", code=DONE)
    entry = [each for each in listed.json() if each["name"] == "ci"][0]
    assert token.split("_")[2] not in listed.out
    assert "hash" not in entry
    engine.run("token", "revoke", entry["token_id"], code=DONE)
    assert "revoked" in daemon.ask("GET", "/scans", token=token,
                                   status=401).error()["message"]
    assert "revoked" in engine.run("token", "list", code=DONE).out
    engine.run("token", "revoke", "nothing", code=1)
    for path in engine.directory.glob("engine.db*"):
        assert token.split("_")[2].encode() not in path.read_bytes()


def test_an_expired_token_is_refused(make_daemon):
    daemon = make_daemon()
    engine = daemon.engine
    token = daemon.token("admin", "--name", "old", "--days", "1")
    daemon.ask("GET", "/scans", token=token, status=200)
    daemon.stop()
    entry = [each for each in engine.run(
        "token", "list", "--format", "json", code=DONE).json()
        if each["name"] == "old"][0]
    until = datetime.datetime.fromisoformat(
        entry["expires_at"].replace("Z", "+00:00"))
    stamp = round(until.timestamp() * 1000)
    change_stored(engine.database, struct.pack("<q", stamp),
                  struct.pack("<q", stamp - 86400000 - 60000))
    daemon.start()
    answer = daemon.ask("GET", "/scans", token=token, status=401)
    assert "has expired" in answer.error()["message"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "expired" in engine.run("token", "list", code=DONE).out


def test_without_authentication_it_is_loopback_alone(engine, make_daemon):
    daemon = make_daemon(QUICK, auth="none", listen="0.0.0.0:0")
    assert daemon.host == "127.0.0.1"
    assert "there is no authentication" in daemon.log.read_text()
    daemon.ask("GET", "/scans", role=None, status=200)
    for header in ({"Origin": "http://elsewhere"}, {"Host": "elsewhere:80"},
                   {"Host": "localhost.elsewhere"}):
        daemon.ask("GET", "-/metrics", role=None, headers=header, status=403)


def test_without_tls_it_is_loopback_alone(make_daemon):
    daemon = make_daemon(listen="0.0.0.0:0")
    assert daemon.host == "127.0.0.1"
    assert "there is no TLS" in daemon.log.read_text()


def test_tls(make_daemon, tmp_path):
    openssl = need_program("openssl", "openssl")
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-days", "1", "-subj", "/CN=localhost", "-keyout",
                    tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
                   check=True, capture_output=True)
    daemon = make_daemon(QUICK, listen="0.0.0.0:0", extra=(
        f'tls: {{ certificate = "{tmp_path}/cert.pem"; '
        f'key = "{tmp_path}/key.pem"; }};\n'))
    assert (daemon.scheme, daemon.host) == ("https", "0.0.0.0")
    daemon.host = "127.0.0.1"
    assert daemon.execute(query="?wait=300",
                          status=200)["status"] == "completed"


# ---- whose scans -------------------------------------------------------------

def whose(daemon):
    """Tokens of two users, each an operator's and a viewer's."""
    return {name: {role: daemon.token(role, "--name", name)
                   for role in ("operator", "viewer")}
            for name in ("ann", "bob")}


def listed(daemon, token, path="/scans?count=true"):
    page = daemon.ask("GET", path, token=token, status=200).json()
    assert page["total"] == len(page["scans"])
    return {each["scan_id"] for each in page["scans"]}


def test_who_is_no_admin_sees_only_scans_of_its_name(make_daemon):
    daemon = make_daemon(QUICK)
    users = whose(daemon)
    ann, bob = users["ann"], users["bob"]
    mine = daemon.execute(target("one"), "?wait=300", status=200,
                          token=ann["operator"])
    scan_id = mine["scan_id"]
    assert mine["created_by"] == "ann"
    theirs = daemon.execute(target("two"), "?wait=300", status=200,
                            token=bob["operator"])["scan_id"]
    nobody = daemon.token("operator")  # has no name: somebody of its own
    other = daemon.token("operator", "--days", "1")
    unnamed = daemon.execute(target("three"), "?wait=300", status=200,
                             token=nobody)["scan_id"]
    daemon.engine.run("scan", "--quiet")
    assert len(listed(daemon, daemon.token())) == 4
    for user, seen in ((ann, {scan_id}), (bob, {theirs})):
        for token in user.values():
            assert listed(daemon, token) == seen
            assert listed(daemon, token, "/scans?count=true&target="
                          "alpha_target&status=completed") == seen
            assert daemon.ask("GET", "/scans/statistics/summary", token=token,
                              status=200).json()["total_scans"] == 1
    assert listed(daemon, nobody) == {unnamed}
    assert listed(daemon, other) == set()

    for path in ("", "/status", "/results", "/errors", "/events"):
        for token in ann.values():
            daemon.ask("GET", f"/scans/{scan_id}{path}", token=token,
                       status=200)
        for token in (*bob.values(), nobody, other):
            answer = daemon.ask("GET", f"/scans/{scan_id}{path}", token=token,
                                status=404)
            none = daemon.ask("GET", f"/scans/none{path}", token=token,
                              status=404)
            assert (answer.error()["message"].replace(scan_id, "none") ==
                    none.error()["message"])
    for method, path in (("POST", f"/scans/{scan_id}/cancel"),
                         ("DELETE", f"/scans/{scan_id}")):
        daemon.ask(method, path, token=bob["operator"], status=404)
    gone = daemon.ask("DELETE", "/scans/bulk", {"scan_ids": [scan_id]}, 200,
                      token=bob["operator"]).json()
    assert gone["deleted_scans"] == 0 and len(gone["errors"]) == 1
    daemon.ask("GET", f"/scans/{scan_id}", status=200)
    daemon.ask("DELETE", f"/scans/{scan_id}", token=ann["operator"],
               status=200)


def test_archives_are_whose_who_made_them(make_daemon):
    daemon = make_daemon(QUICK)
    users = whose(daemon)
    ann, bob = users["ann"], users["bob"]
    scan_id = daemon.execute(query="?wait=300", status=200,
                             token=ann["operator"])["scan_id"]
    daemon.ask("POST", "/scans/bulk/archive", {"scan_ids": [scan_id]}, 404,
               token=bob["operator"])
    made = daemon.ask("POST", "/scans/bulk/archive", {"scan_ids": [scan_id]},
                      201, token=ann["operator"]).json()
    path = f"/scans/archives/{made['archive_id']}"
    for token, status in ((ann["viewer"], 200), (bob["viewer"], 404),
                          (daemon.token(), 200)):
        found = daemon.ask("GET", "/scans/archives", token=token,
                           status=200).json()
        assert found["total"] == (status == 200)
        daemon.ask("GET", path, token=token, status=status)
    daemon.ask("DELETE", path, token=bob["operator"], status=404)
    daemon.ask("DELETE", path, token=ann["operator"], status=200)


def test_a_busy_target_does_not_tell_whose_scan_it_is(make_daemon, gate):
    daemon = make_daemon(gate.rules)
    users = whose(daemon)
    scan_id = daemon.execute(target("one"), token=users["ann"]["operator"])[
        "scan_id"]
    error = daemon.ask("POST", "/scans/execute", target("one"), 409,
                       token=users["bob"]["operator"]).error()
    assert scan_id not in json.dumps(error)
    daemon.ask("POST", f"/scans/{scan_id}/cancel", status=202,
               token=users["ann"]["operator"])


def test_all_scans_can_be_made_visible(make_daemon):
    daemon = make_daemon(QUICK, visibility="all")
    bob = whose(daemon)["bob"]
    scan_id = daemon.execute(query="?wait=300", status=200)["scan_id"]
    for token in bob.values():
        assert listed(daemon, token) == {scan_id}
        daemon.ask("GET", f"/scans/{scan_id}", token=token, status=200)
    daemon.ask("DELETE", f"/scans/{scan_id}", token=bob["operator"],
               status=200)


# ---- refusals ----------------------------------------------------------------

def test_head_and_options(make_daemon):
    daemon = make_daemon(QUICK)
    scan_id = daemon.execute(query="?wait=300", status=200)["scan_id"]
    for path in ("/scans", "/health", "/openapi.json", f"/scans/{scan_id}",
                 f"/scans/{scan_id}/events", "/rules/export"):
        answer = daemon.ask("HEAD", path, status=200)
        assert answer.body == b"" and answer.headers["X-Request-ID"]
    for path, status in (("/scans/none", 404), ("/scans?limit=0", 400)):
        assert daemon.ask("HEAD", path, status=status).body == b""
    daemon.ask("HEAD", "/scans", role=None, status=401)
    daemon.ask("HEAD", "/scans/execute", status=405)
    for path, allow in (("/scans", "GET, HEAD, OPTIONS"),
                        ("/scans/execute", "POST, OPTIONS"),
                        (f"/scans/{scan_id}", "GET, HEAD, DELETE, OPTIONS")):
        answer = daemon.ask("OPTIONS", path, role=None, status=204)
        assert answer.headers["Allow"] == allow and answer.body == b""
        assert "Access-Control-Allow-Origin" not in answer.headers
        for method in ("TRACE", "PATCH", "NONSENSE"):
            assert daemon.ask(method, path,
                              status=405).headers["Allow"] == allow
    daemon.ask("OPTIONS", "/nothing", role=None, status=404)


def test_requests_that_are_wrong_get_their_own_status(make_daemon):
    daemon = make_daemon(QUICK, request_mb=1)
    ask = daemon.ask
    assert ask("GET", "/nothing", status=404).error()["hint"]
    ask("GET", "-/elsewhere", status=404)
    assert ask("PUT", "/scans", status=405).headers["Allow"] == (
        "GET, HEAD, OPTIONS")
    ask("GET", "/scans/execute", status=405)
    kind = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[]", b"null", b'{"a":1,"a":2}', b"\xff\xfe",
                 b"{" * 5000, b'{"a":"\\ud800"}'):
        ask("POST", "/scans/execute", body, 400, headers=kind)
    for type_ in ("text/plain", "application/x-www-form-urlencoded",
                  "application/jsonx"):
        ask("POST", "/scans/execute", b"{}", 415,
            headers={"Content-Type": type_})
    ask("POST", "/scans/execute", b"{}", 415)
    ask("POST", "/scans/execute", b" " * (1 << 20) + b"{}", 413, headers=kind)
    for body in ({"unknown": 1}, {"target": {"type": "moon"}},
                 {"target": 5}, {"targets": {}}, {"rules": ["none-such"]},
                 {"variable_overrides": {"nothing": "1"}},
                 {"options": {"timeout": -1}}, {"framework": "iso"},
                 {"target": {"type": "local"}, "profile": "x"}):
        error = ask("POST", "/scans/execute", body, 422).error()
        assert error["message"], body
    for query in ("limit=0", "limit=x", "limit=1001", "skip=-1", "skip=1e3",
                  "limit=99999999999999999999"):
        ask("GET", f"/scans?{query}", status=400)
    ask("GET", "/scans/statistics/summary?days=0", status=400)
    ask("POST", "/scans/execute?wait=x", {}, 400)
    for path in ("", "/status", "/results", "/errors", "/events"):
        ask("GET", f"/scans/none{path}", status=404)
    ask("GET", "/scans?count=perhaps", status=400)
    scan_id = daemon.execute(query="?wait=300", status=200)["scan_id"]
    ask("GET", f"/scans/{scan_id}?results_limit=x", status=400)
    ask("GET", f"/scans/{scan_id}/results?limit=x", status=400)
    ask("GET", f"/scans/{scan_id}/events?results=perhaps", status=400)
    ask("POST", "/scans/none/cancel", status=404)
    ask("POST", f"/scans/{scan_id}/cancel", status=409)
    ask("DELETE", "/scans/none", status=404)
    ask("GET", "/rules/none", status=404)
    for path in ("/rules", "/rules/search", "/rules/export", "/variables",
                 "/xccdf/variables", "/rules/alpha-00001"):
        ask("GET", f"{path}?benchmark=none", status=422)
    for path in ("/rules", "/rules/search", "/rules/export"):
        ask("GET", f"{path}?filter=[", status=400)
        ask("GET", path + '?filter={"$where":"1"}', status=422)
    assert scan_id == ask("GET", "/scans", status=200).json()["scans"][0][
        "scan_id"]


def test_bulk_requests_that_are_wrong(make_daemon):
    daemon = make_daemon(QUICK, request_mb=1)
    for method, path in (("DELETE", "/scans/bulk"),
                         ("POST", "/scans/bulk/archive"),
                         ("POST", "/xccdf/validate"),
                         ("POST", "/xccdf/generate-benchmark"),
                         ("POST", "/xccdf/generate-tailoring")):
        kind = {"Content-Type": "application/json"}
        daemon.ask(method, path, b"{", 400, headers=kind)
        daemon.ask(method, path, b"{}", 415)
        daemon.ask(method, path, b" " * (1 << 20) + b"{}", 413, headers=kind)
        daemon.ask(method, path, {"scan_ids": [1], "framework": "none"}, 422)
    for path in ("/rules/import", "/rules/validate"):
        daemon.ask("POST", path, b" " * (1 << 20) + b"{}", 413)
        daemon.ask("POST", path, b"", 422)
    daemon.ask("POST", "/scans/bulk/archive", {"scan_ids": ["none"]}, 404)
    daemon.ask("GET", "/scans/archives/../../../etc/passwd", status=404)
    daemon.ask("GET", "/scans/archives/..%2f..%2fengine.conf", status=404)
    daemon.ask("DELETE", "/scans/archives/none", status=404)
    scan_id = daemon.execute(query="?wait=300", status=200)["scan_id"]
    gone = daemon.ask("DELETE", "/scans/bulk",
                      {"scan_ids": [scan_id, "none"]}, 200).json()
    assert gone["deleted_scans"] == 1 and len(gone["errors"]) == 1


def test_a_rejected_upload_is_told_document_by_document(make_daemon):
    daemon = make_daemon()
    text = (json.dumps(QUICK[0]) + "\n" +
            json.dumps({"rule_id": "bad", "severity": 5}) + "\n").encode()
    totals = daemon.ask("POST", "/rules/import", text, 200, headers={
        "Content-Type": "application/x-ndjson"}).json()["totals"]
    assert (totals["added"], totals["rejected"]) == (1, 1)
    daemon.ask("POST", "/rules/import", b"\0\1\2: [", 200)


def test_a_viewer_may_not_execute(make_daemon):
    daemon = make_daemon(QUICK)
    error = daemon.ask("POST", "/scans/execute", target("one"), 403,
                       "viewer").error()
    assert error["code"] == "forbidden" and "viewer" in error["message"]
    assert "operator" in error["hint"]
    assert daemon.ask("GET", "/scans").json()["scans"] == []


def test_too_many_requests_are_told_when_to_come_back(make_daemon):
    daemon = make_daemon(QUICK, rate=12, burst=5)
    daemon.token()
    assert daemon.ask("GET", "/scans").status == 200

    def late():
        answer = daemon.ask("GET", "/scans")
        return answer.status == 429 and answer
    late = wait_for(late, 30, "a refusal")
    assert 1 <= int(late.headers["Retry-After"]) <= 5
    assert daemon.ask("GET", "/scans", role="viewer").status == 200
    wait_for(lambda: daemon.ask("GET", "/scans").status == 200, 20,
             "its next turn")


def test_a_request_id_of_the_client_is_kept_when_it_is_harmless(make_daemon):
    daemon = make_daemon()
    for given, kept in (("abc-1.2_3", True), ("a b", False), ("x" * 65, False),
                        ('"}', False)):
        answer = daemon.ask("GET", "/nothing", headers={
            "X-Request-ID": given}, status=404)
        assert (answer.headers["X-Request-ID"] == given) == kept
        answer.error()


# ---- the queue ---------------------------------------------------------------

def test_a_busy_target_is_refused_or_waited_for(make_daemon, gate):
    daemon = make_daemon(gate.rules)
    first = daemon.execute(target("one"))["scan_id"]
    error = daemon.ask("POST", "/scans/execute", target("one"), 409).error()
    assert error["details"]["scan_id"] == first
    second = daemon.execute(target("one"), "?queue=true")
    assert second["status"] == "pending"
    other = daemon.execute(target("two"))["scan_id"]
    daemon.running(other)
    both = {"targets": [{"type": "alpha_target", "name": "three"},
                        {"type": "alpha_target", "name": "two"}]}
    daemon.execute(both, status=409)
    daemon.ask("DELETE", f"/scans/{second['scan_id']}", status=409)
    daemon.ask("DELETE", f"/scans/{first}", status=409)
    gate.open()
    ended = until_ended(daemon, [first, second["scan_id"], other])
    assert {each["status"] for each in ended.values()} == {"completed"}
    assert (ended[second["scan_id"]]["started_at"] >=
            ended[first]["completed_at"])


def test_no_more_scans_run_at_once_than_allowed(make_daemon, gate):
    daemon = make_daemon([gate.rule(0)] + [rule(each, sleep_ms=30)
                                           for each in range(1, 10)],
                         max_concurrent_scans=2, queue=4)
    ids = []
    for number in range(6):
        ids.append(daemon.execute(target(f"t{number}"))["scan_id"])
        if number == 1:  # no more than four wait
            for each in ids:
                daemon.running(each)
    states = {each["scan_id"]: each["status"] for each in daemon.ask(
        "GET", "/scans", status=200).json()["scans"]}
    assert [states[each] for each in ids] == 2 * ["running"] + 4 * ["pending"]
    gate.open()
    ended = list(until_ended(daemon, ids).values())
    started = [each["started_at"] for each in ended]
    assert started == sorted(started), "not in the order of asking"
    for scan in ended:  # with itself
        assert sum(each["started_at"] <= scan["started_at"] <
                   each["completed_at"] for each in ended) <= 2


def test_a_full_queue_is_told(make_daemon):
    daemon = make_daemon([rule(0, sleep_ms=600000)], max_concurrent_scans=1,
                         queue=1)
    first = daemon.execute(target("one"))["scan_id"]
    daemon.running(first)
    second = daemon.execute(target("two"))["scan_id"]
    answer = daemon.ask("POST", "/scans/execute", target("three"), 503)
    assert "queue is full" in answer.error()["message"]
    assert int(answer.headers["Retry-After"]) > 0
    for each in (second, first):
        daemon.ask("POST", f"/scans/{each}/cancel", status=202)
    assert daemon.ended(first)["status"] == "cancelled"


def test_cancelling_ends_the_processes(make_daemon):
    daemon = make_daemon([rule(each, sleep_ms=20 if each < 5 else 5000)
                          for each in range(20)])
    running = daemon.execute(target("one"))["scan_id"]
    waiting = daemon.execute(target("one"), "?queue=true")["scan_id"]
    daemon.running(running, 2)
    daemon.ask("POST", f"/scans/{waiting}/cancel", status=202)
    assert daemon.scan(waiting)["status"] == "cancelled"
    daemon.ask("POST", f"/scans/{running}/cancel", status=202)
    scan = daemon.ended(running, 15)
    assert scan["status"] == "cancelled" and scan["total_verdicts"] == 20
    assert scan["passed"] >= 2
    wait_for(lambda: len(processes_of(daemon.engine.home)) == 1, 10,
             "only the daemon")


def test_a_deadline_ends_a_scan(make_daemon):
    daemon = make_daemon([rule(each, sleep_ms=500) for each in range(20)])
    scan = daemon.execute({**target("one"), "limits": {"timeout": 1}},
                          "?wait=300", status=200)
    assert scan["status"] == "timed_out"


# ---- faults ------------------------------------------------------------------

def test_a_scan_goes_on_after_sigterm(make_daemon, gate):
    daemon = make_daemon(gate.rules)
    scan_id = daemon.execute()["scan_id"]
    daemon.running(scan_id, 5)
    assert daemon.stop() == DONE
    wait_gone(daemon.engine.home, 5)
    states = {each["scan_id"]: each["status"] for each in
              daemon.engine.scans()}
    assert states[scan_id] == "pending"
    gate.open()
    daemon.start()
    assert daemon.ended(scan_id)["status"] == "completed"
    scan = daemon.scan(scan_id)
    check_once(scan, gate.rules)
    assert scan["resumed"] == 1 and scan["passed"] == 40
    daemon.engine.check_store()


def test_kill_nine_loses_and_doubles_nothing(make_daemon):
    daemon = make_daemon(SLOWLY, max_concurrent_scans=2)
    ids = [daemon.execute(target(f"t{each}"))["scan_id"] for each in range(3)]
    for number in range(10):
        time.sleep((0.15 + 0.07 * number % 0.5) * SLOW)
        daemon.kill()
        if number == 4:
            wait_gone(daemon.engine.home, 5)
        daemon.start()
    ended = until_ended(daemon, ids, 120)
    for scan_id in ids:
        assert ended[scan_id]["status"] == "completed", ended[scan_id]
        check_once(daemon.scan(scan_id), SLOWLY)
    assert len(daemon.ask("GET", "/scans").json()["scans"]) == 3
    daemon.engine.check_store()


def test_a_scan_whose_secrets_are_gone_is_marked_failed(make_daemon, gate):
    daemon = make_daemon(gate.rules)
    scan = daemon.execute({"target": {"type": "alpha_target", "name": "x",
                                      "password": "hunter2-secret"}})
    assert scan["resumable"] is False
    daemon.running(scan["scan_id"], 2)
    daemon.kill()
    daemon.start()
    scan = daemon.ended(scan["scan_id"])
    assert scan["status"] == "failed"
    assert "memory of an engine" in scan["errors"][0]["message"]


def test_recovery_can_be_switched_to_failing(make_daemon, gate):
    daemon = make_daemon(gate.rules, recover="fail")
    scan_id = daemon.execute()["scan_id"]
    daemon.running(scan_id, 2)
    daemon.kill()
    daemon.start()
    assert daemon.ended(scan_id)["status"] == "failed"


def test_a_living_command_is_left_alone_and_a_dead_one_is_taken_over(
        make_daemon, gate):
    daemon = make_daemon(gate.rules)
    command = daemon.engine.start("scan", "--quiet", "--format", "json")
    scan_id = wait_for(lambda: [each["scan_id"] for each in daemon.ask(
        "GET", "/scans").json()["scans"] if each["status"] == "running"], 20,
        "a scan")[0]
    gate.wait()
    time.sleep(1.5)  # in which it looks at the queue
    scan = daemon.scan(scan_id, "?results_limit=0")
    assert scan["status"] == "running" and "resumed" not in scan
    assert f"/{command.pid}/" in scan["owner"]
    kill_nine(command)
    gate.open()
    assert daemon.ended(scan_id)["status"] == "completed"
    check_once(daemon.scan(scan_id), gate.rules)
    metrics = daemon.ask("GET", "-/metrics", status=200).body.decode()
    assert "scan_engine_scans_recovered_total 1" in metrics


def test_two_daemons_share_a_store_without_doubling(make_daemon, engine,
                                                   tmp_path, gate):
    rules = [gate.rule(0)] + [rule(each, sleep_ms=20)
                              for each in range(1, 10)]
    one = make_daemon(rules, max_concurrent_scans=2)
    twin = Engine(tmp_path / "twin", store=engine.store)
    two = Daemon(twin, max_concurrent_scans=2)
    try:
        two.tokens[("admin",)] = one.token()
        ids = [each.execute(target(f"t{number % 4}"), "?queue=true")["scan_id"]
               for number in range(8) for each in (one, two)]
        gate.wait(4)  # one daemon alone would run two
        gate.open()
        ended = until_ended(one, ids, 60)
        spans = {}
        owners = set()
        for scan_id, scan in ended.items():
            assert scan["status"] == "completed" and "resumed" not in scan
            check_once(two.scan(scan_id), rules)
            owners.add(scan["owner"].split("/")[2])
            spans.setdefault(scan["scan_config"]["targets"][0]["id"],
                             []).append((scan["started_at"],
                                         scan["completed_at"]))
        assert len(owners) == 2, "one daemon did all the work"
        for each in spans.values():
            each.sort()
            for before, after in zip(each, each[1:]):
                assert before[1] <= after[0], "two at once on one target"
    finally:
        two.stop()


def test_200_clients_at_once(make_daemon):
    daemon = make_daemon(QUICK)
    daemon.execute(query="?wait=300", status=200)
    token = daemon.token()
    ask = (f"GET {PREFIX}/scans HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
           f"Authorization: Bearer {token}\r\n\r\n").encode()
    links = []
    for _ in range(200):
        link = socket.create_connection((daemon.host, daemon.port),
                                        60 * SLOW)
        link.sendall(ask)
        links.append(link)
    for link in links:
        text = b""
        while block := link.recv(65536):
            text += block
        link.close()
        assert text.startswith(b"HTTP/1.1 200 "), text[:300]
        assert b'"status":"completed"' in text


def test_slow_clients_are_let_go(make_daemon):
    daemon = make_daemon(request_seconds=1, connections=4)
    links = [socket.create_connection((daemon.host, daemon.port), 30)
             for _ in range(4)]
    began = time.monotonic()
    for link, text in zip(links, (b"GET / HTT", b"POST /api/v1/scans/execute "
                                  b"HTTP/1.1\r\nContent-Length: 500\r\n\r\n{",
                                  b"", b"GET /health HTTP/1.1\r\nA: ")):
        link.sendall(text)
    open_ = set(links)
    while open_ and time.monotonic() - began < 30 * SLOW:
        for link in list(open_):
            try:
                link.sendall(b"a")  # always something, never the end
                link.settimeout(0.05)
                if link.recv(4096) == b"":
                    open_.remove(link)
            except socket.timeout:
                pass
            except OSError:
                open_.remove(link)
        time.sleep(0.1)
    assert not open_
    for link in links:
        link.close()
    daemon.ask("GET", "/health", role=None, status=200)


def test_long_answers_outlive_the_deadline_of_requests(make_daemon):
    daemon = make_daemon([rule(0, sleep_ms=3500)], request_seconds=1)
    scan = daemon.execute(query="?wait=300", status=200)
    assert scan["status"] == "completed"
    scan_id = daemon.execute()["scan_id"]
    assert [name for name, _ in daemon.events(scan_id)][-1] == "end"
    assert {name for name, _ in daemon.events(scan_id, "?results=false")} <= {
        "progress", "end"}


def test_truncated_and_strange_requests_do_not_hurt(make_daemon):
    daemon = make_daemon(QUICK, request_mb=1)
    token = daemon.token()
    head = (f"POST {PREFIX}/scans/execute HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\n").encode()
    for text in (head + b"Content-Length: 100\r\n\r\n{\"a\"",
                 head + b"Content-Length: x\r\n\r\n",
                 head + b"Content-Length: -1\r\n\r\n",
                 head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                 head + b"Transfer-Encoding: chunked\r\n\r\n" +
                 b"10000\r\n" + b" " * 65536 + b"\r\n",
                 b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"\r\n" * 1000,
                 b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                 b"GET /api/v1/scans/%00%ff%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n"):
        with socket.create_connection((daemon.host, daemon.port),
                                      30 * SLOW) as link:
            try:
                link.sendall(text)
                link.shutdown(socket.SHUT_WR)
                answer = link.recv(65536)
            except TimeoutError:
                raise
            except OSError:  # it was refused before all was sent
                continue
            assert not answer.startswith(b"HTTP/1.1 2"), (text[:200], answer)
    chunks = (b"10000\r\n" + b" " * 65536 + b"\r\n") * 20 + b"0\r\n\r\n"
    with socket.create_connection((daemon.host, daemon.port),
                                  30 * SLOW) as link:
        link.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert link.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert daemon.ask("GET", "/scans", status=200).json()["scans"] == []


def test_a_store_that_is_no_more_is_told(make_daemon):
    daemon = make_daemon(QUICK)
    daemon.token()
    daemon.engine.database.write_bytes(b"this is no database" * 1000)
    for path in daemon.engine.directory.glob("engine.db-*"):
        path.unlink(missing_ok=True)
    for _ in range(3):
        answer = daemon.ask("GET", "/ready", role=None, status=503)
        assert "engine.db" in answer.error()["message"]
        assert answer.headers["Retry-After"]
    daemon.ask("GET", "/health", role=None, status=200)


# ---- the daemon as a service -------------------------------------------------

def test_hangup_reads_the_configuration_again(make_daemon):
    daemon = make_daemon(QUICK, max_concurrent_scans=1)
    daemon.configure(rate=12, burst=2)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "read again" in daemon.log.read_text(), 10, "a reload")
    wait_for(lambda: daemon.ask("GET", "/scans").status == 429, 30,
             "a refusal")
    daemon.engine.config.write_text("server: { nonsense = 1; };")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "kept as it was" in daemon.log.read_text(), 10, "a word")
    daemon.configure(rate=0)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: daemon.log.read_text().count("read again") == 2, 10,
             "a reload")
    assert daemon.execute(query="?wait=300",
                          status=200)["status"] == "completed"


def test_systemd_is_told(engine):
    path = str(engine.directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(20 * SLOW)
        daemon = Daemon(engine, start=False)
        daemon.start(env={"NOTIFY_SOCKET": path})
        assert heard.recv(100) == b"READY=1"
        daemon.stop()
        assert heard.recv(100) == b"STOPPING=1"


def test_a_port_that_is_taken_is_told(make_daemon, engine, tmp_path):
    daemon = make_daemon()
    other = Engine(tmp_path / "other", extra=(
        f'server: {{ listen = "127.0.0.1:{daemon.port}"; }};'))
    result = other.run("serve", code=1)
    assert "in use" in result.err and str(daemon.port) in result.err
    other.configure(extra='server: { listen = "nonsense"; };')
    assert "ADDRESS:PORT" in other.run("serve", code=1).err


def test_health_metrics_and_scanners(make_daemon):
    daemon = make_daemon(QUICK)
    daemon.execute(query="?wait=300", status=200)
    assert daemon.ask("GET", "-/health", role=None,
                      status=200).json()["status"] == "ok"
    assert daemon.ask("GET", "-/ready", role=None,
                      status=200).json()["status"] == "ready"
    text = daemon.ask("GET", "-/metrics", status=200).body.decode()
    assert 'scan_engine_scans{status="completed"} 1' in text
    assert "scan_engine_scans_started_total 1" in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{.*\})? \d+",
                            line), line
    daemon.ask("GET", "-/metrics", role=None, status=401)
    scanners = daemon.ask("GET", "/scanners", status=200).json()["scanners"]
    assert {each["plugin"]: each["state"] for each in scanners} == {
        "alpha": "loaded", "beta": "loaded"}
    daemon.ask("HEAD", "/health", role=None, status=200)


def test_scanners_are_shown_as_the_program_shows_them(make_daemon, engine):
    engine.configure(plugins=("alpha", "wrong_major"), limits={"files": 99})
    daemon = make_daemon()
    shown = daemon.ask("GET", "/scanners", status=200).json()["scanners"]
    wanted = engine.run("plugins", "--format", "json", code=DONE).json()
    assert [each.pop("healthy") for each in shown] == [True, False]
    assert "configured" in wanted[0]
    for each in wanted:
        each.pop("configured", None)  # the administrator's
    assert shown == wanted
    assert shown[0]["limits"]["files"] == 99 and shown[1]["hint"]
    assert shown[0]["confinement"]["mode"] == "auto"


def test_memory_stays_small_at_idle(make_daemon):
    daemon = make_daemon(QUICK)
    daemon.ask("GET", "/scans", status=200)
    status = open(f"/proc/{daemon.process.pid}/status").read()
    kib = int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
    if SLOW == 1:
        assert kib < 20 * 1024, f"{kib} KiB"


# ---- XCCDF -------------------------------------------------------------------

def test_xccdf_is_generated_and_checked(make_engine):
    engine = make_engine("xccdf", plugins=("oscap",))
    engine.run("import", SOURCE / "tests/fixtures/content/zoo-ds.xml",
               code=DONE)
    daemon = Daemon(engine)
    try:
        made = daemon.ask("POST", "/xccdf/generate-benchmark",
                          {"benchmark_id": "x", "title": "T"}, 200).json()
        assert made["rules_count"] > 0 and "Benchmark" in made["benchmark_xml"]
        checked = daemon.ask("POST", "/xccdf/validate", {
            "xccdf_content": made["benchmark_xml"]}, 200).json()
        assert checked["valid"], checked
        checked = daemon.ask("POST", "/xccdf/validate", {
            "xccdf_content": "<Benchmark><unclosed>"}, 200).json()
        assert not checked["valid"] and checked["errors"]
        variables = daemon.ask("GET", "/variables", status=200).json()
        assert variables["variables"]
        made = daemon.ask("POST", "/xccdf/generate-tailoring", {
            "profile_id": "base", "benchmark": "zoo", "variable_overrides": {
                variables["variables"][0]["id"]: "1"}}, 200).json()
        assert made["variables_overridden"] == 1
    finally:
        daemon.stop()


# ---- the description, last: what was seen by then ----------------------------

def template_of(document, seen):
    """The path of the document that a request's path belongs to."""
    fitting = [path for path in document["paths"] if re.fullmatch(
        re.sub(r"\{\w+\}", "[^/]+", path), seen)]
    return min(fitting, key=lambda path: path.count("{"), default=None)


def test_the_description_is_true(make_daemon):
    daemon = make_daemon(QUICK)
    document = template(daemon)
    assert document["openapi"] == "3.1.0"
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in schemas, name
    missing = []
    for method, _, path, operation in operations(document):
        documented = set(map(int, operation["responses"]))
        seen = {status for m, p, status in SEEN
                if m == method and template_of(document, p) == path}
        assert seen <= documented | {405}, (method, path, seen - documented)
        missing += [(method, path, code)
                    for code in documented - seen - {429, 503}]
    if len({p for _, p, _ in SEEN}) < 20:
        pytest.skip("the other tests were not run before this one")
    assert not missing, "\n".join(map(str, missing))
    # each in the one envelope: Daemon.ask looks at it
    assert {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503} <= {
        status for _, _, status in SEEN}
