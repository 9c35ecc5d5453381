# SPDX-License-Identifier: Apache-2.0
"""Benchmarks and tailorings that the daemon generates: oscap finds them valid,
and does with them what was asked for."""
import re
import shutil
import subprocess
import threading
import xml.etree.ElementTree as ET

import pytest

import scap
from daemon import Daemon
from oscap_equality import XCCDF, verdicts
from support import (DONE, SLOW, SOURCE, Engine, need_program,
                     processes_of)
from test_specification import NIST, RULES, machine

OURS = "xccdf_com.hanalyx.openwatch_"
VALUE = "xccdf_org.ssgproject.content_value_var_accounts_tmout"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    need_program("oscap", "openscap-scanner")
    engine = Engine(tmp_path_factory.mktemp("xccdf"), plugins=("oscap",))
    engine.run("import", scap.datastream("ubuntu2204"), RULES,
               SOURCE / "tests/fixtures/content/zoo-ds.xml", code=DONE)
    made = Daemon(engine)
    yield made
    made.stop()


def ask(daemon, kind, status=200, **body):
    return daemon.ask("POST", f"/xccdf/generate-{kind}", body, status,
                      "viewer").json()


def valid(path, text, *more):
    path.write_text(text)
    done = subprocess.run(["oscap", "xccdf", "validate", *more, path],
                          capture_output=True, text=True, timeout=300 * SLOW)
    assert done.returncode == 0, done.stdout + done.stderr
    return ET.fromstring(text)


def validity(daemon, text):
    return daemon.ask("POST", "/xccdf/validate", {"xccdf_content": text},
                      200).json()


def benchmark(daemon, tmp_path, **body):
    made = ask(daemon, "benchmark", **body)
    root = valid(tmp_path / "benchmark.xml", made["benchmark_xml"])
    for name, count in (("Rule", "rules"), ("Value", "variables"),
                        ("Profile", "profiles")):
        assert len(list(root.iter(XCCDF + name))) == made[f"{count}_count"]
    assert root.get("id") == made["benchmark_id"]
    assert validity(daemon, made["benchmark_xml"])["valid"]
    return root, made


def tailoring(daemon, tmp_path, **body):
    made = ask(daemon, "tailoring", **body)
    root = valid(tmp_path / "tailoring.xml", made["tailoring_xml"],
                 "--skip-schematron")  # there is none for tailorings
    assert validity(daemon, made["tailoring_xml"])["valid"]
    return root, made


def evaluate(tmp_path, root, document, *args):
    """{rule: verdict} of oscap for a machine below `root`."""
    results = tmp_path / "results.xml"
    done = subprocess.run(
        ["oscap", "xccdf", "eval", "--results", results, *args, document],
        env={"PATH": "/usr/bin:/bin", "OSCAP_PROBE_ROOT": str(root)},
        capture_output=True, text=True, cwd=tmp_path, timeout=120 * SLOW)
    assert done.returncode in (0, 2), done.stderr
    return {rule: found[0] for rule, found in verdicts(results).items()}


# ---- what was asked for is in it ---------------------------------------------

def test_rules_of_openwatch_with_the_checks_of_content(daemon, tmp_path):
    root, made = benchmark(
        daemon, tmp_path, benchmark_id="my benchmark", title="A <title> & more",
        description="Some \"text\"", version="2.1", **NIST)
    assert made["benchmark_id"] == f"{OURS}benchmark_my_benchmark"
    assert root.find(XCCDF + "title").text == "A <title> & more"
    assert root.find(XCCDF + "description").text == 'Some "text"'
    assert root.find(XCCDF + "version").text == "2.1"
    (profile,) = root.findall(XCCDF + "Profile")
    assert profile.get("id") == f"{OURS}profile_nist_800_53r5"
    selected = {each.get("idref") for each in profile}
    rules = {each.get("id"): each for each in root.iter(XCCDF + "Rule")}
    assert selected - {None} == set(rules)
    check = rules[f"{OURS}rule_accounts_tmout"].find(XCCDF + "check")
    assert check.find(XCCDF + "check-content-ref").get("name") == (
        "oval:ssg-accounts_tmout:def:1")
    assert check.find(XCCDF + "check-export").get("value-id") == VALUE
    assert {each.get("id") for each in root.findall(XCCDF + "Group")} == {
        f"{OURS}group_{each}" for each in (
            "access_control", "audit_logging", "authentication",
            "system_hardening")}
    # what content has none of is named, and told
    check = rules[f"{OURS}rule_account_unique_id"].find(XCCDF + "check")
    assert check.get("system") == "http://openwatch.hanalyx.com/scanner/oscap"
    assert any("account_unique_id" in each for each in made["warnings"])


def test_filters_narrow_and_frameworks_make_profiles(daemon, tmp_path):
    where = {"rule_filter": {"rule_id": {"$regex": "^ow-account"}}}
    root, _ = benchmark(daemon, tmp_path, framework="nist", **where)
    assert [each.get("id") for each in root.findall(XCCDF + "Profile")] == [
        f"{OURS}profile_nist_800_53r5"]
    root, _ = benchmark(daemon, tmp_path, **where)
    names = {each.get("id") for each in root.findall(XCCDF + "Profile")}
    assert names == {f"{OURS}profile_{each}" for each in (
        "nist_800_53r5", "cis_controls_v8", "iso27001_2013", "stig_current",
        "pci_dss_v4_0")}, names
    for rule in root.iter(XCCDF + "Rule"):
        assert "rule_account" in rule.get("id")


def test_a_profile_of_content_keeps_its_values(daemon, tmp_path):
    root, made = benchmark(daemon, tmp_path, benchmark="UBUNTU_22-04",
                           profile_id="cis_level1_server",
                           rule_filter={"rule_id": {"$regex": "accounts"}},
                           variable_overrides={"var_accounts_tmout": 299})
    assert made["rules_count"] > 10
    sets = {each.get("idref"): each.text for each in
            root.find(XCCDF + "Profile").findall(XCCDF + "set-value")}
    assert sets[VALUE] == "299" and len(sets) > 5
    assert set(sets) <= {each.get("id") for each in root.iter(XCCDF + "Value")}


def test_every_kind_of_check_is_kept(daemon, tmp_path):
    """complex-check, roles, weights, and platforms of rules and groups."""
    root, _ = benchmark(daemon, tmp_path, benchmark="zoo")
    rules = {each.get("id").rsplit("_", 1)[1]: each
             for each in root.iter(XCCDF + "Rule")}
    assert rules["complex"].find(XCCDF + "complex-check") is not None
    assert rules["simple"].get("weight") == "2.5"
    assert rules["unscored"].get("role") == "unscored"
    assert rules["flooded"].find(XCCDF + "platform").get("idref") == "#flooded"
    above = {child: parent for parent in root.iter() for child in parent}
    for name in ("number", "flooded"):
        assert above[rules[name]].find(XCCDF + "platform").get("idref") == (
            "#caged")


def test_rules_without_content(make_engine, tmp_path):
    engine = make_engine("own", plugins=("alpha",))
    engine.import_rules([
        {"rule_id": "odd-id/with-\u00fc-&-<signs>", "title": "",
         "severity": "critical", "scanner_type": "alpha",
         "description": "tab\tand \x01 control \ufffe, ]]>",
         "check_content": {"a": "<&>\""}, "identifiers": {"cve": "CVE-1"},
         "remediation": {"text": "do <it>"},
         "references": [{"href": "http://x/ y?a=b&c=<>", "text": "R&D"}],
         "variables": {"var_n": {"type": "number", "default": "5",
                                 "minimum": 1, "maximum": 2.5e9},
                       "var_b": {"type": "boolean"},
                       "var_c": {"type": "string", "default": "a",
                                 "choices": ["a", "<b>"],
                                 "pattern": "[a-z<>]+"}}},
        {"rule_id": "odd-id/with-\u00fc-&-(signs)", "title": "T",
         "scanner_type": "alpha", "category": "a b",
         "check_content": {}}])
    daemon = Daemon(engine)
    try:
        made = ask(daemon, "benchmark", variable_overrides={"var_n": "7"})
        assert (made["rules_count"], made["variables_count"],
                made["profiles_count"]) == (2, 3, 1)
        need_program("oscap", "openscap-scanner")
        root = valid(tmp_path / "b.xml", made["benchmark_xml"])
        ids = [each.get("id") for each in root.iter(XCCDF + "Rule")]
        assert len(set(ids)) == 2
        assert all(re.fullmatch(r"xccdf_[^_]+_rule_[\w.-]+", each)
                   for each in ids), ids
        made = ask(daemon, "tailoring", profile_id=f"{OURS}profile_all",
                   variable_overrides={"var_n": 8, "var_b": True,
                                       "var_c": "<b>"})
        assert made["variables_overridden"] == 3
        root = valid(tmp_path / "t.xml", made["tailoring_xml"],
                     "--skip-schematron")
        assert {each.get("idref"): each.text for each in root.iter(
            XCCDF + "set-value")} == {f"{OURS}value_var_n": "8",
                                      f"{OURS}value_var_b": "true",
                                      f"{OURS}value_var_c": "<b>"}
    finally:
        daemon.stop()


# ---- oscap does what they say ------------------------------------------------

@pytest.fixture
def system(tmp_path):
    """A machine that Ubuntu's content takes for its own: TMOUT is 400."""
    root = machine(tmp_path, 400)
    (root / "etc" / "lsb-release").write_text(
        "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\n")
    return root


def test_a_tailoring_of_an_imported_profile_is_applied(daemon, tmp_path,
                                                       system):
    content = scap.datastream("ubuntu2204")
    root, made = tailoring(
        daemon, tmp_path, tailoring_id="mine", title="T", description="D",
        benchmark_href=str(content), benchmark_version="1",
        profile_id="cis_level2_server", benchmark="UBUNTU_22-04",
        variable_overrides={f"{OURS}value_var_accounts_tmout": "300"})
    assert made["tailoring_id"] == root.get("id") == f"{OURS}tailoring_mine"
    assert made["variables_overridden"] == 1
    named = root.find(XCCDF + "benchmark")
    assert (named.get("href"), named.get("version")) == (str(content), "1")
    profile = root.find(XCCDF + "Profile")
    assert profile.get("extends") == scap.PROFILE + "cis_level2_server"
    assert profile.get("id") == made["profile_id"]
    assert profile.find(XCCDF + "description").text == "D"
    rule = scap.RULE + "accounts_tmout"
    only = ("--rule", rule, "--profile")
    before = evaluate(tmp_path, system, content, *only, made["extends"])
    assert before[rule] == "pass"
    after = evaluate(tmp_path, system, content, "--tailoring-file",
                     tmp_path / "tailoring.xml", *only, made["profile_id"])
    assert after[rule] == "fail"


def test_a_tailoring_of_a_generated_benchmark_is_applied(daemon, tmp_path,
                                                         system):
    _, made = benchmark(daemon, tmp_path, benchmark_id="b", **NIST)
    # oscap takes platforms of a file that is no datastream for others'
    (tmp_path / "benchmark.xml").write_text(re.sub(
        r" *<platform idref=.*\n", "", made["benchmark_xml"]))
    shutil.copy(scap.support.need_content("ssg-ubuntu2204-oval.xml"), tmp_path)
    _, made = tailoring(daemon, tmp_path, benchmark_href="benchmark.xml",
                        variable_overrides={"var_accounts_tmout": "300"},
                        **NIST)
    rule = f"{OURS}rule_accounts_tmout"
    found = evaluate(tmp_path, system, "benchmark.xml", "--profile",
                     made["extends"])
    assert found[rule] == "pass"
    assert found[f"{OURS}rule_account_unique_id"] == "notchecked"
    found = evaluate(tmp_path, system, "benchmark.xml", "--tailoring-file",
                     tmp_path / "tailoring.xml", "--profile",
                     made["profile_id"])
    assert found[rule] == "fail"


def test_what_is_not_valid_is_told_without_our_directories(daemon):
    for text in ("", "<Tailoring/>", "<Benchmark>", "\u0001"):
        found = validity(daemon, text)
        assert not found["valid"] and found["errors"], text
        assert str(daemon.engine.directory) not in found["errors"][0]
        assert "content.xml" in found["errors"][0]


def test_clients_cannot_start_processes_without_number(make_engine):
    need_program("oscap", "openscap-scanner")
    engine = make_engine("busy", plugins=("oscap",))
    daemon = Daemon(engine, max_concurrent_scans=2, request_seconds=120)
    done = []

    def one():
        done.append(validity(daemon, "<Benchmark/>"))
    try:
        daemon.token()
        threads = [threading.Thread(target=one) for _ in range(24)]
        for each in threads:
            each.start()
        most = 0
        while any(each.is_alive() for each in threads):
            found = [name for name in processes_of(engine.home).values()
                     if "scan-worker" in name.split(" ")[0]]
            most = max(most, len(found))
        assert len(done) == 24 and not any(each["valid"] for each in done)
        assert 1 <= most <= 6  # one may end, one begin and fork, as we look
    finally:
        daemon.stop()


# ---- refusals ----------------------------------------------------------------

def test_what_cannot_be_generated_is_told(daemon):
    def told(kind, **body):
        return ask(daemon, kind, 422, **body)["error"]["message"]
    assert "800-53r4" in told("benchmark", framework="nist",
                              framework_version="800-53r9")
    assert "title" in told("benchmark", title=5, **NIST)
    assert "rule_filter" in told("benchmark", rule_filter=[], **NIST)
    assert "several benchmarks" in told("benchmark", rule_filter={
        "benchmark": {"$ne": "openwatch"}})
    assert "profile" in told("tailoring", variable_overrides={})
    assert "standrad" in told("tailoring", profile_id="standrad")
    assert "standrad" in told("tailoring", profile_id="standrad",
                              benchmark="UBUNTU_22-04")
    assert "no variable" in told("tailoring", variable_overrides={
        "nothing": 1}, **NIST)
    assert "not a number" in told("tailoring", variable_overrides={
        "var_accounts_tmout": "x"}, **NIST)
    assert "must be a text" in told("tailoring", variable_overrides={
        "var_accounts_tmout": []}, **NIST)
    assert "object" in told("tailoring", variable_overrides=[], **NIST)
