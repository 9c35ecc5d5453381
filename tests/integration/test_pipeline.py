# SPDX-License-Identifier: Apache-2.0
"""The pipeline over test plugins: routing, groups side by side, exit codes,
cancelling, deadlines, overrides, many rules."""
import json
import os
import signal
import time

import pytest

import support
from support import (DONE, FAILED, SLOW, UNABLE, UNSURE, Engine, Gate, finish,
                     rule, wait_for, wait_gone)

# Seconds: what can be done is done long before on any machine, what hangs ends.
WALL = 12


@pytest.fixture
def engine(tmp_path):
    made = Engine(tmp_path)
    yield made
    wait_gone(made.home)


def targets(*kinds):
    words = []
    for kind in kinds:
        words += ["--target", kind]
    return words


# ---- routing -----------------------------------------------------------------

def test_three_types_over_two_targets_end_where_they_belong(tmp_path):
    engine = Engine(tmp_path, plugins=("alpha", "beta", "prints"))
    engine.import_rules(
        [rule(1, "alpha", "pass"), rule(2, "alpha", "fail")]
        + [rule(1, "beta", "fail"), rule(2, "beta", "pass")]
        + [rule(1, "prints", "pass"), rule(1, "nobody", "pass")])
    scan = engine.scan(*targets("local", "alpha_target", "beta_target"),
                       code=FAILED)
    assert scan["status"] == "completed"
    assert scan.statuses("local") == {
        "alpha-00001": "pass", "alpha-00002": "fail",
        "beta-00001": "fail", "beta-00002": "pass", "prints-00001": "pass"}
    assert scan.statuses("alpha_target") == {
        "alpha-00001": "pass", "alpha-00002": "fail"}
    assert scan.statuses("beta_target") == {
        "beta-00001": "fail", "beta-00002": "pass"}
    (stray,) = scan.by_rule("none").values()
    assert (stray["rule_id"], stray["status"], stray["origin"]) == (
        "nobody-00001", "notchecked", "engine")
    assert '"nobody"' in stray["message"]
    assert len(scan.verdicts) == 10
    assert set(scan["by_target"]) == {"local", "alpha_target", "beta_target",
                                      "none"}
    assert set(scan["by_scanner"]) == {"alpha", "beta", "prints", "nobody"}
    assert scan["coverage_percentage"] == pytest.approx(90.0)
    assert scan["compliance_percentage"] == pytest.approx(500 / 9)
    # a verdict is made of results of its own plugin
    for verdict in scan.verdicts[:-1]:
        if verdict["origin"] == "plugin":
            assert [each["status"] for each in verdict["results"]] == [
                verdict["status"]], verdict


def test_large_rules_are_read_a_few_at_a_time_and_none_is_missed(engine):
    engine.import_rules([rule(40 - i, "alpha", description="x" * 900_000)
                         if i % 3 else rule(40 - i, "alpha")
                         for i in range(40)])
    scan = engine.scan(code=DONE)
    assert len(scan.statuses()) == 40
    assert set(scan.statuses().values()) == {"pass"}


def test_a_rule_that_no_target_suits_is_notchecked_and_says_so(engine):
    engine.import_rules([rule(1, "alpha"), rule(1, "beta")])
    scan = engine.scan(*targets("alpha_target"), code=DONE)
    verdict = scan.by_rule("none")["beta-00001"]
    assert verdict["status"] == "notchecked"
    assert "no target" in verdict["message"]
    assert '"beta"' in verdict["message"]
    assert scan.statuses("alpha_target") == {"alpha-00001": "pass"}


def test_aliases_of_types_and_targets_are_made_canonical(engine):
    engine.import_rules([rule("one", "alpha_alias")])
    scan = engine.scan(*targets("alpha_t"), code=DONE)
    assert scan.verdicts[0]["scanner_type"] == "alpha"
    assert scan.verdicts[0]["target_type"] == "alpha_target"


def test_an_unknown_target_type_is_refused_with_the_known_ones(engine):
    engine.import_rules([rule(1)])
    result = engine.run("scan", *targets("moon"), code=UNABLE)
    assert '"moon"' in result.err
    assert "alpha_target" in result.err and "local" in result.err
    assert engine.scans() == []


def test_groups_run_side_by_side(engine):
    gate = Gate(engine.directory)
    engine.import_rules([gate.rule(1, "alpha"), gate.rule(1, "beta")])
    process = engine.start("scan", "--format", "json")
    assert gate.wait(2) == ["alpha-00001", "beta-00001"]
    time.sleep(0.5)
    gate.open()
    code, out, err = finish(process)
    assert code == DONE, err
    durations = [each["duration_seconds"]
                 for each in json.loads(out)["scanner_metadata"].values()]
    assert len(durations) == 2 and min(durations) >= 0.4


def test_workers_bounds_how_many_groups_run_at_once(engine):
    engine.configure(extra="", limits={})
    text = engine.config.read_text().replace("workers = 4", "workers = 1")
    engine.config.write_text(text)
    engine.import_rules([rule(1, "alpha", sleep_ms=400),
                         rule(1, "beta", sleep_ms=400)])
    before = time.monotonic()
    engine.scan(code=DONE)
    assert time.monotonic() - before >= 0.8


def test_counters_add_up_for_every_status(engine):
    rules = []
    for scanner in ("alpha", "beta"):
        for count, status in enumerate(support.STATUSES, start=1):
            rules += [rule(f"{scanner}-{status}-{i}", scanner, status,
                           severity=("low", "high", "critical")[i % 3])
                      for i in range(count)]
    engine.import_rules(rules)
    scan = engine.scan(code=FAILED)  # scan() checks the sums
    for count, counter in enumerate(support.STATUSES.values(), start=1):
        assert scan[counter] == 2 * count, counter
    assert scan["total_rules"] == len(rules) == len(scan.verdicts)


def test_the_verdict_is_the_worst_of_many_resources(engine):
    engine.import_rules([rule(1, "alpha", "fail", resources=7,
                              message="seven of them")])
    (verdict,) = engine.scan(code=FAILED).verdicts
    assert verdict["resources"] == {"fail": 7}
    assert verdict["message"] == "seven of them"
    uids = [each["resource"]["uid"] for each in verdict["results"]]
    assert sorted(uids) == [f"resource-{i}" for i in range(7)]
    assert len({each["fingerprint"] for each in verdict["results"]}) == 7


def test_things_without_a_result_of_their_own_are_counted(engine):
    engine.import_rules([rule(1, "alpha", "fail", resources=2,
                              silent={"pass": 4000, "fail": 1, "odd": 3})])
    (verdict,) = engine.scan(code=FAILED).verdicts
    assert verdict["resources"] == {"pass": 4000, "fail": 3}
    assert len(verdict["results"]) == 2


def test_an_end_is_never_better_than_the_results_but_error_stands(engine):
    engine.import_rules([rule(1, "alpha", "fail", end_status="pass"),
                         rule(2, "alpha", "fail", end_status="error"),
                         rule(3, "alpha", "error", end_status="fail")])
    assert engine.scan(code=FAILED).statuses() == {
        "alpha-00001": "fail", "alpha-00002": "error", "alpha-00003": "fail"}


def test_fingerprints_are_the_same_in_every_scan(engine):
    engine.import_rules([rule(1, "alpha", "fail", resources=3)])
    marks = [[each["fingerprint"] for each in
              engine.scan(code=FAILED).verdicts[0]["results"]]
             for _ in range(2)]
    assert marks[0] == marks[1]


# ---- exit codes --------------------------------------------------------------

@pytest.mark.parametrize("statuses, code", [
    (("pass",), DONE),
    (("pass", "notapplicable", "notchecked", "informational"), DONE),
    (("pass", "error"), UNSURE),
    (("pass", "unknown"), UNSURE),
    (("pass", "error", "fail"), FAILED),
    (("fail",), FAILED),
])
def test_exit_codes_follow_the_verdicts(engine, statuses, code):
    engine.import_rules([rule(i, "alpha", status)
                         for i, status in enumerate(statuses)])
    assert engine.scan(code=code)["status"] == "completed"


def test_fail_on_counts_failures_of_a_severity_and_above(engine):
    engine.import_rules([rule(1, "alpha", "fail", severity="medium")])
    engine.scan("--fail-on", "medium", code=FAILED)
    engine.scan("--fail-on", "low", code=FAILED)
    engine.scan("--fail-on", "high", code=DONE)
    engine.run("scan", "--fail-on", "worst", code=UNABLE)
    engine.import_rules([rule(2, "alpha", "error")])
    engine.scan("--fail-on", "high", code=UNSURE)


# ---- selection ---------------------------------------------------------------

def test_an_empty_selection_names_what_there_is(engine):
    engine.import_rules([
        rule(1, more={"benchmark": "house-rules", "frameworks": {
            "nist": {"800-53r5": ["AC-6"]}}})])
    result = engine.run("scan", "--framework", "cis", code=UNABLE)
    assert '"cis"' in result.err
    assert "nist" in result.err and "house-rules" in result.err
    assert engine.scans() == []
    result = engine.run("scan", "--filter", '{"severity": "low"}',
                        code=UNABLE)
    assert "--allow-empty" in result.err
    scan = engine.scan("--framework", "cis", "--allow-empty", code=DONE)
    assert scan["status"] == "completed" and scan.verdicts == []
    assert scan["compliance_percentage"] is None


def test_an_empty_store_says_how_to_import(engine):
    result = engine.run("scan", code=UNABLE)
    assert "no rules" in result.err and "import" in result.err


def test_selection_by_framework_rule_and_filter(engine):
    nist = {"frameworks": {"nist": {"800-53r5": ["AC-6"]}}}
    engine.import_rules([rule(1, more=nist), rule(2, severity="high"),
                         rule(3), rule(1, "beta", severity="high")])
    assert set(engine.scan("--framework", "nist").by_rule()) == {
        "alpha-00001"}
    assert set(engine.scan("--framework", "nist:800-53r5").by_rule()) == {
        "alpha-00001"}
    assert set(engine.scan("--rule", "alpha-00003", "--rule",
                           "alpha-00001").by_rule()) == {
        "alpha-00001", "alpha-00003"}
    assert set(engine.scan("--filter", '{"severity": {"$in": ["high"]}}')
               .by_rule()) == {"alpha-00002", "beta-00001"}
    result = engine.run("scan", "--rule", "no-such-rule", code=UNABLE)
    assert "no-such-rule" in result.err
    # a filter narrows, whatever it says, and never runs code
    result = engine.run("scan", "--filter", '{"$where": "1"}', code=UNABLE)
    assert "$where" in result.err


def test_the_latest_version_is_scanned(engine):
    engine.import_rules([rule(1, "alpha", "pass")])
    engine.import_rules([rule(1, "alpha", "fail")])
    (verdict,) = engine.scan(code=FAILED).verdicts
    assert (verdict["status"], verdict["rule_version"]) == ("fail", 2)


def test_two_benchmarks_with_one_rule_id_do_not_mix(engine):
    engine.import_rules([
        rule("same", "alpha", "pass", more={"benchmark": "one"}),
        rule("same", "alpha", "fail", more={"benchmark": "two"})])
    result = engine.run("scan", code=UNABLE)
    assert "one" in result.err and "two" in result.err
    assert engine.scan("--benchmark", "one", code=DONE).statuses() == {
        "same": "pass"}
    assert engine.scan("--benchmark", "two", code=FAILED).statuses() == {
        "same": "fail"}


# ---- overrides ---------------------------------------------------------------

VARIABLES = {"variables": {
    "limit": {"type": "number", "default": "600", "minimum": 60,
              "maximum": 3600},
    "mode": {"type": "string", "default": "soft",
             "choices": ["soft", "hard"]},
    "name": {"type": "string", "default": "abc", "pattern": "^[a-z]+$"}}}


@pytest.mark.parametrize("setting, words", [
    ("unheard_of=1", ["unheard_of"]),
    ("limit=59", ["limit", "59", "60"]),
    ("limit=3601", ["limit", "3601", "3600"]),
    ("limit=many", ["limit", "many"]),
    ("mode=medium", ["mode", "medium", "soft", "hard"]),
    ("name=A1", ["name", "A1"]),
    ("limit", ["limit"]),
])
def test_a_bad_override_is_refused_before_anything_runs(engine, setting,
                                                        words):
    mark = engine.directory / "ran"
    engine.import_rules([rule(1, more=VARIABLES, effect=str(mark), keep=1),
                         rule(1, "beta")])
    result = engine.run("scan", "--set", setting, code=UNABLE)
    for word in words:
        assert word in result.err, result
    assert not mark.exists()
    assert engine.scans() == []


def test_good_overrides_are_taken(engine):
    engine.import_rules([rule(1, more=VARIABLES)])
    scan = engine.scan("--set", "limit=300", "--set", "mode=hard", code=DONE)
    assert scan["scan_config"]["variable_overrides"] == {
        "limit": "300", "mode": "hard"}


# ---- plugins that are refused ------------------------------------------------

def test_two_plugins_for_one_type_are_refused_by_name(tmp_path):
    engine = Engine(tmp_path, plugins=("alpha", "duplicate_type"))
    engine.import_rules([rule(1)])
    plugins = engine.run("plugins", code=DONE)
    for word in ("duplicate_type", "alpha", "refused"):
        assert word in plugins.out, plugins
    scan = engine.scan(code=DONE)  # the first one has it
    assert scan["scanner_metadata"]["alpha"]["version"] == "1.2.3"
    engine.configure(plugins=("alpha", {
        "name": "duplicate_type", "path": support.module("duplicate_type"),
        "types": ["alpha"]}))
    scan = engine.scan(code=DONE)  # the configuration says who wins
    assert "duplicate_type" in scan["scanner_metadata"]


@pytest.mark.parametrize("animal, words", [
    ("wrong_major", ["ABI 3.1", "provides 1.", "wrong_major.so"]),
    ("no_symbol", ["no_symbol.so", "LTX_scanner_query"]),
    ("failing_init", ["the frobnicator is not there",
                      "start the frobnicator"]),
])
def test_a_plugin_that_cannot_load_is_shown_and_others_scan(tmp_path, animal,
                                                            words):
    engine = Engine(tmp_path, plugins=("alpha", animal, "beta"))
    shown = engine.run("plugins", code=DONE)
    for word in [animal, "refused", *words]:
        assert word in shown.out, f"{word}: {shown!r}"
    engine.import_rules([rule(1, "alpha"), rule(1, "beta", "fail")])
    scan = engine.scan(code=FAILED)
    assert scan.statuses() == {"alpha-00001": "pass", "beta-00001": "fail"}
    # said again where a person looks: beside the scan
    assert animal in scan.result.err
    states = {each["plugin"]: each["state"] for each in
              engine.run("plugins", "--format", "json").json()}
    assert states == {"alpha": "loaded", animal: "refused", "beta": "loaded"}


def test_a_plugin_that_others_may_write_is_refused(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    copy = folder / "beta.so"
    copy.write_bytes(support.module("beta").read_bytes())
    copy.chmod(0o666)
    engine = Engine(tmp_path, plugins=("alpha", str(copy)))
    shown = engine.run("plugins", code=DONE)
    assert "written by group or others" in shown.out
    copy.chmod(0o644)
    engine.run("plugins", code=DONE)


# ---- plugins that misbehave --------------------------------------------------

def misbehave(tmp_path, animal, bad_rules, limits=None, args=()):
    engine = Engine(tmp_path, plugins=("alpha", animal), limits=limits)
    good = [rule(i, "alpha", ("pass", "fail")[i % 2]) for i in range(50)]
    engine.import_rules(good + bad_rules)
    scan = engine.scan(*args, timeout=60)
    wait_gone(engine.home)
    assert engine.report().statuses() == scan.statuses()
    statuses = scan.statuses()
    for document in good:
        assert statuses[document["rule_id"]] == document["check_content"][
            "status"]
    assert len(scan.verdicts) == len(good) + len(bad_rules)
    assert not list(engine.run_directory.glob("engine-*")), "left behind"
    return scan


@pytest.mark.parametrize("how, word", [
    ("segv", "Segmentation fault"), ("kill", "signal 9"), ("exit", "code 7")])
def test_a_crash_costs_unfinished_rules_of_its_group_only(tmp_path, how,
                                                          word):
    bad = [rule(0, "crash"), rule(1, "crash", crash=how), rule(2, "crash")]
    scan = misbehave(tmp_path, "crash_scan", bad)
    assert scan.code == UNABLE and scan["status"] == "failed"
    verdicts = scan.by_rule()
    assert verdicts["crash-00000"]["status"] == "pass"
    for name in ("crash-00001", "crash-00002"):
        assert verdicts[name]["status"] == "error"
        assert verdicts[name]["origin"] == "engine"
        assert word in verdicts[name]["message"], verdicts[name]
    assert word in scan.result.err and "crash_scan" in scan.result.err
    (error,) = scan["errors"]
    assert error["scanner"] == "crash_scan" and word in error["message"]
    assert scan["scanner_metadata"]["alpha"]["error"] is None
    assert word in scan["scanner_metadata"]["crash_scan"]["error"]


@pytest.mark.parametrize("spin", (0, 1))
def test_a_hang_ends_at_its_limit(tmp_path, spin):
    bad = [rule(0, "hang", spin=spin), rule(1, "hang")]
    scan = misbehave(tmp_path, "hang", bad, limits={"wall": WALL})
    assert scan.code == UNABLE and scan["status"] == "failed"
    assert scan.by_rule()["hang-00000"]["status"] == "pass"
    late = scan.by_rule()["hang-00001"]
    assert late["status"] == "error" and f"{WALL} s" in late["message"]


def test_children_of_a_hanging_plugin_are_ended_with_it(tmp_path):
    pids = tmp_path / "pids"
    misbehave(tmp_path, "hang", [rule(0, "hang", child=str(pids))],
              limits={"wall": WALL})
    for pid in map(int, pids.read_text().split()):
        wait_for(lambda: not support.is_alive(pid), 10, f"the end of {pid}")


def test_a_flood_ends_at_its_limit(tmp_path):
    scan = misbehave(tmp_path, "flood",
                     [rule(0, "flood"), rule(1, "flood")],
                     limits={"results": 5000, "wall": 60})
    assert scan.code == UNABLE and scan["status"] == "failed"
    for name in ("flood-00000", "flood-00001"):
        verdict = scan.by_rule()[name]
        assert verdict["status"] == "error"
        assert "5000" in verdict["message"], verdict
        assert len(verdict["results"]) <= 5000


@pytest.mark.parametrize("how", ("unknown", "twice", "status", "utf8",
                                 "bson"))
def test_a_breach_of_the_contract_spoils_nothing_else(tmp_path, how):
    bad = [rule(0, "wrong_rule"), rule(1, "wrong_rule", wrong=how),
           rule(2, "wrong_rule")]
    scan = misbehave(tmp_path, "wrong_rule", bad)
    verdicts = scan.by_rule()
    assert "not-mine" not in verdicts
    assert verdicts["wrong_rule-00000"]["status"] == "pass"
    # what it said about the rule itself was in order, or it is an error
    assert verdicts["wrong_rule-00001"]["status"] in ("pass", "error", "fail")
    if scan.code == UNABLE:
        assert scan["status"] == "failed"
        assert "wrong_rule" in scan["errors"][0]["message"]


def test_what_a_plugin_prints_does_not_reach_the_results(tmp_path):
    scan = misbehave(tmp_path, "prints", [rule(0, "prints", lines=20000)],
                     args=("--quiet",))
    assert scan.code == FAILED and scan["status"] == "completed"
    assert scan.by_rule()["prints-00000"]["status"] == "pass"
    engine = Engine(tmp_path, plugins=("alpha", "prints"))
    loud = engine.run("--log-level", "info", "scan", "--format", "json",
                      code=FAILED)
    assert "prints to standard output" in loud.err
    assert "prints to standard error ?" in loud.err
    assert "left out" in loud.err and len(loud.err) < 1 << 20


def test_findings_without_rules_of_theirs_are_kept(tmp_path):
    engine = Engine(tmp_path, plugins=("findings",))
    engine.import_rules([rule(1, "findings", ignored=1)])
    scan = engine.scan()
    statuses = scan.statuses()
    assert statuses["finding-1"] == "fail" and statuses["finding-2"] == "pass"
    assert statuses["findings-00001"] == "error"  # it never spoke of it
    assert scan.by_rule()["finding-1"]["title"] == "A finding"


def test_findings_need_no_rule_where_a_selection_without_rules_is_fine(
        tmp_path):
    """Tools with checks of their own: their group comes from the
    configuration alone, of an empty store or beside rules of others."""
    engine = Engine(tmp_path, plugins=("alpha", "findings"))
    found = {"finding-1": "fail", "finding-2": "pass"}
    scan = engine.scan("--allow-empty", code=FAILED)
    assert scan["status"] == "completed" and scan.statuses() == found
    assert scan.by_rule()["finding-1"]["title"] == "A finding"
    engine.import_rules([rule(1, "alpha"), rule(1, "findings")])
    scan = engine.scan("--rule", "alpha-00001", "--allow-empty", code=FAILED)
    assert scan.statuses() == {**found, "alpha-00001": "pass"}
    assert set(scan["scanner_metadata"]) == {"alpha", "findings"}
    scan = engine.scan("--allow-empty", code=FAILED)  # once for both
    assert scan.statuses() == {**found, "alpha-00001": "pass",
                               "findings-00001": "notchecked"}
    scan = engine.scan("--rule", "alpha-00001", code=DONE)
    assert scan.statuses() == {"alpha-00001": "pass"}


def test_stop_on_error_ends_the_other_groups(tmp_path):
    engine = Engine(
        tmp_path, plugins=("alpha", "crash_scan"),
        extra='scan: { options: { on_scanner_error = "stop"; }; };')
    gate = Gate(tmp_path)  # never opened
    engine.import_rules([rule(i, "alpha") for i in range(40)]
                        + [gate.rule(i, "alpha") for i in range(40, 100)]
                        + [rule(1, "crash", crash="exit")])
    scan = engine.scan(code=UNABLE)
    assert scan["status"] == "failed"
    assert scan["not_checked"] > 50 and len(scan.verdicts) == 101
    assert "code 7" in scan.result.err


# ---- cancelling and deadlines ------------------------------------------------

def held_scan(engine):
    """A scan that has a verdict, and two groups that are held at a gate."""
    gate = Gate(engine.directory)
    engine.import_rules(
        [rule(i, scanner) for i in range(20) for scanner in ("alpha", "beta")]
        + [gate.rule(i, scanner, sleep_ms=10) for i in range(20, 100)
           for scanner in ("alpha", "beta")])
    process = engine.start("scan", "--format", "json")
    gate.wait(2)
    wait_for(lambda: engine.report().verdicts, 20, "a verdict")
    return process, gate


def check_cancelled(engine, process):
    code, out, err = finish(process, 30)
    assert code == UNABLE, err
    assert "cancelled" in err
    scan = engine.report()
    assert scan["status"] == "cancelled" and scan["resumable"]
    assert len(scan.verdicts) == 200
    left = [each for each in scan.verdicts if each["origin"] == "engine"]
    assert left and all(each["status"] == "notchecked" for each in left)
    assert scan["passed"] > 0
    assert scan["passed"] + scan["not_checked"] == 200
    wait_gone(engine.home)
    return scan


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_a_signal_cancels_and_keeps_what_is_done(engine, number):
    process, gate = held_scan(engine)
    process.send_signal(number)
    scan = check_cancelled(engine, process)
    gate.open()
    done = {each["rule_id"] for each in scan.verdicts
            if each["origin"] == "plugin"}
    again = engine.scan("--resume", "last", code=DONE, timeout=60)
    assert again["scan_id"] == scan["scan_id"]
    assert again["status"] == "completed" and again["passed"] == 200
    kept = {each["rule_id"] for each in again.verdicts
            if each["completed_at"] <= scan["completed_at"]}
    assert kept == done  # finished rules were not run again


def test_another_process_cancels(engine):
    process, _ = held_scan(engine)
    (scan_id,) = [each["scan_id"] for each in engine.scans()]
    result = engine.run("scans", "delete", scan_id, code=UNABLE)
    assert "running" in result.err
    result = engine.run("scan", "--resume", scan_id, code=UNABLE)
    assert "running" in result.err
    engine.run("scans", "cancel", scan_id, code=DONE)
    check_cancelled(engine, process)
    result = engine.run("scans", "cancel", scan_id, code=UNABLE)
    assert "not running" in result.err
    engine.run("scans", "delete", scan_id, code=DONE)
    assert engine.scans() == []
    result = engine.run("scans", "show", scan_id, code=UNABLE)
    assert scan_id in result.err


def test_the_deadline_of_a_scan(engine):
    gate = Gate(engine.directory)
    engine.import_rules([gate.rule(i, "alpha") for i in range(100)]
                        + [rule(i, "beta") for i in range(20)])
    scan = engine.scan("--timeout", WALL, code=UNABLE)
    assert scan["status"] == "timed_out"
    statuses = scan.statuses()
    assert all(statuses[f"beta-{i:05}"] == "pass" for i in range(20))
    late = [each for each in scan.verdicts if each["origin"] == "engine"]
    assert late and all(each["status"] == "error" for each in late)
    assert all(f"{WALL} s" in each["message"] or
               "limit" in each["message"] for each in late)
    assert f"{WALL} s" in scan.result.err
    gate.open()
    again = engine.scan("--resume", "last", "--timeout", "0")
    assert again.code in (DONE, UNABLE)


def test_a_deadline_ends_a_hanging_plugin_too(tmp_path):
    engine = Engine(tmp_path, plugins=("alpha", "hang"))
    engine.import_rules([rule(1, "alpha"), rule(1, "hang"), rule(2, "hang")])
    scan = engine.scan("--timeout", WALL, code=UNABLE)
    assert scan["status"] == "timed_out"
    assert scan.statuses() == {"alpha-00001": "pass", "hang-00001": "pass",
                               "hang-00002": "error"}
    wait_gone(engine.home)


# ---- many --------------------------------------------------------------------

def test_twenty_thousand_rules_have_one_verdict_each(engine):
    count = 20000 if SLOW == 1 else 2000
    engine.import_rules([rule(i, "alpha", ("pass", "fail")[i % 10 == 0])
                         for i in range(count)])
    scan = engine.scan(code=FAILED, timeout=300)
    assert scan["total_rules"] == count == len(scan.by_rule())
    assert scan["failed"] == count // 10
    assert scan["passed"] == count - count // 10
    # the report streams; the engine never holds all results
    print(f"{count} rules: {scan.result.seconds:.2f} s, "
          f"{scan.result.peak_kib / 1024:.0f} MiB")
    assert scan.result.peak_kib < 128 * support.MIB


def test_memory_does_not_grow_with_results(engine):
    peaks = []
    for count in (1000, 30000):
        engine.import_rules([rule("many", "alpha", "pass", resources=count,
                                  evidence="x" * 400)])
        scan = engine.run("scan", code=DONE)
        peaks.append(scan.peak_kib)
    print(f"peaks: {[peak // 1024 for peak in peaks]} MiB")
    if not support.INSTRUMENTED:  # which keep what was freed
        assert peaks[1] < peaks[0] + 32 * support.MIB


# ---- warnings ----------------------------------------------------------------

def warned(scan):
    """In the order of coming: of targets side by side that may be any."""
    return [(each["scanner"], each["target"], each["message"])
            for each in scan["warnings"] if "target" in each]


def test_a_warning_is_kept_once_and_shown_wherever_the_scan_is(engine):
    engine.import_rules([rule(1, warn="nobody\x1b[2J looked"),
                         rule(2, warn="nobody\x1b[2J looked"), rule(3)])
    scan = engine.scan(*targets("local", "alpha_target"), code=DONE)
    assert sorted(warned(scan)) == [
        ("alpha", "alpha_target", "nobody\x1b[2J looked"),
        ("alpha", "local", "nobody\x1b[2J looked")]
    assert scan.result.err.count('on target "local": nobody') == 1
    table = engine.run("scans", "show", "last", code=DONE).out
    assert "alpha: nobody" in table and "\x1b" not in table
    shown = engine.run("scans", "show", "last", "--format", "json", code=DONE)
    assert shown.json()["warnings"] == scan["warnings"]
    assert "looked" in engine.run("scan", "--target", "local", code=DONE).out


def test_many_warnings_end_with_the_word_that_there_were_more(engine):
    engine.import_rules([rule(1, warn="careful", warnings=5000), rule(2)])
    scan = engine.scan("--target", "local", code=DONE)
    assert [text for _, _, text in warned(scan)] == [
        f"careful {number}" for number in range(100)]
    assert "left out" in scan["warnings"][100]["message"]
    assert len(scan["warnings"]) == 101


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGKILL))
def test_a_resume_keeps_the_warnings(engine, number):
    gate = Gate(engine.directory)
    engine.import_rules([rule(1, warn="mind the gap"), gate.rule(2),
                         rule(3, "nobody")])
    process = engine.start("scan", "--target", "local")
    wait_for(lambda: engine.database.exists() and engine.scans() and
             engine.report().get("warnings"), 20, "the warning")
    process.send_signal(number)
    process.communicate()
    gate.open()
    scan = engine.scan("--resume", "last")
    assert warned(scan) == [("alpha", "local", "mind the gap")]
    assert sum("not_checked" in each for each in scan["warnings"]) == 1
