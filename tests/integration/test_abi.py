# SPDX-License-Identifier: Apache-2.0
"""A scanner that was built against ABI 1.0, on the day it was frozen, in this
engine: tests/abi/1.0."""
import hashlib
import os
import platform
import shutil

import pytest

from support import DONE, FAILED, SOURCE, Engine, rule, wait_gone

BINARY = SOURCE / "tests/abi/1.0" / platform.machine() / "alpha.so"


@pytest.fixture
def engine(tmp_path):
    if not BINARY.exists():
        pytest.skip(f"there is no binary of ABI 1.0 for {platform.machine()}")
    # as a third party ships it: elsewhere, and pinned
    folder = tmp_path / "shipped"
    folder.mkdir(mode=0o755)
    copy = folder / "alpha.so"
    shutil.copy(BINARY, copy)
    os.chmod(copy, 0o644)
    made = Engine(tmp_path, plugins=({
        "name": "alpha", "path": copy,
        "sha256": hashlib.sha256(copy.read_bytes()).hexdigest()}, "beta"))
    yield made
    wait_gone(made.home)


def test_it_is_loaded_as_what_it_is(engine):
    (alpha, beta) = engine.run("plugins", "--format", "json",
                               code=DONE).json()
    assert (alpha["state"], alpha["abi"]) == ("loaded", "1.0"), alpha
    assert beta["state"] == "loaded"


def test_its_results_effects_artifacts_and_warnings_arrive(engine, tmp_path):
    made = tmp_path / "effect"
    engine.import_rules([
        rule(1, "alpha", "pass", resources=3, effect=str(made)),
        rule(2, "alpha", "fail", message="as it was", artifact="kept"),
        rule(3, "alpha", "pass", warn="about the whole"),
        rule(1, "beta", "pass")])
    scan = engine.scan(code=FAILED)
    assert scan.statuses() == {"alpha-00001": "pass", "alpha-00002": "fail",
                               "alpha-00003": "pass", "beta-00001": "pass"}
    verdicts = scan.by_rule()
    assert len(verdicts["alpha-00001"]["results"]) == 3
    assert verdicts["alpha-00002"]["message"] == "as it was"
    assert not made.exists()
    assert [each["name"] for each in scan["artifacts"]] == ["alpha.txt"]
    assert [each["message"] for each in scan["warnings"]] == [
        "about the whole"]


def test_it_plans_and_probes(engine):
    engine.import_rules([rule(1, "alpha")])
    assert "1 rules, limit 10" in engine.run("scan", "--dry-run",
                                             code=DONE).out
    assert "cpe:/o:alpha:os:1" in engine.run("probe", "--format", "json",
                                             code=DONE).out
