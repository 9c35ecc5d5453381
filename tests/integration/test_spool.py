# SPDX-License-Identifier: Apache-2.0
"""Results that are collected while the database is away: spooled on disk, and
written when it is back. test_mongodb.py says where a server comes from."""
import json
import os
import re
import signal
import stat
import time
from pathlib import Path

import pytest

from daemon import Daemon, check_once
from support import (DONE, SLOW, UNABLE, Engine, Gate, finish, kill_nine,
                     process_name, processes_of, rule, wait_for, wait_gone)
from test_mongodb import database, server  # noqa: F401 (fixtures)

AWAY = 20  # seconds
FIRST, MOST = 3, 40  # see Spooling.away and Spooling.rest


class Spooling(Engine):
    """An engine with a spool directory that a test can look into, and sixty
    rules: before the 4th a scan waits for the gate `away`, which a test opens
    when the database is gone, and before the 41st for the gate `rest`."""

    def __init__(self, directory, store, **spool):
        self.spool = Path(directory) / "spool"
        settings = {"directory": str(self.spool), **spool}
        self.settings = "spool: {{ {} }};\n".format(" ".join(
            f"{name} = {json.dumps(value)};"
            for name, value in settings.items()))
        super().__init__(directory, store=store, extra=self.settings)
        self.away, self.rest = (Gate(directory, name)
                                for name in ("away", "rest"))
        self.rules = [rule(each) for each in range(FIRST)] + [
            self.away.rule(each, sleep_ms=20) for each in range(FIRST, MOST)
        ] + [self.rest.rule(each, sleep_ms=20) for each in range(MOST, 60)]

    def configure(self, **changes):
        if "extra" in changes and "spool:" not in changes["extra"]:
            changes["extra"] = self.settings + changes["extra"]
        super().configure(**changes)

    def spools(self):
        return sorted(self.spool.glob("*.spool")) if (
            self.spool.is_dir()) else []

    def documents(self):
        """How many are spooled, by what every result and verdict has."""
        return sum(each.read_bytes().count(b"\x02rule_id\0")
                   for each in self.spools())


@pytest.fixture
def engine(tmp_path, server):  # noqa: F811
    if server.process.stdin.closed:  # a test failed with it stopped
        server.start()
    made = Spooling(tmp_path, database(server.uri))
    made.import_rules(made.rules)
    yield made
    wait_gone(made.home, 5)


def metrics(daemon):
    text = daemon.ask("GET", "-/metrics", status=200).body.decode()
    return {name: int(value) for name, value in
            re.findall(r"^scan_engine_(\w+) (\d+)$", text, re.M)}


def workers(engine):
    return any("scan-worker" in each
               for each in processes_of(engine.home).values())


def all_spooled(engine):
    """Lets the scan go on to its end: how many documents are spooled. A rule is
    a result and a verdict; those of the first may be in the database."""
    engine.away.open()
    engine.rest.open()
    wait_for(lambda: not workers(engine), 60, "the end of the workers")

    def settled():
        found = engine.documents()
        time.sleep(0.7)
        return found >= 2 * (60 - FIRST) and (
            engine.documents() == found and found)
    return wait_for(settled, 60, "the rest of the scan in the spool")


def part_spooled(engine, scans=1):
    """Lets scans go on to the second gate."""
    engine.away.open()
    engine.rest.wait(scans)
    wait_for(lambda: engine.documents() >= scans * 2 * (MOST - FIRST), 60,
             "a spool")


def begun(engine, count=1):
    """So many scans have found something."""
    def found():
        scans = engine.scans()
        return len(scans) == count and all(
            engine.report(each["scan_id"]).verdicts for each in scans)
    wait_for(found, 30, "the first verdicts")


def parts(process):
    """The processes of a started server."""
    found = [process.pid]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def ferretdb(process):
    (pid,) = [each for each in parts(process)
              if "/bin/ferretdb" in process_name(each).split(" ")[0]]
    return pid


def test_a_scan_of_the_daemon_goes_on_without_the_database(engine, server):  # noqa: F811
    daemon = Daemon(engine)
    try:
        assert metrics(daemon)["store_up"] == 1
        scan_id = daemon.execute()["scan_id"]
        daemon.running(scan_id, 2)
        server.stop()
        left = time.monotonic()
        spooled = all_spooled(engine)
        (spool,) = engine.spools()
        assert stat.S_IMODE(spool.stat().st_mode) == 0o600
        told = daemon.ask("GET", "/ready", role=None, status=503)
        assert "127.0.0.1" in told.error()["message"]
        found = metrics(daemon)
        assert found["store_up"] == 0
        assert found["spool_frames"] == spooled
        assert found["spool_files"] == 1
        assert 0 < found["spool_bytes"] <= spool.stat().st_size
        time.sleep(max(0, AWAY - (time.monotonic() - left)))
        back = time.time()
        server.start()
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed" and not scan.get("resumed"), scan
        check_once(daemon.scan(scan_id), engine.rules)
        assert back + 1 > max(
            time.mktime(time.strptime(each["completed_at"][:19],
                                      "%Y-%m-%dT%H:%M:%S")) - time.timezone
            for each in daemon.scan(scan_id)["results_by_rule"])
        assert engine.spools() == []
        wait_for(lambda: daemon.ask("GET", "/ready", role=None).status == 200,
                 30, "the daemon to be ready")
        found = metrics(daemon)
        assert found["spool_frames"] == found["spool_files"] == 0
        log = daemon.log.read_text()
        for word in ("away", "back after"):
            assert len(re.findall(f"the store is {word}", log)) == 2, log
    finally:
        daemon.stop()


def test_a_database_that_hangs_costs_nothing(engine, server):  # noqa: F811
    daemon = Daemon(engine)
    try:
        scan_id = daemon.execute()["scan_id"]
        daemon.running(scan_id, 2)
        hung = ferretdb(server.process)
        os.kill(hung, signal.SIGSTOP)
        try:
            wait_for(lambda: daemon.ask("GET", "/ready", role=None).status ==
                     503, 30, "the daemon not to be ready")
            engine.away.open()
            engine.rest.open()
            time.sleep(AWAY)
        finally:
            os.kill(hung, signal.SIGCONT)
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed", scan
        check_once(daemon.scan(scan_id), engine.rules)
        assert engine.spools() == []
    finally:
        daemon.stop()


def test_a_database_that_hangs_for_long_is_away(tmp_path, server):  # noqa: F811
    """Longer than socketTimeoutMS, which is a minute when the URI has none."""
    uri = database(server.uri) + f"?socketTimeoutMS={4000 * SLOW}"
    engine = Spooling(tmp_path, uri)
    engine.import_rules(engine.rules)
    process = engine.start("scan", "--format", "json")
    begun(engine)
    hung = ferretdb(server.process)
    os.kill(hung, signal.SIGSTOP)
    try:
        all_spooled(engine)
    finally:
        os.kill(hung, signal.SIGCONT)
    code, out, err = finish(process)
    assert code == DONE, err
    check_once(json.loads(out), engine.rules)
    assert engine.spools() == []


def test_a_daemon_killed_meanwhile_writes_it_at_its_next_start(engine,
                                                               server):  # noqa: F811
    daemon = Daemon(engine)
    try:
        scan_id = daemon.execute()["scan_id"]
        daemon.running(scan_id, 2)
        server.stop()
        part_spooled(engine)
        daemon.kill()
        wait_gone(engine.home)
        assert len(engine.spools()) == 1
        daemon.start()  # it waits for the database
        daemon.ask("GET", "/ready", role=None, status=503)
        daemon.ask("GET", "/health", role=None, status=200)
        assert daemon.stop() == 0
        spooled = engine.documents()
        engine.rest.open()
        server.start()
        daemon.start()
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed" and scan["resumed"] == 1, scan
        check_once(daemon.scan(scan_id), engine.rules)
        log = daemon.log.read_text()
        written = int(re.search(r"(\d+) documents that were spooled while the "
                                "store was away are written", log)[1])
        assert 30 < written <= spooled
        assert engine.spools() == []
    finally:
        daemon.stop()


def test_a_scan_of_the_command_line_goes_on_without_the_database(engine,
                                                                 server):  # noqa: F811
    process = engine.start("scan", "--format", "json")
    begun(engine)
    server.stop()
    all_spooled(engine)
    assert process.poll() is None, finish(process)
    server.start()
    code, out, err = finish(process)
    assert code == DONE, err
    scan = json.loads(out)
    assert scan["status"] == "completed"
    check_once(scan, engine.rules)
    assert engine.spools() == []
    assert len(re.findall("the store is away", err)) == 1, err
    assert len(re.findall("the store is back", err)) == 1, err


def test_who_took_the_scan_over_meanwhile_wins(engine, server, tmp_path):  # noqa: F811
    """As another machine would, which sees no spool of this one."""
    process = engine.start("scan")
    begun(engine)
    server.stop()
    part_spooled(engine)
    kill_nine(process)
    wait_gone(engine.home)
    engine.rest.open()
    server.start()
    other = Spooling(tmp_path / "other", engine.store)
    taken = other.scan("--resume", "last", code=DONE)
    assert taken["status"] == "completed"
    late = engine.run("scan", "--resume", taken["scan_id"], code=UNABLE)
    assert "complete" in late.err
    assert re.search(r"\d+ documents .* are dropped: another engine",
                     late.err), late.err
    assert engine.spools() == []
    scan = engine.report(taken["scan_id"])
    check_once(scan.document, engine.rules)
    assert scan.verdicts == taken.verdicts


def test_a_scan_that_cannot_spool_fails_and_can_be_resumed(engine, server):  # noqa: F811
    engine.spool.write_text("no directory")
    process = engine.start("scan", "--format", "json")
    begun(engine)
    server.stop()
    engine.away.open()
    # its workers stop; it waits for the database to say so there
    wait_for(lambda: not workers(engine), 60, "the workers to stop")
    assert process.poll() is None
    server.start()
    code, out, err = finish(process)
    assert code == UNABLE
    assert "results cannot be kept meanwhile" in err
    assert str(engine.spool) in err
    scan = json.loads(out)
    assert scan["status"] == "failed" and len(scan["results_by_rule"]) == 60
    done = {each["rule_id"]: each for each in scan["results_by_rule"]
            if each["origin"] == "plugin"}
    assert 0 < len(done) < 60
    engine.rest.open()
    resumed = engine.scan("--resume", "last", code=DONE)
    check_once(resumed.document, engine.rules)
    found = resumed.by_rule()
    assert all(found[each] == verdict for each, verdict in done.items())


def test_what_needs_the_database_waits_for_it(engine, server, tmp_path):  # noqa: F811
    """An effect is journalled before it is made, however long that takes."""
    mark = tmp_path / "mark"
    gate = Gate(tmp_path, "first")
    rules = [gate.rule("a-first"), rule("b-effect", effect=str(mark)),
             rule("c-last")]
    engine.import_rules(rules, "effects.jsonl")
    process = engine.start("scan", "--format", "json", *(
        word for each in rules for word in ("--rule", each["rule_id"])))
    gate.wait()
    server.stop()
    gate.open()
    wait_for(lambda: engine.documents() >= 2, 60, "the first rule")
    time.sleep(2)
    assert not mark.exists() and process.poll() is None
    assert engine.documents() == 2  # behind the effect nothing is taken
    server.start()
    code, out, err = finish(process)
    assert code == DONE, err
    check_once(json.loads(out), rules)


def test_who_is_told_to_end_meanwhile_leaves_it_to_the_next(engine, server):  # noqa: F811
    """A scan of a daemon goes on at its next start; a cancelled one is over."""
    daemon = Daemon(engine)
    try:
        scan_id = daemon.execute()["scan_id"]
        daemon.running(scan_id, 2)
        process = engine.start("scan", "--target",
                               '{"type": "alpha_target", "name": "other"}')
        begun(engine, 2)
        server.stop()
        part_spooled(engine, 2)
        assert len(engine.spools()) == 2
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
        assert code == UNABLE, err
        assert "stops while the store is away" in err
        assert str(engine.spool) in err  # where the results are
        assert daemon.stop() == 0
        wait_gone(engine.home)
        assert len(engine.spools()) == 2
        engine.rest.open()
        server.start()
        daemon.start()
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed" and scan["resumed"] == 1, scan
        check_once(daemon.scan(scan_id), engine.rules)
        (other,) = [each for each in engine.scans()
                    if each["scan_id"] != scan_id]
        assert other["status"] == "cancelled", other
        assert engine.spools() == []
    finally:
        daemon.stop()
