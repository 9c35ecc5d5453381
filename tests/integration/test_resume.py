# SPDX-License-Identifier: Apache-2.0
"""Resumes of scans whose surroundings have changed since."""
import signal

from support import DONE, UNABLE, Gate, finish, rule, wait_for


def cancelled_scan(engine):
    """alpha is done with its rules, beta is not, and "zeta" is nobody's."""
    engine.import_rules([rule(1), rule(2, status="fail"),
                         Gate(engine.directory).rule(1, "beta"),
                         rule(1, "zeta")])
    process = engine.start("scan")
    wait_for(lambda: engine.database.exists() and engine.scans() and
             len(engine.report().verdicts) >= 3, 20, "verdicts of alpha")
    process.send_signal(signal.SIGINT)
    finish(process)
    return engine.report()


def test_a_scanner_that_is_gone_is_missed_and_nothing_is_added(engine):
    before = cancelled_scan(engine)
    engine.configure(plugins=("beta",))
    result = engine.run("scan", "--resume", "last", code=UNABLE)
    assert 'rules of type "alpha" on targets of type "local"' in result.err
    after = engine.report()
    assert after["status"] == "failed" and after["resumable"]
    assert after.statuses() == before.statuses()

    engine.configure(plugins=("alpha", "beta"))
    engine.import_rules([rule(1, "beta")])  # a later version: not this scan's
    process = engine.start("scan", "--resume", "last")
    wait_for(lambda: engine.report()["status"] == "running", 20, "a resume")
    process.send_signal(signal.SIGINT)
    finish(process)
    last = engine.report()
    last.check()
    assert last.statuses() == before.statuses()


def test_the_report_of_a_complete_scan_is_not_repeated_by_a_resume(engine):
    engine.import_rules([rule(1)])
    engine.run("scan", code=DONE)
    result = engine.run("scan", "--resume", "last", code=UNABLE)
    assert "is complete" in result.err and result.out == ""
