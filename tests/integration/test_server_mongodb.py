# SPDX-License-Identifier: Apache-2.0
"""The daemon over the MongoDB store; test_mongodb.py says where a server comes
from."""
import pytest

from daemon import Daemon, check_once, until_ended
from daemon_flow import whole_flow
from support import Engine, rule
from test_mongodb import database, server, uri  # noqa: F401 (fixtures)

SLOWLY = [rule(each, sleep_ms=60) for each in range(30)]


@pytest.fixture
def engine(tmp_path, uri):  # noqa: F811
    return Engine(tmp_path, store=database(uri))


def test_the_whole_flow(engine):
    daemon = Daemon(engine)
    try:
        whole_flow(daemon)
    finally:
        daemon.stop()
    password = engine.store.rpartition("@")[0].rpartition(":")[2]
    assert not password or password not in daemon.log.read_text()


def test_kill_nine_loses_and_doubles_nothing(engine):
    engine.import_rules(SLOWLY)
    daemon = Daemon(engine)
    try:
        ids = [daemon.execute({"target": {
            "type": "alpha_target", "name": f"t{each}"}})["scan_id"]
            for each in range(2)]
        for scan_id in ids:
            daemon.running(scan_id, 2)
        for _ in range(3):
            daemon.kill()
            daemon.start()
        for scan_id, scan in until_ended(daemon, ids, 90).items():
            assert scan["status"] == "completed", scan
            check_once(daemon.scan(scan_id), SLOWLY)
    finally:
        daemon.stop()


def test_a_database_that_comes_back_costs_nothing(tmp_path,
                                                  server):  # noqa: F811
    """What was not written is done again, by whoever finds the lease over."""
    engine = Engine(tmp_path, store=database(server.uri))
    engine.import_rules(SLOWLY)
    daemon = Daemon(engine)
    try:
        scan_id = daemon.execute()["scan_id"]
        daemon.running(scan_id, 2)
        server.stop()
        answer = daemon.ask("GET", "/ready", role=None, status=503)
        assert answer.headers["Retry-After"]
        answer = daemon.ask("GET", "/scans", status=503)
        assert answer.headers["Retry-After"]
        daemon.ask("GET", "/health", role=None, status=200)
        server.start()
        scan = daemon.ended(scan_id, 150)
        assert scan["status"] == "completed", scan
        check_once(daemon.scan(scan_id), SLOWLY)
    finally:
        daemon.stop()
