# SPDX-License-Identifier: Apache-2.0
"""What workers learn of the engine's environment, and what it says of its own."""
import hashlib
import json
import signal
from pathlib import Path

from support import SLOW, Gate, finish, rule


def worker_environ(gate):
    """Of the worker that is held at the gate's one rule."""
    gate.wait()
    (held,) = gate.path.parent.glob(f"{gate.path.name}.held-*")
    pid = held.name.split("held-")[1].split("-")[0]
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def test_workers_know_the_agent_and_no_secrets(engine):
    gate = Gate(engine.directory)
    engine.import_rules([gate.rule(1)])
    process = engine.start("scan", env={"SSH_AUTH_SOCK": "/run/agent",
                                        "CLOUD_SECRET": "hunter2"})
    environ = worker_environ(gate)
    process.send_signal(signal.SIGINT)
    finish(process)
    assert b"SSH_AUTH_SOCK=/run/agent" in environ
    assert b"hunter2" not in b"".join(environ)


def test_workers_know_what_their_target_refers_to(engine):
    gate = Gate(engine.directory)
    engine.import_rules([gate.rule(1)])
    target = {"type": "local", "password": {"env": "ITS_PASSWORD"},
              "environment": ["CLOUD_*", "ALONE"]}
    process = engine.start(
        "scan", "--target", json.dumps(target), env={
            "ITS_PASSWORD": "one", "CLOUD_REGION": "two", "ALONE": "three",
            "ALONE_NOT": "four", "https_proxy": "five"})
    environ = worker_environ(gate)
    process.send_signal(signal.SIGINT)
    finish(process)
    assert {b"ITS_PASSWORD=one", b"CLOUD_REGION=two", b"ALONE=three",
            b"https_proxy=five"} <= set(environ)
    assert b"four" not in b"".join(environ)


def test_a_report_that_cannot_be_written_is_told_once(engine):
    engine.import_rules([rule(1)])
    with open("/dev/full", "wb") as full:
        process = engine.start("scan", stdout=full)
        err = process.communicate(timeout=60 * SLOW)[1].decode()
    assert process.returncode == 1
    assert err.count("No space left") == 1 and err.count("scan-engine:") == 1


def test_a_filter_that_cannot_match_is_an_error_and_not_an_empty_list(engine):
    engine.import_rules([rule(1)])
    result = engine.run("rules", "list", "--severity", "hgih", code=1)
    assert "critical" in result.err
    result = engine.run("scans", "list", "--status", "done", code=1)
    assert "completed" in result.err
    result = engine.run("rules", "list", "--severity", "low", code=0)
    assert "import" not in result.out + result.err


def test_what_a_scanner_keeps_is_named_by_its_scan(engine):
    engine.import_rules([rule(1, artifact="raw results"), rule(2)])
    scan = engine.scan(code=0)
    (kept,) = scan["artifacts"]
    assert kept["id"] == hashlib.sha256(b"raw results").hexdigest()
    assert (kept["name"], kept["media_type"]) == ("alpha.txt", "text/plain")
    assert (kept["scanner"], kept["target"]) == ("alpha", "local")


def test_words_in_the_wrong_place_are_put_right(engine):
    result = engine.run("scan", "--store", "x", code=1)
    assert "--store stands before the command" in result.err
    path = engine.put("rules.jsonl", [rule(1)])
    result = engine.run("rules", "validate", path, code=0)
    assert "1 valid" in result.out and "added" not in result.out


def test_a_report_stays_until_there_is_another(engine):
    engine.import_rules([rule(1)])
    path = engine.directory / "report.json"
    engine.run("scan", "--rule", "nope", "--output", path, code=1)
    assert not path.exists()
    path.write_text("x" * 100000)
    engine.run("scan", "--rule", "nope", "--output", path, code=1)
    assert path.read_text() == "x" * 100000
    engine.run("scan", "--format", "json", "--output", path, code=0)
    assert json.loads(path.read_text())["passed"] == 1
