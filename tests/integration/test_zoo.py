# SPDX-License-Identifier: Apache-2.0
"""One scan of a good scanner and the whole zoo: all the good one's results are
there, and each bad one is told of by name and cause: in the command's output,
in the store, over REST. tests/integration/test_conform.py knows the animals
too, one by one."""
import re

import pytest
import support
from daemon import Daemon
from support import DONE, INSTRUMENTED, UNABLE, Engine, rule, wait_gone

WALL = 16  # seconds: all but those that hang are ready long before

# Those that are not even loaded: why, in words that name both sides or what to
# do about it.
REFUSED = {
    "no_symbol": ["exports no function", "SCANNER_PLUGIN"],
    "undefined_symbol": ["undefined symbol: nobody_defines_this", "ldd"],
    "null_ops": ["does not fit this engine", "rebuild it"],
    "bad_magic": ["bad magic", "rebuild it"],
    "wrong_major": ["ABI 3.1", "this engine provides", "rebuild it"],
    "newer_needs": ["lacks the features 0x1000000000000000", "newer engine"],
    "short_size": ["bytes, at least", "rebuild it"],
    "failing_init": ["the frobnicator is not there", "start the frobnicator"],
    "crash_init": ["crashed: signal 11 (Segmentation fault)", "authors"],
    "crash_destroy": ["crashed: signal 11 (Segmentation fault)", "authors"],
    "duplicate_type": ['"alpha" is served by', "types = "],
    "writable": ["may be written by group or others", "chmod go-w"],
    "linked": ["is a symbolic link", "give the real path"],
    "foreign": ["built for another kind of machine", "rebuild it"],
    "pinned": ["its sha256 is", "the configuration says", "update the pin"],
}
# Those whose scan fails: why, and the verdicts of their three rules.
FAILED = {
    "crash_scan": ("signal 11 (Segmentation fault)", "pass error error"),
    "memory_hog": ("signal 6 (Aborted)", "pass error error"),
    "hang": (f"did not finish within {WALL} s", "pass error error"),
    "flood": ("more than 2000 results", "error error error"),
    "mute": ("failed and gave no reason", "pass error error"),
    "runaway": ("ended without a word, with exit code 0", "pass error error"),
    "unplugged": ("closed the connection of its worker", "pass error error"),
    "wrong_ids": ('rule "not-mine", which is not in its job',
                  "pass pass pass"),
}
# Those whose scan is in order, and what is not of one rule alone.
JUDGED = {
    "alpha": "pass pass pass", "older_minor": "pass pass pass",
    "newer_minor": "pass pass pass", "needs_self": "pass pass pass",
    "leaks": "pass pass pass", "single": "pass pass pass",
    "untidy": "pass pass pass", "prints": "pass pass pass",
    "fork_bomb": "pass pass pass", "busy": "pass pass pass",
    "modern": "pass pass pass", "rash": "pass pass pass",
    "forgetful": "pass error error", "bad_bson": "pass error error",
    "bad_utf8": "pass error error",
}
# Those whose scan is in order, and that are warned of all the same.
WARNED = {"fork_bomb": "left 24 processes running, which were ended"}
TYPES = {"crash_scan": "crash"}


def rules_of(name):
    scanner = TYPES.get(name, name)
    more = {"crash": "segv"} if name == "crash_scan" else {}
    return [rule(f"{name}-0", scanner), rule(f"{name}-1", scanner, **more),
            rule(f"{name}-2", scanner)]


def copy_of(path, mode=0o644):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(support.module("beta").read_bytes())
    path.chmod(mode)
    return path


def files(folder):
    """Copies of a good scanner in bad places, and one that was exchanged."""
    copy_of(folder / "open/beta.so")
    (folder / "open").chmod(0o777)
    (folder / "link").symlink_to(folder / "open")
    foreign = copy_of(folder / "files/foreign.so")
    data = bytearray(foreign.read_bytes())
    data[18] ^= 0x40  # of e_machine, elf(5)
    foreign.write_bytes(data)
    return [{"name": "writable",
             "path": copy_of(folder / "files/writable.so", 0o666)},
            {"name": "linked", "path": folder / "link/beta.so"},
            {"name": "foreign", "path": foreign},
            {"name": "pinned", "path": copy_of(folder / "files/pinned.so"),
             "sha256": "0" * 64}]


@pytest.fixture(scope="module", params=[None, "nobody"])
def zoo(request):
    """An engine with all of them, and one scan by it; once with workers as they
    are, and once as another user, whom limits and permissions bind."""
    folder = support.open_directory(request, request.param)
    limits = {"wall": WALL, "results": 2000}
    if not INSTRUMENTED:
        limits["memory_mb"] = 512
    names = [*JUDGED, *FAILED, *(each for each in REFUSED if each not in
                                 ("writable", "linked", "foreign", "pinned"))]
    engine = Engine(folder / "engine", plugins=[*names, *files(folder)],
                    limits=limits, user=request.param)
    rules = [document for name in [*JUDGED, *FAILED]
             for document in rules_of(name)]
    rules += [rule(i, "alpha", ("pass", "fail")[i % 2]) for i in range(50)]
    rules += [rule(1, name) for name in REFUSED if name != "duplicate_type"]
    engine.import_rules(rules)
    engine.made = engine.scan(code=UNABLE, timeout=120)
    wait_gone(engine.home)
    return engine


def test_each_that_cannot_load_says_why(zoo):
    shown = zoo.run("plugins", "--format", "json", code=DONE).json()
    states = {each["plugin"]: each["state"] for each in shown}
    assert {name for name, state in states.items()
            if state == "refused"} == set(REFUSED)
    for each in shown:
        assert each["user"] == (zoo.user or support.user_name())
        said = f"{each.get('reason')} {each.get('hint')}"
        for words in REFUSED.get(each["plugin"], ()):
            assert words in said, f"{words}: {each}"
        if each["state"] == "refused":
            # duplicate_type is fine by itself: its type is what is refused
            assert each["file"] in each["reason"] or \
                each["plugin"] == "duplicate_type"
            # said again beside every scan
            assert f'plugin "{each["plugin"]}" is not used' in \
                zoo.made.result.err


def test_the_good_one_has_all_its_results(zoo):
    statuses = zoo.made.statuses()
    for i in range(50):
        assert statuses[f"alpha-{i:05}"] == ("pass", "fail")[i % 2]


@pytest.mark.parametrize("name", [*JUDGED, *FAILED])
def test_what_was_judged_before_is_kept(zoo, name):
    verdicts = zoo.made.by_rule()
    said = [verdicts[f"{name}-{i}"] for i in range(3)]
    wanted = JUDGED.get(name) or FAILED[name][1]
    assert " ".join(each["status"] for each in said) == wanted, said
    if name in FAILED and name != "flood":
        for each in said:
            if each["status"] == "error":
                assert each["origin"] == "engine"
                assert FAILED[name][0] in each["message"], each


def test_each_that_fails_is_in_the_report_by_name_and_cause(zoo):
    made = zoo.made
    assert made["status"] == "failed"
    errors = {each["scanner"]: each["message"] for each in made["errors"]}
    assert set(errors) == set(FAILED), errors
    for name, (words, _) in FAILED.items():
        assert words in errors[name], errors[name]
        assert words in made["scanner_metadata"][name]["error"]
        assert re.search(rf"{name}.*{re.escape(words)}", made.result.err), \
            made.result.err
    for name in JUDGED:
        assert made["scanner_metadata"][name]["error"] is None
    assert {each["scanner"]: each["message"] for each in made["warnings"]
            if "scanner" in each} == WARNED
    for name, words in WARNED.items():
        assert re.search(rf"{name}.*{words}", made.result.err), made.result.err


def test_the_store_has_the_same(zoo):
    stored = zoo.report()
    assert stored.statuses() == zoo.made.statuses()
    assert stored["errors"] == zoo.made["errors"]
    assert stored["warnings"] == zoo.made["warnings"]
    zoo.check_store()


def test_rules_of_refused_ones_are_no_pass(zoo):
    for name in REFUSED:
        if name == "duplicate_type":
            continue
        verdict = zoo.made.by_rule()[f"{name}-00001"]
        assert verdict["status"] not in ("pass", "fail"), verdict
        assert verdict["origin"] == "engine"


def test_nothing_is_left_behind(zoo):
    assert not list(zoo.run_directory.glob("engine-*"))
    assert not support.processes_of(zoo.home)


def test_a_daemon_says_the_same(zoo):
    scan_id = zoo.made["scan_id"]
    daemon = Daemon(zoo)
    try:
        errors = daemon.ask("GET", f"/scans/{scan_id}/errors",
                            status=200).json()
        told = {name: text for name, text in errors["tool_errors"].items()
                if text}
        assert set(told) == set(FAILED), told
        for name, (words, _) in FAILED.items():
            assert words in told[name]
        scanners = daemon.ask("GET", "/scanners", status=200).json()["scanners"]
        for each in scanners:
            assert each["user"] == (zoo.user or support.user_name())
            wanted = REFUSED.get(each["plugin"])
            assert each["state"] == ("refused" if wanted else "loaded"), each
            if wanted:
                assert wanted[0] in str(each)
        # and it makes such a scan itself, however bad they are
        made = daemon.execute({"target": {"type": "local"}})
        ended = daemon.ended(made["scan_id"], 60)
        assert ended["status"] == "failed"
        found = daemon.scan(made["scan_id"])
        assert {each["scanner"]: each["message"] for each in found["warnings"]
                if "scanner" in each} == WARNED
        assert {each["rule_id"]: each["status"]
                for each in found["results_by_rule"]} == zoo.made.statuses()
    finally:
        daemon.stop()
    wait_gone(zoo.home)
