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
from support import (DONE, SLOW, UNABLE, Engine, finish, kill_nine,
                     process_name, rule, wait_for, wait_gone)
from test_mongodb import database, server  # noqa: F401 (fixtures)

# More than what is found before the database is gone, and all of it found
# before the database is back.
RULES = [rule(each, sleep_ms=100) for each in range(60)]
AWAY = 20  # seconds


class Spooling(Engine):
    """An engine with a spool directory that a test can look into."""

    def __init__(self, directory, store, **spool):
        self.spool = Path(directory) / "spool"
        settings = {"directory": str(self.spool), **spool}
        self.settings = "spool: {{ {} }};\n".format(" ".join(
            f"{name} = {json.dumps(value)};"
            for name, value in settings.items()))
        super().__init__(directory, store=store, extra=self.settings)

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
    made.import_rules(RULES)
    yield made
    wait_gone(made.home, 5)


def metrics(daemon):
    text = daemon.ask("GET", "-/metrics", status=200).body.decode()
    return {name: int(value) for name, value in
            re.findall(r"^scan_engine_(\w+) (\d+)$", text, re.M)}


def all_spooled(engine, rules=RULES):
    """Every rule that was not in the store before is in the spool: the scan
    went on to its end. A rule is a result and a verdict."""
    def done():
        found = engine.documents()
        time.sleep(0.7)
        return found > len(rules) and engine.documents() == found and found
    return wait_for(done, 60, "the rest of the scan in the spool")


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
        assert 0 < found["spool_bytes"] <= spool.stat().st_size
        time.sleep(max(0, AWAY - (time.monotonic() - left)))
        back = time.time()
        server.start()
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed" and not scan.get("resumed"), scan
        check_once(daemon.scan(scan_id), RULES)
        assert back - AWAY / 2 > max(
            time.mktime(time.strptime(each["completed_at"][:19],
                                      "%Y-%m-%dT%H:%M:%S")) - time.timezone
            for each in daemon.scan(scan_id)["results_by_rule"])
        assert engine.spools() == []
        wait_for(lambda: daemon.ask("GET", "/ready", role=None).status == 200,
                 30, "the daemon to be ready")
        assert metrics(daemon)["spool_frames"] == 0
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
            time.sleep(AWAY)
        finally:
            os.kill(hung, signal.SIGCONT)
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed", scan
        check_once(daemon.scan(scan_id), RULES)
        assert engine.spools() == []
    finally:
        daemon.stop()


def test_a_daemon_killed_meanwhile_writes_it_at_its_next_start(engine,
                                                               server):  # noqa: F811
    daemon = Daemon(engine)
    try:
        scan_id = daemon.execute()["scan_id"]
        daemon.running(scan_id, 2)
        server.stop()
        wait_for(lambda: engine.documents() > 30, 60, "a spool")
        daemon.kill()
        wait_gone(engine.home)
        assert len(engine.spools()) == 1
        daemon.start()  # it waits for the database
        daemon.ask("GET", "/ready", role=None, status=503)
        daemon.ask("GET", "/health", role=None, status=200)
        daemon.kill()
        spooled = engine.documents()
        server.start()
        daemon.start()
        scan = daemon.ended(scan_id, 60)
        assert scan["status"] == "completed" and scan["resumed"] == 1, scan
        check_once(daemon.scan(scan_id), RULES)
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
    wait_for(lambda: any(each["status"] == "running"
                         for each in engine.scans()), 20, "the scan to start")
    time.sleep(0.5)
    server.stop()
    all_spooled(engine)
    assert process.poll() is None, finish(process)
    server.start()
    code, out, err = finish(process)
    assert code == DONE, err
    scan = json.loads(out)
    assert scan["status"] == "completed"
    check_once(scan, RULES)
    assert engine.spools() == []
    assert len(re.findall("the store is away", err)) == 1, err
    assert len(re.findall("the store is back", err)) == 1, err
