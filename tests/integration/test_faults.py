# SPDX-License-Identifier: Apache-2.0
"""Faults of the machine: kill -9 at any moment, effects that are left, stores
that cannot be written, are full, damaged or locked."""
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

import support
from support import (DONE, FAILED, SLOW, UNABLE, Engine, Gate, finish, is_alive,
                     kill_nine, processes_of, rule, wait_for, wait_gone)

SEED = int(os.environ.get("SCAN_ENGINE_TEST_SEED", "20240611"))


def running(engine):
    """The document of a scan exists."""
    try:
        return engine.database.exists() and engine.scans()
    except AssertionError:
        return False


def workers(engine):
    return [pid for pid, name in processes_of(engine.home).items()
            if "scan-worker" in name]


def found(engine):
    """The verdicts of plugins in the one scan that there may be."""
    return {(each["target"], each["rule_id"]): each
            for each in engine.report().verdicts
            if each["origin"] == "plugin"} if running(engine) else {}


def held_scan(engine, gate, *args):
    """A scan that has verdicts, and is held at the 21st of 40 rules."""
    engine.import_rules([rule(i) for i in range(20)] +
                        [gate.rule(i) for i in range(20, 40)])
    process = engine.start("scan", *args)
    gate.wait()
    wait_for(lambda: found(engine), 20, "a verdict")
    return process


# ---- kill -9 -----------------------------------------------------------------

def test_kill_nine_anywhere_and_resume_gives_each_verdict_once(tmp_path):
    engine = Engine(tmp_path)
    gate = Gate(tmp_path)  # no scan is over before its kill
    rules = []
    for scanner in ("alpha", "beta"):
        rules += [rule(i, scanner, ("pass", "fail")[i % 2], sleep_ms=70 * SLOW,
                       resources=3) for i in range(79)]
        rules += [gate.rule(79, scanner, "fail", resources=3)]
    engine.import_rules(rules)
    chance = random.Random(SEED)
    seen_workers = set()
    scan_id, kept = None, {}
    for turn in range(8):
        args = (("--resume", scan_id) if scan_id else
                ("--target", "local", "--target", "alpha_target"))
        process = engine.start("scan", "--format", "jsonl", *args)
        if turn % 2:  # not before there is something to kill
            seen_workers.update(wait_for(lambda: workers(engine), 20,
                                         "a worker"))
        if turn == 7:
            wait_for(lambda: len(found(engine)) > len(kept) or gate.held(), 60,
                     "a verdict")
        end = time.monotonic() + chance.uniform(0.02, 0.6) * SLOW
        while time.monotonic() < end and process.poll() is None:
            seen_workers.update(processes_of(engine.home))
            time.sleep(0.01)
        assert process.poll() is None, finish(process)
        kill_nine(process)
        wait_gone(engine.home)
        if running(engine):
            (scan,) = engine.scans()
            scan_id = scan["scan_id"]
            verdicts = found(engine)
            for key, verdict in kept.items():  # nothing done is lost
                assert verdicts[key] == verdict
            kept = verdicts
    assert scan_id and len(seen_workers) > 8, "the kills came too early"
    assert 0 < len(kept) < 240, "the kills were of no use"
    gate.open()
    scan = engine.scan("--resume", scan_id, code=FAILED, timeout=60)
    assert scan["status"] == "completed"
    assert [each["scan_id"] for each in engine.scans()] == [scan_id]
    expected = {}
    for document in rules:
        for target in ("local", "alpha_target"):
            if target == "local" or document["scanner_type"] == "alpha":
                expected[target, document["rule_id"]] = document[
                    "check_content"]["status"]
    assert {(each["target"], each["rule_id"]): each["status"]
            for each in scan.verdicts} == expected
    for verdict in scan.verdicts:  # no result twice, none lost
        assert verdict["origin"] == "plugin"
        assert sorted(each["resource"]["uid"] for each in
                      verdict["results"]) == [f"resource-{i}"
                                              for i in range(3)], verdict
        key = verdict["target"], verdict["rule_id"]
        assert key not in kept or kept[key] == verdict
    engine.check_store()
    wait_gone(engine.home)
    assert not list(engine.run_directory.glob("engine-*"))


def test_a_scan_whose_engine_died_is_not_taken_for_running(tmp_path):
    engine = Engine(tmp_path)
    process = held_scan(engine, Gate(tmp_path))
    kill_nine(process)
    result = engine.run("scans", "cancel", "last", code=UNABLE)
    assert "not running" in result.err
    engine.run("scans", "delete", "last", code=DONE)
    assert engine.scans() == []


def test_two_resumes_at_once_do_not_both_get_the_scan(tmp_path):
    engine = Engine(tmp_path)
    gate = Gate(tmp_path)
    kill_nine(held_scan(engine, gate))
    gate.open()
    both = [engine.start("scan", "--resume", "last") for _ in range(2)]
    codes = sorted(finish(each)[0] for each in both)
    assert codes == [DONE, UNABLE]
    assert len(engine.report().by_rule()) == 40


def test_children_of_children_die_with_the_engine(tmp_path):
    engine = Engine(tmp_path, plugins=("hang",))
    pids = tmp_path / "pids"
    engine.import_rules([rule(0, "hang", child=str(pids), spin=1)])
    process = engine.start("scan")
    wait_for(pids.exists, 10, "the plugin to start its children")
    children = list(map(int, pids.read_text().split()))
    assert len(children) == 3 and all(map(is_alive, children))
    kill_nine(process)
    wait_gone(engine.home)
    wait_for(lambda: not any(map(is_alive, children)), 10,
             "the children to die")


def test_a_killed_worker_costs_its_group_only(tmp_path):
    engine = Engine(tmp_path)
    gate = Gate(tmp_path)
    engine.import_rules([rule(i, scanner) for i in range(20)
                         for scanner in ("alpha", "beta")] +
                        [gate.rule(i, scanner) for i in range(20, 40)
                         for scanner in ("alpha", "beta")])
    process = engine.start("scan", "--format", "json")
    gate.wait(2)
    os.kill(workers(engine)[0], signal.SIGKILL)
    gate.open()
    code, out, err = finish(process)
    assert code == UNABLE and "signal 9" in err
    scan = engine.report()
    assert scan["status"] == "failed" and len(scan.verdicts) == 80
    by_scanner = scan["by_scanner"].values()
    assert sorted(each["passed"] == 40 for each in by_scanner) == [False,
                                                                   True]
    assert scan["error"] == 80 - scan["passed"]


# ---- effects -----------------------------------------------------------------

def killed_with_effect(engine, mark):
    engine.import_rules([rule(0, effect=str(mark), keep=1),
                         Gate(mark.parent).rule(1)])
    process = engine.start("scan")
    wait_for(mark.exists, 10, "the effect")
    wait_for(lambda: engine.report().statuses() == {"alpha-00000": "pass"},
             10, "the verdict of its rule")
    kill_nine(process)
    wait_gone(engine.home)
    assert mark.exists()


def effects(engine):
    with sqlite3.connect(f"file:{engine.database}?mode=ro",
                         uri=True) as database:
        return [row[0] for row in
                database.execute("SELECT doc FROM effects")]


def test_an_effect_is_journalled_before_it_is_made(tmp_path):
    engine = Engine(tmp_path)
    # it cannot be made: the directory is not there; yet it is in the journal
    mark = tmp_path / "nowhere" / "mark"
    engine.import_rules([rule(0, effect=str(mark), keep=1)])
    engine.scan()
    assert any(str(mark).encode() in each for each in effects(engine))


def test_effects_are_undone_by_a_resume(tmp_path):
    engine = Engine(tmp_path)
    mark = tmp_path / "mark"
    killed_with_effect(engine, mark)
    process = engine.start("scan", "--resume", "last")
    # undone first; then the rule, which had ended, is not run again
    wait_for(lambda: not mark.exists(), 10, "the effect to be undone")
    time.sleep(0.5)
    assert not mark.exists()
    process.send_signal(signal.SIGINT)
    finish(process)


def test_effects_are_undone_by_the_next_start(tmp_path):
    engine = Engine(tmp_path)
    mark = tmp_path / "mark"
    killed_with_effect(engine, mark)
    engine.import_rules([rule(0, "beta")], "other.jsonl")
    engine.scan("--rule", "beta-00000", code=DONE)
    assert not mark.exists()


def test_effects_that_a_job_leaves_are_undone_at_its_end(tmp_path):
    engine = Engine(tmp_path)
    mark = tmp_path / "mark"
    engine.import_rules([rule(0, effect=str(mark), keep=1)])
    engine.scan(code=DONE)
    assert not mark.exists()


def test_an_effect_that_cannot_be_undone_is_told_and_kept(tmp_path):
    engine = Engine(tmp_path)
    mark = tmp_path / "mark"
    killed_with_effect(engine, mark)
    mark.unlink()
    mark.mkdir()  # unlink will fail
    engine.import_rules([rule(0, "beta")], "other.jsonl")
    result = engine.run("scan", "--rule", "beta-00000", code=DONE)
    assert "not undone" in result.err
    mark.rmdir()
    mark.touch()
    engine.run("scan", "--rule", "beta-00000", code=DONE)
    assert not mark.exists()


def test_an_effect_of_a_living_engine_is_left_alone(tmp_path):
    engine = Engine(tmp_path)
    mark = tmp_path / "mark"
    gate = Gate(tmp_path)
    engine.import_rules([rule(0, effect=str(mark), keep=1), gate.rule(1),
                         rule(0, "beta")])
    process = engine.start("scan", "--filter",
                           '{"scanner_type": "alpha"}')
    wait_for(mark.exists, 10, "the effect")
    engine.scan("--rule", "beta-00000", code=DONE)
    assert mark.exists() and process.poll() is None
    gate.open()
    assert finish(process)[0] == DONE
    assert not mark.exists()


# ---- stores ------------------------------------------------------------------

def fingerprint(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_store_that_cannot_be_written(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    engine = Engine(tmp_path, store=f"sqlite:{folder}/engine.db")
    engine.database = folder / "engine.db"
    engine.import_rules([rule(0)])
    before = fingerprint(engine.database)
    if os.geteuid() == 0:  # root may write everything: a read-only mount
        mount = tmp_path / "mount"
        mount.mkdir()
        shutil.copy(engine.database, mount)
        if subprocess.run(["mount", "--bind", mount, mount]).returncode:
            support.unavailable("mount does not work here")
        try:
            subprocess.run(["mount", "-o", "remount,bind,ro", mount],
                           check=True)
            engine.configure(store=f"sqlite:{mount}/engine.db")
            check_read_only(engine)
        finally:
            subprocess.run(["umount", "-l", mount], check=True)
        assert fingerprint(mount / "engine.db") == before
        return
    folder.chmod(0o555)
    engine.database.chmod(0o444)
    try:
        check_read_only(engine)
    finally:
        folder.chmod(0o755)
    assert fingerprint(engine.database) == before


def check_read_only(engine):
    for args in (["scan"], ["import", engine.directory / "rules.jsonl"]):
        result = engine.run(*args, code=UNABLE)
        assert "engine.db" in result.err, result
        assert "read-only" in result.err.lower() or (
            "denied" in result.err.lower()), result
    shown = engine.run("rules", "list", "--format", "json")
    assert shown.code == UNABLE or shown.json()[0]["rule_id"] == "alpha-00000"


@pytest.fixture
def small(tmp_path):
    """A file system of 4 MiB."""
    support.need_root("to mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=64", "tmpfs",
                       folder]).returncode:
        support.unavailable("mount -t tmpfs does not work here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_during_a_scan(tmp_path, small):
    engine = Engine(tmp_path, store=f"sqlite:{small}/engine.db")
    engine.database = small / "engine.db"
    engine.import_rules([rule(i, resources=20, evidence="x" * 900)
                         for i in range(400)])
    result = engine.run("scan", "--format", "json", code=UNABLE)
    assert "full" in result.err or "No space left" in result.err, result
    assert "engine.db" in result.err
    wait_gone(engine.home)
    subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
    engine.check_store()
    scan = engine.scan("--resume", "last", code=DONE)
    assert scan["status"] == "completed" and scan["passed"] == 400
    assert all(len(each["results"]) == 20 for each in scan.verdicts)


def test_a_full_disk_during_an_import(tmp_path, small):
    engine = Engine(tmp_path, store=f"sqlite:{small}/engine.db")
    engine.database = small / "engine.db"
    rules = [rule(i, evidence="x" * 900) for i in range(5000)]
    path = engine.put("many.jsonl", rules)
    result = engine.run("import", path, code=UNABLE)
    assert "full" in result.err or "No space left" in result.err, result
    subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
    engine.check_store()
    engine.run("import", path, code=DONE)  # goes on where it ended
    assert len(engine.run("rules", "list", "--format", "json",
                          code=DONE).json()) == 5000


def test_a_full_disk_under_the_workers(tmp_path, small):
    """No place for a job's own files: the group fails and says why."""
    engine = Engine(tmp_path)
    engine.import_rules([rule(0)])
    engine.configure(run_directory=small / "run")
    for i in range(64):  # no inode is left
        try:
            (small / f"f{i}").touch()
        except OSError:
            break
    result = engine.run("scan", "--format", "json", timeout=30)
    assert result.code in (UNABLE, support.UNSURE), result
    assert "small" in result.err or "space" in result.err, result


DAMAGE = {
    "header": lambda data: b"not an SQLite file at all" + data[25:],
    "empty page": lambda data: data[:4096] + bytes(4096) + data[8192:],
    "garbage": lambda data: data[:1024] + bytes(
        random.Random(SEED).randbytes(len(data) - 1024)),
    "cut": lambda data: data[:len(data) // 2],
    "text": lambda data: b"hello\n",
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_store_is_refused_and_not_touched(tmp_path, how):
    engine = Engine(tmp_path)
    engine.import_rules([rule(i, evidence="x" * 500) for i in range(500)])
    engine.scan(code=DONE)
    for name in ("engine.db-wal", "engine.db-shm"):
        assert not (tmp_path / name).exists(), "not closed"
    engine.database.write_bytes(DAMAGE[how](engine.database.read_bytes()))
    before = fingerprint(engine.database)
    for args in (["scan"], ["scans", "list"],
                 ["import", tmp_path / "rules.jsonl"], ["scans", "check"]):
        result = engine.run(*args)
        if result.code == DONE:  # reading what is whole is fine
            assert how == "empty page" and args == ["scans", "list"], result
        else:
            assert "damaged" in result.err, result
            assert result.code == UNABLE and "engine.db" in result.err, result
        assert fingerprint(engine.database) == before, args
    wait_gone(engine.home)


def test_another_programs_database_is_not_taken(tmp_path):
    engine = Engine(tmp_path)
    with sqlite3.connect(engine.database) as database:
        database.execute("CREATE TABLE photos (name TEXT)")
    before = fingerprint(engine.database)
    result = engine.run("scan", code=UNABLE)
    assert "another program" in result.err
    assert fingerprint(engine.database) == before


def test_a_store_of_a_newer_engine_is_not_taken(tmp_path):
    engine = Engine(tmp_path)
    engine.import_rules([rule(0)])
    with sqlite3.connect(engine.database) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        assert version > 0
        database.execute(f"PRAGMA user_version = {version + 1}")
    database.close()
    before = fingerprint(engine.database)
    result = engine.run("scan", code=UNABLE)
    assert "newer" in result.err, result
    assert fingerprint(engine.database) == before


def lock(engine):
    database = sqlite3.connect(engine.database, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    return database


def test_a_short_lock_of_another_writer_is_waited_for(tmp_path):
    engine = Engine(tmp_path)
    engine.import_rules([rule(i, sleep_ms=20) for i in range(50)])
    process = engine.start("scan")
    wait_for(lambda: running(engine), 10, "the scan to start")
    database = lock(engine)
    time.sleep(2)
    database.execute("COMMIT")
    database.close()
    code, _, err = finish(process)
    assert code == DONE, err
    assert engine.report()["passed"] == 50


def test_a_lock_that_stays_is_an_error_that_says_so(tmp_path):
    engine = Engine(tmp_path)
    engine.import_rules([rule(i) for i in range(10)])
    database = lock(engine)
    result = engine.run("scan", code=UNABLE, timeout=120)
    assert "lock" in result.err or "busy" in result.err, result
    assert "engine.db" in result.err
    # readers do not care
    assert len(engine.run("rules", "list", "--format", "json",
                          code=DONE).json()) == 10
    database.execute("ROLLBACK")
    database.close()
    engine.scan(code=DONE)


# ---- the worker and the plugin's files ---------------------------------------

def test_a_missing_worker_is_said(tmp_path):
    engine = Engine(tmp_path)
    engine.import_rules([rule(0)])
    result = engine.run("scan", code=UNABLE,
                        env={"SCAN_ENGINE_WORKER": str(tmp_path / "none")})
    assert "worker" in result.err and "none" in result.err


def test_memory_limit_of_a_worker(tmp_path):
    if support.INSTRUMENTED:
        pytest.skip("an address space limit does not go with sanitizers")
    engine = Engine(tmp_path, limits={"memory_mb": 256})
    engine.import_rules([rule(i) for i in range(200)])
    assert engine.scan(code=DONE)["passed"] == 200
