# SPDX-License-Identifier: Apache-2.0
"""Commands with --server: they print what the same command prints where the
store is, and survive what daemons, networks and users do to them."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from daemon import PREFIX, Daemon
from hostile import Hostile
from ports import free_port
from support import (BUILD, DONE, FAILED, MIB, PROGRAM, REMOTE, SLOW, SOURCE,
                     UNABLE, UNSURE, Gate, finish, need_program, on_terminal, rule,
                     unavailable, wait_for, wait_gone)

if not REMOTE.exists():
    unavailable("built without the client of the daemon")


class Client:
    """The program with the options that name a daemon."""

    def __init__(self, engine, url, token=None, *more):
        self.engine, self.url, self.more = engine, url, list(map(str, more))
        self.file = engine.directory / "scan.token"
        self.set_token(token or "nothing")

    def set_token(self, token, mode=0o600):
        self.file.unlink(missing_ok=True)
        self.file.write_text(token + "\n")
        self.file.chmod(mode)

    def options(self):
        return ["--server", self.url, "--token-file", str(self.file),
                *self.more]

    def run(self, *args, **how):
        result = self.engine.run(*args, *self.options(), **how)
        result.err = "".join(line for line in result.err.splitlines(True)
                             if "mongoc:" not in line)
        return result

    def start(self, *args, **how):
        return self.engine.start(*args, *self.options(), **how)

    def spools(self):
        return list(self.engine.directory.glob("scan-remote-*"))


@pytest.fixture
def make(engine):
    """A daemon with rules, and a client of it."""
    made = []

    def make(rules=(), role="operator", more=(), **options):
        if rules:
            engine.import_rules(rules)
        daemon = Daemon(engine, **options)
        made.append(daemon)
        client = Client(engine, f"{daemon.scheme}://127.0.0.1:{daemon.port}",
                        daemon.token(role), *more)
        return daemon, client
    yield make
    for daemon in made:
        if daemon.process:
            daemon.stop()
    wait_gone(engine.home, 5)


@pytest.fixture
def hostile(engine):
    """A server that answers as a test tells it, and a client of it."""
    made = []

    def make(**answers):
        server = Hostile(answers)
        made.append(server)
        return server, Client(engine, server.url, "the-secret-token")
    yield make
    for server in made:
        server.close()


def some_rules():
    """Every kind of verdict, and what is hard to print."""
    rules = [rule(each, status=status, severity=severity) for each, (
        status, severity) in enumerate([
            ("fail", "high"), ("pass", "low"), ("fail", "medium"),
            ("error", "high"), ("unknown", "low"), ("notapplicable", "info"),
            ("informational", "info"), ("notchecked", "critical"),
            ("pass", "unknown"), ("fail", "critical")])]
    rules[0]["remediation"] = {"text": "Do this\nthen that"}
    rules[2]["title"] = "Žluťoučký \"kůň\" \\ \x1b[31m red"
    rules[9]["remediation"] = {"code": {"bash": "true", "ansible": "- x"}}
    rules[1]["check_content"].update(resources=3, message="line\nbreak \u2028")
    return rules + [rule(each, "beta", "fail") for each in range(3)]


SLOWLY = [rule(each, sleep_ms=60, status="fail" if each % 4 else "pass")
          for each in range(40)]
@pytest.fixture
def gate(tmp_path):
    """A gate, and rules of which it holds all but the first twenty."""
    gate = Gate(tmp_path)
    gate.rules = SLOWLY[:20] + [
        gate.rule(each, status="fail" if each % 4 else "pass")
        for each in range(20, 40)]
    return gate


BOTH = ("--target", "local", "--target",
        '{"type": "alpha_target", "name": "two"}')


# ---- the same as where the store is ------------------------------------------

def without_advice(client, text):
    return text.replace(" " + " ".join(client.options()), "")


@pytest.mark.parametrize("show", ["show", "results"])
def test_reports_are_those_of_the_store(make, engine, show):
    daemon, client = make(some_rules())
    formats = re.search(r"--format FORMAT *(.*?)\n  --", engine.run(
        "scan", "--help").out, re.S)[1]
    formats = re.findall(r"\w+", formats.replace("(the default)", ""))
    formats = [each for each in formats if each != "or"]
    assert {"table", "json", "jsonl"} <= set(formats)
    client.run("scan", *BOTH, "--name", "some name", code=FAILED)
    for each in formats:
        ours = client.run("scans", show, "last", "--format", each, code=DONE)
        theirs = engine.run("scans", show, "last", "--format", each, code=DONE)
        assert without_advice(client, ours.out) == theirs.out, each
        assert ours.err == ""
    assert client.spools() == []


def test_a_scan_prints_its_report_and_ends_as_a_local_one(make, engine):
    daemon, client = make(some_rules())
    local = engine.scan(code=FAILED)
    result = client.run("scan", "--format", "json", code=FAILED)
    shown = engine.run("scans", "show", "last", "--format", "json", code=DONE)
    assert result.out == shown.out
    assert result.json()["trigger"] == "api"
    statuses = {each["rule_id"]: each["status"]
                for each in result.json()["results_by_rule"]}
    assert statuses == local.statuses()
    assert result.err == ""
    assert client.spools() == []


def test_the_exit_code_is_that_of_a_local_scan(make):
    daemon, client = make([
        rule("bad-1", status="fail", severity="medium"),
        rule("odd-1", status="error", severity="low"),
        rule("good-1", status="pass")])
    assert client.run("scan", "--rule", "good-1").code == DONE
    assert client.run("scan", "--rule", "odd-1").code == UNSURE
    assert client.run("scan").code == FAILED
    assert client.run("scan", "--fail-on", "medium").code == FAILED
    assert client.run("scan", "--fail-on", "high").code == UNSURE


def test_reports_go_to_a_file_and_quiet_is_quiet(make, engine):
    daemon, client = make(some_rules())
    path = engine.directory / "report.jsonl"
    result = client.run("scan", "--format", "jsonl", "--output", path,
                        "--quiet", code=FAILED)
    assert result.out == result.err == ""
    lines = [json.loads(each)
             for each in path.read_text().strip().split("\n")]
    assert lines[0]["status"] == "completed"
    assert len(lines) == 1 + len(some_rules())
    kept = path.read_text()
    client.run("scan", "--rule", "no-such-rule", "--output", path,
               code=UNABLE)
    assert path.read_text() == kept, "an older report stays"


def test_every_option_reaches_the_daemon(make, engine):
    variables = {"var_a": {"type": "number", "default": "1"}}
    daemon, client = make([rule("one_1", more={
        "benchmark": "b_first", "variables": variables,
        "frameworks": {"nist": {"800-53r5": ["AC-6"]}}}), rule("one_2", more={
            "benchmark": "b_first"})])
    options = ["--name", "a name", "--framework", "nist:800-53r5",
               "--benchmark", "first", "--rule", "one_1", "--filter",
               '{"severity": {"$in": ["medium"]}}', "--set", "var_a=3",
               "--shards", "2", "--timeout", "77", "--allow-empty",
               "--target", "local"]
    local = engine.scan(*options, code=DONE)
    remote = client.run("scan", *options, "--format", "json",
                        code=DONE).json()
    assert remote["scan_config"] == local["scan_config"]
    assert remote["name"] == "a name"
    assert remote["scan_config"]["options"]["timeout"] == 77


def test_the_scan_of_the_configuration_is_sent(make, engine):
    daemon, client = make(some_rules())
    engine.configure(extra='scan: { name = "of the file"; '
                     'rules = ( "alpha-00001" ); };\n')
    result = client.run("scan", "--format", "json", code=DONE).json()
    assert result["name"] == "of the file"
    assert len(result["results_by_rule"]) == 1


def test_many_verdicts_and_results_come_in_pages(make, engine):
    many = [rule(each) for each in range(450)]
    many.append(rule("big-1", resources=2300))
    many.append(rule("big-2", resources=1000))
    daemon, client = make(many)
    ours = client.run("scan", "--format", "json", code=DONE)
    theirs = engine.run("scans", "show", "last", "--format", "json")
    assert len(ours.json()["results_by_rule"]) == 452
    assert ours.out == theirs.out


def test_memory_does_not_grow_with_a_scan(make, engine):
    daemon, client = make([rule(each) for each in range(4000)])
    env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
           ":quarantine_size_mb=4"}  # what is freed, and kept all the same
    large = client.run("scan", "--format", "json", code=DONE, env=env)
    assert len(large.json()["results_by_rule"]) == 4000
    for _ in range(4):  # the peak is looked for while it runs: or is missed
        small = client.run("scan", "--format", "json", "--filter",
                           '{"rule_id": {"$lt": "alpha-01000"}}', code=DONE,
                           env=env)
        assert len(small.json()["results_by_rule"]) == 1000
        if large.peak_kib < small.peak_kib + 16 * MIB:
            break
    assert large.peak_kib < small.peak_kib + 16 * MIB


def test_scans_are_listed_cancelled_and_deleted(make, engine, gate):
    daemon, client = make(gate.rules)
    first = daemon.execute(token=daemon.token("operator"))["scan_id"]
    daemon.running(first)
    client.run("scans", "cancel", first[:8], code=DONE)
    assert daemon.ended(first)["status"] == "cancelled"
    client.run("scan", "--rule", "alpha-00001", code=FAILED)
    for options in ([], ["--format", "json"], ["--limit", "1"],
                    ["--status", "cancelled"], ["--status", "running"]):
        ours = client.run("scans", "list", *options, code=DONE)
        theirs = engine.run("scans", "list", *options, code=DONE)
        assert ours.out == theirs.out
    assert "cancelled" in client.run("scans", "list").out
    again = client.run("scans", "cancel", first, code=UNABLE)
    assert "409 conflict" in again.err
    client.run("scans", "delete", first[-8:], code=DONE)
    assert first not in client.run("scans", "list").out
    gone = client.run("scans", "show", first, code=UNABLE)
    assert f'there is no scan "{first}"' in gone.err
    assert "no scan \"abc\"" in client.run("scans", "show", "abc",
                                           code=UNABLE).err


def test_a_rule_is_shown(make, engine):
    daemon, client = make(some_rules())
    for options in ([], ["--format", "json"], ["--benchmark", "local"]):
        ours = client.run("rules", "show", "alpha-00009", *options, code=DONE)
        theirs = engine.run("rules", "show", "alpha-00009", *options,
                            code=DONE)
        assert ours.out == theirs.out
    assert "no rule" in client.run("rules", "show", "nope", code=UNABLE).err


def test_the_example_of_the_readme_works(make, engine):
    daemon, client = make([rule(1, more={
        "frameworks": {"nist": {"800-53r5": ["AC-6"]}}})])
    example = re.search(r"^    (\(umask.*\n(?:    .*\n)+)",
                        (SOURCE / "README").read_text(), re.M)[1]
    assert "scan-engine scan --server http://127.0.0.1:8734" in example
    selection = "--benchmark DEBIAN-12 --profile standard"
    assert selection in example  # of content that is not imported here
    example = example.replace(selection, "").replace(
        ":8734", f":{daemon.port}").replace(
        "scan-engine ", f"{PROGRAM} --config {engine.config} ")
    result = subprocess.run(
        ["sh", "-ec", example], cwd=engine.directory, capture_output=True,
        text=True, timeout=60 * SLOW,
        env=engine.environment({"token": daemon.token("operator")}))
    assert result.returncode == DONE, result
    assert "Scan completed" in result.stdout


# ---- following ---------------------------------------------------------------

def test_a_terminal_shows_the_same_line(make, engine):
    daemon, client = make(SLOWLY)
    code, seen = on_terminal(engine, "scan", *client.options())
    assert code == FAILED
    assert re.search(r"\r\x1b\[K\d+ of 40 rules, \d+ failing", seen)
    report = seen[seen.rindex("\x1b[K") + 3:]
    assert "failing" not in report and "Scan" in report


def test_quiet_shows_no_line(make, engine):
    daemon, client = make(SLOWLY[:5])
    code, seen = on_terminal(engine, "scan", "--quiet", *client.options())
    assert code == FAILED and "failing" not in seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_scan_there(make, engine, number):
    daemon, client = make([rule(each, sleep_ms=20 if each < 3 else 5000)
                           for each in range(20)])
    process = client.start("scan", "--format", "json")
    scan = wait_for(lambda: daemon.ask("GET", "/scans").json()["scans"], 20,
                    "a scan")[0]["scan_id"]
    daemon.running(scan, 3)
    process.send_signal(number)
    code, out, err = finish(process)
    assert code == UNABLE, err
    assert "the scan was cancelled" in err
    assert json.loads(out)["status"] == "cancelled"
    assert daemon.ended(scan)["status"] == "cancelled"
    assert client.spools() == []


def test_a_second_signal_leaves(hostile):
    server, client = hostile(events=b": there\n\n", cancel=None)
    process = client.start("scan")
    wait_for(lambda: server.count("events"), 20, "the events")
    process.send_signal(signal.SIGINT)
    wait_for(lambda: server.count("cancel"), 20, "the cancelling")
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process, 20)
    assert code == -signal.SIGINT, err


def test_a_killed_daemon_is_followed_on_when_it_is_back(make, engine, gate):
    daemon, client = make(gate.rules)
    daemon.stop()
    daemon.configure(listen=f"127.0.0.1:{free_port()}")
    client.url = f"http://127.0.0.1:{daemon.start().port}"
    process = client.start("scan", "--format", "json")
    scan = wait_for(lambda: daemon.ask("GET", "/scans").json()["scans"], 20,
                    "a scan")[0]["scan_id"]
    for verdicts in (3, 10):
        daemon.running(scan, verdicts)
        daemon.kill()
        time.sleep(0.5)
        daemon.start()
    gate.open()
    code, out, err = finish(process)
    assert code == FAILED, err
    report = json.loads(out)
    assert report["status"] == "completed"
    assert len(report["results_by_rule"]) == len(gate.rules)
    shown = engine.run("scans", "show", scan, "--format", "json", code=DONE)
    assert out == shown.out


def test_a_daemon_that_stays_away_is_given_up(make, gate):
    daemon, client = make(gate.rules, more=["--server-timeout", "5"])
    process = client.start("scan")
    scan = wait_for(lambda: daemon.ask("GET", "/scans").json()["scans"], 20,
                    "a scan")[0]["scan_id"]
    daemon.running(scan, 2)
    daemon.kill()
    code, out, err = finish(process)
    assert code == UNABLE and out == ""
    assert f"scan {scan} goes on without being watched" in err
    assert "no answer from" in err


def test_a_scan_that_ran_out_of_time_says_so(make, engine):
    daemon, client = make([rule(1), rule(2, sleep_ms=20000)])
    result = client.run("scan", "--timeout", "1", "--format", "json",
                        code=UNABLE)
    assert "the scan's time limit of 1 s was reached" in result.err
    assert result.json()["status"] == "timed_out"


def test_a_scan_of_which_a_part_failed_says_so(make, engine):
    engine.configure(plugins=("alpha", "crash_scan"))
    daemon, client = make([rule(1), rule(1, "crash", crash="exit")])
    local = engine.scan(code=UNABLE)
    result = client.run("scan", "--format", "json", code=UNABLE)
    # there the log has a line as well
    assert local.result.err.endswith(result.err) and "crash_scan" in result.err
    assert result.json()["status"] == "failed"


# ---- refusals ----------------------------------------------------------------

@pytest.mark.parametrize("options,words", [
    (["--resume", "last"], "--resume cannot be done through --server"),
    (["--dry-run"], "--dry-run cannot be done through --server"),
])
def test_what_makes_no_sense_there_is_refused(engine, options, words):
    result = engine.run("scan", "--server", "http://127.0.0.1:1", *options,
                        code=UNABLE)
    assert words in result.err


def test_options_for_daemons_need_one(engine):
    for option in (["--token-file", "x"], ["--ca-file", "x"],
                   ["--insecure-http"], ["--server-timeout", "3"],
                   ["--queue"]):
        result = engine.run("scan", *option, code=UNABLE)
        assert "it needs --server" in result.err
    result = engine.run("--store", "sqlite:/nowhere/x.db", "scan", "--server",
                        "http://127.0.0.1:1", code=UNABLE)
    assert "--store and --server exclude each other" in result.err


@pytest.mark.parametrize("url,words", [
    ("http://192.0.2.1:8734", "plain http to another machine"),
    ("http://127.0.0.1.example.org", "plain http to another machine"),
    ("http://localhost.example.org", "plain http to another machine"),
    ("http://[2001:db8::1]:80", "plain http to another machine"),
    ("ftp://127.0.0.1", 'begins with "ftp"'),
    ("https://user:hunter2@127.0.0.1", "holds a user or password"),
    ("https://127.0.0.1/?token=hunter2", "has a query or fragment"),
    ("127.0.0.1:8734", "is no address"),
    ("https://", "is no address"),
    ("https://a b/", "is no address"),
])
def test_addresses_that_would_give_the_token_away_are_refused(engine, url,
                                                              words):
    result = engine.run("scan", "--server", url, code=UNABLE)
    assert words in result.err
    assert "hunter2" not in result.err


def test_the_token_file_must_be_private(make):
    daemon, client = make([rule(1)])
    token = daemon.token("operator")
    for mode in (0o644, 0o640, 0o604, 0o660):
        client.set_token(token, mode)
        result = client.run("scan", code=UNABLE)
        assert f"is open to others (mode {mode:04o})" in result.err
        assert "chmod 600" in result.err
    for text, words in (("", "is empty"), ("two words", "more than one word"),
                        ("a\nInjected: header", "more than one word"),
                        ("x" * 5000, "larger than"), ("\xfc", "one word")):
        client.set_token(text)
        result = client.run("scan", code=UNABLE)
        assert words in result.err
        assert "Injected" not in result.err
    client.file.unlink()
    assert "No such file" in client.run("scan", code=UNABLE).err
    client.file.mkdir(0o700)
    assert "is no file" in client.run("scan", code=UNABLE).err


def test_the_token_is_nowhere_to_be_seen(make, engine, gate):
    daemon, client = make(gate.rules)
    token = daemon.token("operator")
    process = engine.start("--log-level", "debug", "scan", *client.options())
    wait_for(lambda: daemon.ask("GET", "/scans").json()["scans"], 20, "a scan")
    with open(f"/proc/{process.pid}/cmdline", "rb") as file:
        assert token.encode() not in file.read()
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        assert token.encode() not in file.read()
    gate.open()
    code, out, err = finish(process)
    assert code == FAILED and token not in out + err
    client.set_token(token[:-1] + ("a" if token[-1] != "a" else "b"))
    result = client.run("scan", code=UNABLE)
    assert token[:-1] not in result.err


def test_refusals_of_the_daemon_are_told(make, engine, gate):
    daemon, client = make(gate.rules, role="viewer")
    result = client.run("scan", code=UNABLE)
    assert re.search(r"role viewer may not do this \(403 forbidden, request "
                     r"[0-9a-f-]{36}\)\n  it takes a token of role operator",
                     result.err)
    client.run("scans", "list", code=DONE)
    client.set_token("wrong")
    result = client.run("scan", code=UNABLE)
    assert "(401 unauthenticated, request " in result.err
    client.set_token(daemon.token("operator"))
    result = client.run("scan", "--rule", "nope", code=UNABLE)
    assert 'there is no rule "nope" (422 invalid' in result.err
    busy = daemon.execute(token=daemon.token("operator"))["scan_id"]
    client.set_token(daemon.token("operator", "--name", "bob"))
    result = client.run("scan", code=UNABLE)
    assert "--queue waits for its end" in result.err
    client.set_token(daemon.token("operator"))
    result = client.run("scan", code=UNABLE)
    assert f"scan {busy} runs on this target" in result.err
    assert "(409 conflict" in result.err
    assert re.search(r"--queue waits for it; .*scans cancel --server .* "
                     rf"{busy}\" stops it", result.err)
    process = client.start("scan", "--queue", "--format", "json")
    wait_for(lambda: len(daemon.ask("GET", "/scans").json()["scans"]) == 2,
             20, "the second scan in the queue")
    gate.open()
    code, out, err = finish(process)
    assert code == FAILED, err
    assert json.loads(out)["scan_id"] != busy
    assert daemon.ended(busy)["status"] == "completed"


def test_too_many_requests_wait_their_turn(make):
    daemon, client = make([rule(1)], rate=60, burst=2)
    daemon.token("operator")
    began = time.monotonic()
    client.run("scan", "--quiet", code=DONE)
    assert time.monotonic() - began > 0.9, "it was told to wait"


def test_waiting_for_a_turn_can_be_interrupted(hostile):
    server, client = hostile(execute=(429, {"Retry-After": "60"}, b"{}"))
    process = client.start("scan")
    wait_for(lambda: server.count("execute"), 20, "the request")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process, 20)
    assert code in (UNABLE, -signal.SIGINT), err
    assert server.count("execute") == 1


def test_waiting_for_a_turn_ends(hostile):
    server, client = hostile(execute=(429, {"Retry-After": "3"}, b"{}"))
    client.more = ["--server-timeout", "10"]
    result = client.run("scan", code=UNABLE)
    assert "trying again in 3 s" in result.err
    assert "answers 429" in result.err
    assert 2 <= server.count("execute") <= 4


def test_a_busy_daemon_is_told_or_waited_for(hostile):
    error = json.dumps({"error": {"code": "unavailable", "request_id": "r-1",
                                  "message": "the queue is full"}}).encode()
    server, client = hostile(execute=(503, {"Retry-After": "5"}, error))
    result = client.run("scan", code=UNABLE)
    assert "the queue is full (503 unavailable, request r-1)" in result.err
    assert server.count("execute") == 1
    server, client = hostile(results=[
        (503, {"Retry-After": "0"}, error)] * 2 + [b'{"results":[]}'])
    assert client.run("scan", code=DONE).code == DONE
    assert server.count("results") == 3


def test_nobody_there_is_told_at_once(engine):
    with socket.socket() as ours:  # nobody listens, and nobody else can
        ours.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{ours.getsockname()[1]}"
        client = Client(engine, url)
        for command in (["scan"], ["scans", "list"]):
            result = client.run(*command, code=UNABLE)
            assert f'no answer from "{url}"' in result.err
            assert result.seconds < 20 * SLOW
    assert "may have been started" not in result.err


def test_the_certificate_is_checked(make, engine, tmp_path):
    openssl = need_program("openssl", "openssl")
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-days", "1", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout",
                    tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
                   check=True, capture_output=True)
    daemon, client = make([rule(1)], extra=(
        f'tls: {{ certificate = "{tmp_path}/cert.pem"; '
        f'key = "{tmp_path}/key.pem"; }};\n'))
    assert client.url.startswith("https://")
    result = client.run("scan", code=UNABLE)
    assert "is not trusted" in result.err and "--ca-file" in result.err
    client.more = ["--ca-file", str(tmp_path / "cert.pem")]
    client.run("scan", code=DONE)
    client.url = client.url.replace("127.0.0.1", "localhost")
    assert "is not trusted" in client.run("scan", code=UNABLE).err
    client.more = ["--ca-file", str(tmp_path / "no.pem")]
    assert "--ca-file" in client.run("scan", code=UNABLE).err


def test_a_program_that_is_not_there_is_told(engine):
    result = engine.run("scan", "--server", "http://127.0.0.1:1", code=UNABLE,
                        env={"SCAN_ENGINE_REMOTE": "/nowhere/scan-remote"})
    assert 'could not run "/nowhere/scan-remote"' in result.err
    assert "libcurl4-openssl-dev" in result.err


def test_only_the_client_is_linked_to_libcurl():
    readelf = need_program("readelf", "binutils")
    for path, wanted in ((BUILD / "scan-engine", False), (REMOTE, True),
                         (BUILD / "engine/.libs/libengine.so", False)):
        if not path.read_bytes().startswith(b"\x7fELF"):
            continue  # a script, under Valgrind
        out = subprocess.run([readelf, "-d", path], capture_output=True,
                             text=True, check=True).stdout
        assert ("libcurl" in out) == wanted, path


# ---- servers that are not ours -----------------------------------------------

def test_redirects_are_not_followed(hostile):
    other, _ = hostile()
    server, client = hostile(execute=(307, {
        "Location": other.url + PREFIX + "/scans/execute"}, b""))
    result = client.run("scan", code=UNABLE)
    assert "a redirect to " + other.url in result.err
    assert other.requests == []
    server, client = hostile(events=(302, {"Location": other.url}, b""))
    assert "a redirect" in client.run("scan", code=UNABLE).err
    assert other.requests == []


@pytest.mark.parametrize("where,answer,words", [
    ("execute", b"", "not understood"),
    ("execute", b"<html>", "not understood"),
    ("execute", b"[]", "not understood"),
    ("execute", b"{}", "does not name the scan"),
    ("execute", b'{"scan_id": 7}', "does not name the scan"),
    ("execute", b'{"scan_id": "../../x"}', "does not name the scan"),
    ("execute", b'{"scan_id": "%s"}' % (b"a" * 5000),
     "does not name the scan"),
    ("execute", (500, {}, b"oh no"), "answers 500 without saying why"),
    ("execute", (404, {}, b'{"error": "no"}'), "answers 404 without saying"),
    ("execute", (403, {}, b'{"error": {"code": "x", "message": "\\u001b[2J"}}'
                 ), "403 x"),
    ("execute", (200, {}, b"[" * 100000), "not understood"),
    ("scan", b"{}", "without id or status"),
    ("scan", b'{"scan_id": 1, "status": []}', "without id or status"),
    ("scan", b'{"scan_id": "x", "status": "completed"}', "another scan"),
    ("results", b"{}", 'no list "results"'),
    ("results", b'{"results": {}}', 'no list "results"'),
    ("results", b'{"results": [1]}', "is no object"),
    ("results", b'{"results": [{}]}', "more verdicts than the scan has"),
    ("results", b'{"results": [{"rule_id": 1', "not understood"),
    ("results", b'{"results": [], "has_more": true}', "sends none"),
    ("results", b'{"results": [{"rule_id": "r", "status": "pass", '
     b'"scan_id": "s"}]}', "more verdicts than the scan has"),
    ("events", b"event: end\ndata: nothing\n\n", "not understood"),
    ("events", b"event: end\ndata: [1]\n\n", "not understood"),
    ("events", (200, {"Content-Type": "text/html"}, b"<p>"), "no events"),
    ("events", b"event: progress\ndata: " + b"x" * 2000000 + b"\n\n",
     "an event that is too large"),
])
def test_nonsense_is_refused(hostile, where, answer, words):
    server, client = hostile(**{where: answer})
    result = client.run("scan", code=UNABLE)
    assert words in result.err, result.err
    assert "\x1b" not in result.err
    assert "the-secret-token" not in result.err
    assert client.spools() == []


def test_wrong_types_in_events_do_no_harm(hostile):
    events = b"".join(b"event: progress\ndata: %s\n\n" % each for each in (
        b"{}", b'{"progress": 3}', b'{"status": {}, "progress": []}',
        b'{"progress": {"rules_total": "many", "rules_done": -5}}',
        b'{"progress": {"rules_total": 9223372036854775807, '
        b'"rules_done": 9223372036854775807, "failed": 1e300}}'))
    server, client = hostile(
        events=events + b"data: x\nid: a\n\n:\nretry: 1\nevent: end\n"
        b"data: {}\n\n")
    client.run("scan", code=DONE)


def test_the_last_event_is_named_when_a_stream_is_cut(hostile):
    server, client = hostile(events=[
        b"id: 17\nevent: result\ndata: {}\n\n",
        b"event: end\ndata: {}\n\n"])
    client.run("scan", code=DONE)
    first, second = [each for each in server.requests
                     if each.path.split("?")[0].endswith("/events")]
    assert "Last-Event-ID" not in first.headers
    assert second.headers["Last-Event-ID"] == "17"


def test_a_stream_of_nothing_is_given_up(hostile):
    server, client = hostile(events=b"")
    client.more = ["--server-timeout", "1"]
    result = client.run("scan", code=UNABLE)
    assert "ended the events early" in result.err
    assert server.count("events") < 20 * SLOW


def endless(line):
    def send(write):
        while True:
            write(line)
    return send


@pytest.mark.parametrize("where,answer", [
    ("events", endless(b"x" * 65536)),
    ("events", endless(b"data: " + b"y" * 65536 + b"\n")),
    ("results", endless(b" " * 65536)),
    ("execute", endless(b'{"a":' + b" " * 65536)),
])
def test_what_does_not_end_is_cut(hostile, where, answer):
    server, client = hostile(**{where: answer})
    result = client.run("scan", code=UNABLE)
    assert "64 MiB" in result.err
    assert result.peak_kib < 400 * 1024 * SLOW


def test_endless_headers_are_cut(hostile):
    server, client = hostile(execute=(200, {f"X-{each}": "y" * 1000
                                            for each in range(200)}, b"{}"))
    result = client.run("scan", code=UNABLE)
    assert "64 KiB of headers" in result.err


def test_pages_without_end_are_cut(hostile):
    verdict = (b'{"rule_id": "r", "status": "pass", "scan_id": "s", '
               b'"target": "t", "benchmark": "b"}')
    server, client = hostile(results=b'{"results": [%s], "has_more": true}' %
                             verdict)
    result = client.run("scan", code=UNABLE)
    assert "more verdicts than the scan has" in result.err
    assert server.count("results") <= 2


def test_what_is_no_web_server_is_told(engine):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = Client(engine, "http://127.0.0.1:%d" %
                        listening.getsockname()[1])
        process = client.start("scan")
        link, _ = listening.accept()
        with link:
            link.recv(65536)
            link.sendall(b"220 mail.example.org ESMTP\r\n")
        code, _, err = finish(process, 60)
    assert code == UNABLE
    assert "does not answer as a web server" in err


def test_an_answer_that_never_came_says_what_may_be(engine):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = Client(engine, "http://127.0.0.1:%d" %
                        listening.getsockname()[1])
        process = client.start("scan")
        link, _ = listening.accept()
        link.recv(65536)
        link.close()
        code, _, err = finish(process, 60)
    assert code == UNABLE
    assert "the scan may have been started" in err


def test_an_interrupted_download_leaves_nothing(hostile):
    server, client = hostile(results=None)
    process = client.start("scan")
    wait_for(lambda: server.count("results"), 20, "the results")
    assert client.spools()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    code, out, err = finish(process, 20)
    assert code in (UNABLE, -signal.SIGTERM), err
    assert out == "" and client.spools() == []


def test_a_proxy_does_not_see_the_token(hostile, make):
    server, _ = hostile()
    daemon, client = make([rule(1)])
    client.run("scan", code=DONE, env={"http_proxy": server.url,
                                       "ALL_PROXY": server.url})
    assert server.requests == []


def test_a_prefix_and_the_address_of_the_api_are_understood(make):
    daemon, client = make([rule(1)])
    url = client.url
    for more in ("/", PREFIX, PREFIX + "/"):
        client.url = url + more
        client.run("scans", "list", code=DONE)
