# SPDX-License-Identifier: Apache-2.0
"""The oscap scanner on real content: counts of the import, verdicts equal to
those of bare oscap, overrides, dry runs, and an oscap that misbehaves."""
import json
import os
import re
import resource
import signal
import subprocess
import time

import pytest

import scap
import support
from scap import BENCHMARK, PROFILE, RULE, counts, same, target
from support import (CONTENT, DONE, FAILED, SLOW, SOURCE, UNABLE, UNSURE,
                     Engine, finish, kill_nine, processes_of, start_again,
                     stop_found, wait_gone)

PRODUCTS = ("debian11", "ubuntu2204", "rhel8")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A store with the content of three products."""
    support.need_program("oscap", "openscap-scanner")
    engine = Engine(tmp_path_factory.mktemp("library"), plugins=("oscap",))
    engine.reports = {}
    for product in PRODUCTS:
        engine.reports[product] = engine.run(
            "import", "--format", "json", scap.datastream(product),
            code=DONE).json()
    return engine


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return scap.Bare(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def oscap(library, tmp_path):
    """Makes engines with options of their own over the library's store."""
    made = []

    def make(**options):
        engine = Engine(tmp_path, plugins=("oscap",), store=library.store,
                        options={"oscap": options} if options else None)
        engine.database = library.database
        engine.cache = library.cache
        engine.configure()
        made.append(engine)
        return engine
    yield make
    for engine in made:
        wait_gone(engine.home)
        assert not list(engine.run_directory.glob("engine-*"))


def select(product, profile=None):
    words = ["--benchmark", BENCHMARK[product]]
    return words + ["--profile", profile] if profile else words


# ---- import ------------------------------------------------------------------

@pytest.mark.parametrize("product", PRODUCTS)
def test_import_counts_are_those_of_the_file(library, product):
    text = scap.datastream(product).read_text()
    rules = len(set(re.findall(r'Rule\b[^>]*\bid="(' + RULE + '[^"]+)"',
                               text)))
    profiles = len(set(re.findall(r'<(?:xccdf[^:]*:)?Profile id="([^"]+)"',
                                  text)))
    totals = library.reports[product]["totals"]
    assert totals["rejected"] == 0
    stored = library.run("rules", "list", "--format", "json", "--benchmark",
                         BENCHMARK[product], code=DONE).json()
    assert len(stored) == rules
    benchmark = library.run("benchmarks", "show", BENCHMARK[product],
                            "--format", "json", code=DONE)
    assert len(benchmark.json()["profiles"]) == profiles


def test_importing_again_changes_nothing(oscap):
    engine = oscap()
    report = engine.run("import", "--format", "json",
                        scap.datastream("debian11"), code=DONE).json()
    totals = report["totals"]
    assert totals["unchanged"] > 300
    assert not totals["added"] and not totals["changed"]


def test_an_imported_rule_has_what_a_reader_needs(library):
    rule = library.run("rules", "show", "--benchmark", "DEBIAN-11",
                       "sshd_set_idle_timeout", "--format", "json")
    if rule.code != DONE:  # --benchmark is not taken by every version
        rule = library.run("rules", "show", "sshd_set_idle_timeout",
                           code=UNABLE)
        assert "DEBIAN-11" in rule.err and "UBUNTU_22-04" in rule.err
    listed = {each["rule_id"]: each for each in library.run(
        "rules", "export", "--benchmark", "DEBIAN-11", "--format",
        "json").json()}
    rule = listed[RULE + "sshd_set_idle_timeout"]
    assert rule["severity"] == "medium"
    assert rule["scanner_type"] == "oscap"
    assert rule["benchmark"].endswith("DEBIAN-11")
    assert "sshd_idle_timeout_value" in str(rule["variables"])
    assert rule["frameworks"]["nist"] and rule["references"]
    assert rule["remediation"]
    assert rule["source"]["imported_at"]
    assert rule["source"]["file"].endswith("-ds.xml")


# ---- equality ----------------------------------------------------------------

@pytest.mark.parametrize("shards", (1, 2, 4))
@pytest.mark.parametrize("profile", ("standard", None))
def test_debian11_verdicts_are_oscaps(library, bare, shards, profile):
    theirs = bare.evaluate("debian11", profile)
    scan = library.scan("--target", target("debian11"), "--shards", shards,
                        *select("debian11", profile), timeout=300)
    assert scan["status"] == "completed" and scan.code == FAILED
    same(scan.statuses(), theirs)
    assert all(each["origin"] == "plugin" for each in scan.verdicts)
    assert all(each["applicability"]["cpe"] == scap.CPE["debian11"]
               for each in scan.verdicts)
    if profile is None:
        kinds = counts(theirs)
        assert kinds["pass"] >= 50 and kinds["fail"] >= 50, kinds


@pytest.mark.parametrize("product, profile", (
    ("ubuntu2204", "cis_level1_server"), ("rhel8", "cis")))
@pytest.mark.parametrize("shards", (1, 2))
def test_other_products_verdicts_are_oscaps(library, bare, product, profile,
                                            shards):
    theirs = bare.evaluate(product, profile)
    assert len(counts(theirs)) > 2, counts(theirs)
    scan = library.scan("--target", target(product), "--shards", shards,
                        *select(product, profile), timeout=300)
    same(scan.statuses(), theirs)


def test_evidence_and_arf_change_no_verdict(oscap, bare):
    engine = oscap(evidence=True, keep_results="arf")
    scan = engine.scan("--target", target("debian11"),
                       *select("debian11", "standard"), timeout=300)
    same(scan.statuses(), bare.evaluate("debian11", "standard"))
    evidence = [each["results"][0].get("evidence") for each in scan.verdicts
                if each["status"] == "fail"]
    assert sum(map(bool, evidence)) > len(evidence) / 2


def test_without_applicability_other_content_is_notapplicable(library):
    plain = json.dumps({"type": "chroot", "path": str(scap.chroot())})
    scan = library.scan("--target", plain, *select("debian11", "standard"),
                        code=DONE)
    assert set(scan.statuses().values()) == {"notapplicable"}
    assert all("applicability" not in each for each in scan.verdicts)


def test_one_rule_is_evaluated_alone(library, bare):
    theirs = bare.evaluate("debian11", None)
    for status in ("pass", "fail"):
        rule = next(rule for rule, each in sorted(theirs.items())
                    if each == status)
        scan = library.scan("--target", target("debian11"), "--rule", rule,
                            *select("debian11"))
        assert scan.statuses() == {rule: status}


# ---- overrides ---------------------------------------------------------------

@pytest.fixture(scope="module")
def loose(tmp_path_factory):
    """The chroot's /etc, with a session limit as the rule wants it."""
    root = tmp_path_factory.mktemp("loose")
    subprocess.run(["cp", "-a", scap.chroot() / "etc", root], check=True)
    profile = root / "etc" / "profile"
    profile.write_text(profile.read_text().replace("TMOUT=900\n", ""))
    (root / "etc" / "profile.d" / "tmout.sh").write_text(
        "declare -xr TMOUT=900\n")
    return root


@pytest.mark.parametrize("rule, variable, values, own_root", (
    ("accounts_tmout", "var_accounts_tmout", {"600": "fail", "900": "pass"},
     True),
    ("accounts_umask_etc_login_defs", "var_accounts_user_umask",
     {"027": "fail", "022": "pass"}, False)))
def test_an_override_changes_what_oval_compares_with(
        library, bare, loose, rule, variable, values, own_root):
    root = loose if own_root else scap.chroot()
    for value, expected in values.items():
        theirs = bare.evaluate("ubuntu2204", "cis_level1_server", root=root,
                               values={variable: value})
        scan = library.scan("--target", target("ubuntu2204", root),
                            *select("ubuntu2204", "cis_level1_server"),
                            "--set", f"{variable}={value}")
        same(scan.statuses(), theirs)
        assert theirs[RULE + rule] == expected
        assert scan.by_rule()[RULE + rule]["variables_applied"][
            variable] == value


def test_a_profile_with_overrides_is_oscaps_with_the_same(library, bare):
    values = {"var_accounts_tmout": "1800", "var_accounts_user_umask": "022"}
    theirs = bare.evaluate("ubuntu2204", "cis_level1_server", values=values)
    words = [word for name, value in values.items()
             for word in ("--set", f"{name}={value}")]
    scan = library.scan("--target", target("ubuntu2204"), *words,
                        *select("ubuntu2204", "cis_level1_server"),
                        timeout=300)
    same(scan.statuses(), theirs)
    assert theirs != bare.evaluate("ubuntu2204", "cis_level1_server")


# ---- what would be done ------------------------------------------------------

def test_dry_run_prints_the_commands_and_runs_nothing(oscap, bare):
    engine = oscap()
    before = len(engine.scans())
    lines = engine.run("scan", "--dry-run", "--format", "jsonl", "--target",
                       target("debian11"), "--shards", 2,
                       *select("debian11"), code=DONE).out
    documents = [json.loads(line) for line in lines.splitlines()]
    commands = [each["document"] for each in documents
                if each["kind"] == "command"]
    assert len(engine.scans()) == before
    assert len(commands) == 2  # the equality tests do run several oscaps
    assert sum(each["rules"] for each in commands) >= len(
        bare.evaluate("debian11", None))
    for command in commands:
        assert command["argv"][:3] == ["oscap", "xccdf", "eval"]
        assert f"OSCAP_PROBE_ROOT={scap.chroot()}" in command["env"]
    assert {each["document"]["name"] for each in documents
            if each["kind"] == "file"} == {
        "benchmark-0.xml", "tailoring-0.xml", "benchmark-1.xml",
        "tailoring-1.xml"}


def test_printed_benchmark_and_tailoring_are_valid(oscap, tmp_path):
    engine = oscap()
    words = ("--target", target("ubuntu2204"),
             *select("ubuntu2204", "cis_level1_server"),
             "--set", "var_accounts_tmout=900")
    for what in ("benchmark", "tailoring"):
        path = tmp_path / f"{what}.xml"
        path.write_text(engine.run("xccdf", what, *words, code=DONE).out)
        done = subprocess.run(["oscap", "xccdf", "validate",
                               *(["--skip-schematron"]
                                 if what == "tailoring" else []), path],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    tailoring = (tmp_path / "tailoring.xml").read_text()
    assert "var_accounts_tmout" in tailoring and ">900<" in tailoring
    # the tailoring with the compiled content, by hand, has our verdicts
    lines = engine.run("scan", "--dry-run", "--format", "jsonl", *words,
                       code=DONE).out.splitlines()
    (command,) = [each["document"]["argv"] for each in map(json.loads, lines)
                  if each["kind"] == "command"]
    argv = list(command)
    argv[argv.index("--tailoring-file") + 1] = tmp_path / "tailoring.xml"
    argv[argv.index("--results") + 1] = tmp_path / "results.xml"
    subprocess.run(argv, env={**os.environ,
                              "OSCAP_PROBE_ROOT": str(scap.chroot())},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    theirs = {rule: found[0] for rule, found in
              scap.verdicts(tmp_path / "results.xml").items()}
    same(engine.scan(*words).statuses(), theirs)


# ---- an oscap that misbehaves ------------------------------------------------

def fake(tmp_path, text):
    """A program in oscap's place; `calls` counts how often it was run."""
    path = tmp_path / "fake-oscap"
    real = support.need_program("oscap", "openscap-scanner")
    path.write_text(f"""#!/usr/bin/python3
import os, re, signal, subprocess, sys, time
REAL = {real!r}
def calls():
    with open({str(tmp_path / "calls")!r}, "a+") as file:
        file.write("x")
        file.seek(0)
        return len(file.read())
def real():
    return subprocess.run([REAL] + sys.argv[1:]).returncode
def results():
    return next(sys.argv[i + 1] for i, word in enumerate(sys.argv)
                if word.startswith("--results"))
def change(how):
    code = real()
    with open(results(), encoding="utf-8") as file:
        text = file.read()
    with open(results(), "w", encoding="utf-8") as file:
        file.write(how(text))
    sys.exit(code)
call = calls()
{text}
""")
    path.chmod(0o755)
    return path


def scan_with_fake(oscap, tmp_path, text, *args, **options):
    engine = oscap(program=str(fake(tmp_path, text)), **options)
    scan = engine.scan("--target", target("debian11"), "--shards", 1,
                       *select("debian11", "standard"), *args, timeout=60)
    calls = tmp_path / "calls"
    return scan, len(calls.read_text()) if calls.exists() else 0


def check_all_error(scan, *words, code=UNABLE):
    """Nothing could be done: the scan failed, its rules say why."""
    assert scan.code == code, scan.result
    assert scan["status"] == ("failed" if code == UNABLE else "completed")
    assert len(scan.verdicts) > 20
    for verdict in scan.verdicts:
        assert verdict["status"] == "error", verdict
        for word in words:
            assert word in verdict["message"], verdict["message"]


def test_missing_oscap(oscap, tmp_path):
    engine = oscap(program="/nonexistent/oscap")
    scan = engine.scan("--target", target("debian11"),
                       *select("debian11", "standard"))
    check_all_error(scan, "/nonexistent/oscap")
    assert "openscap-scanner" in scan["errors"][0]["hint"]
    assert "openscap-scanner" in scan.result.err
    # a resume tries again, and now it is there
    again = oscap().scan("--resume", scan["scan_id"], timeout=60)
    assert again["status"] == "completed" and again["error"] == 0


def test_a_hanging_oscap_is_tried_twice_then_an_error(oscap, tmp_path):
    before = time.monotonic()
    scan, calls = scan_with_fake(oscap, tmp_path, "time.sleep(1000)",
                                 watchdog=4)
    assert calls == 2
    assert time.monotonic() - before < 120 * SLOW
    check_all_error(scan, "hung")


def test_a_hang_that_does_not_come_again_costs_nothing(oscap, tmp_path,
                                                       bare):
    scan, calls = scan_with_fake(
        oscap, tmp_path, "time.sleep(1000) if call == 1 else "
        "sys.exit(real())", watchdog=8)
    assert calls == 2
    same(scan.statuses(), bare.evaluate("debian11", "standard"))
    assert "once more" in scan.result.err


def test_a_slow_oscap_ends_at_its_time_limit(oscap, tmp_path):
    scan, calls = scan_with_fake(
        oscap, tmp_path, "while True: pass", timeout=5, watchdog=0)
    assert calls == 1
    check_all_error(scan, "longer than 5 s")


def test_exit_code_one_is_an_error_with_what_it_said(oscap, tmp_path):
    scan, calls = scan_with_fake(
        oscap, tmp_path, 'sys.exit("the content is rotten")')
    assert calls == 1
    check_all_error(scan, "code 1", "the content is rotten")


def test_truncated_results_are_an_error_for_every_rule(oscap, tmp_path):
    scan, _ = scan_with_fake(
        oscap, tmp_path, "change(lambda text: text[:len(text) * 2 // 3])")
    check_all_error(scan, "results.xml", "malformed", code=UNSURE)


def test_results_that_are_no_xml(oscap, tmp_path):
    scan, _ = scan_with_fake(oscap, tmp_path,
                             "change(lambda text: 'hello')")
    check_all_error(scan, code=UNSURE)
    scan, _ = scan_with_fake(oscap, tmp_path, "change(lambda text: '')")
    check_all_error(scan)


def test_an_omitted_rule_is_an_error_and_the_others_stay(oscap, tmp_path,
                                                         bare):
    theirs = dict(bare.evaluate("debian11", "standard"))
    gone = sorted(theirs)[3]
    scan, _ = scan_with_fake(oscap, tmp_path, f"""
change(lambda text: re.sub(
    r'<rule-result [^>]*idref="{re.escape(gone)}".*?</rule-result>', '', text,
    flags=re.S))""")
    assert scan.by_rule()[gone]["status"] == "error"
    assert "no result" in scan.by_rule()[gone]["message"]
    theirs[gone] = "error"
    same(scan.statuses(), theirs)


def test_an_unexpected_notchecked_is_no_verdict(oscap, tmp_path, bare):
    theirs = dict(bare.evaluate("debian11", "standard"))
    rule = next(rule for rule, each in sorted(theirs.items())
                if each == "pass")
    scan, _ = scan_with_fake(oscap, tmp_path, f"""
change(lambda text: re.sub(
    r'(<rule-result [^>]*idref="{re.escape(rule)}".*?<result>)pass', r'\\1'
    'notchecked', text, count=1, flags=re.S))""")
    theirs[rule] = "error"
    same(scan.statuses(), theirs)


def test_results_for_strangers_and_a_wrong_word(oscap, tmp_path, bare):
    theirs = dict(bare.evaluate("debian11", "standard"))
    rule = sorted(theirs)[0]
    scan, _ = scan_with_fake(oscap, tmp_path, f"""
change(lambda text: text.replace('</TestResult>', '<rule-result '
    'idref="xccdf_x_rule_stranger" time="2020-01-01T00:00:00" '
    'severity="low" weight="1.0"><result>fail</result></rule-result>'
    '</TestResult>'))""")
    same(scan.statuses(), theirs)


def test_entities_in_results_are_not_followed(oscap, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do-not-tell")
    scan, _ = scan_with_fake(oscap, tmp_path, f"""
change(lambda text: text.replace('?>', '?><!DOCTYPE x [<!ENTITY e SYSTEM '
    '"file://{secret}">]>', 1).replace('<result>', '<message>&e;</message>'
    '<result>'))""")
    assert "do-not-tell" not in scan.result.out
    check_all_error(scan, code=UNSURE)


def stopped_oscaps(engine):
    """Starts a scan of all rules: it, and what oscaps of it were stopped."""
    process = engine.start("scan", "--format", "json", "--shards", 2,
                           "--target", target("debian11"),
                           *select("debian11"))
    return process, stop_found(lambda: oscaps(engine))


def oscaps(engine):
    return [pid for pid, name in processes_of(engine.home).items()
            if name.split(" ")[0].endswith("oscap") and "eval" in name]


def test_a_killed_oscap_costs_its_rules_only(oscap, bare):
    engine = oscap()
    process, pids = stopped_oscaps(engine)
    os.kill(pids[0], signal.SIGKILL)
    start_again(pids[1:])
    code, out, err = finish(process, 120)
    assert code == FAILED, err
    scan = engine.report()
    scan.check()
    theirs = bare.evaluate("debian11", None)
    statuses = scan.statuses()
    assert set(statuses) >= set(theirs)
    lost = [each for each in scan.verdicts if statuses[each["rule_id"]]
            != theirs.get(each["rule_id"], "notselected")]
    assert 0 < len(lost) < len(theirs)
    for verdict in lost:
        assert verdict["status"] == "error"
        assert "signal 9" in verdict["message"], verdict["message"]


def test_kill_nine_of_the_engine_takes_oscap_along(oscap, bare):
    engine = oscap()
    process, pids = stopped_oscaps(engine)
    kill_nine(process)
    wait_gone(engine.home, 2)
    assert not any(map(support.is_alive, pids))
    scan = engine.scan("--resume", "last", timeout=300)
    assert scan["status"] == "completed"
    same(scan.statuses(), bare.evaluate("debian11", None))


def test_a_cancel_takes_oscap_along(oscap):
    engine = oscap()
    process, pids = stopped_oscaps(engine)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process, 10)
    assert code == UNABLE and "cancelled" in err
    wait_gone(engine.home, 2)
    scan = engine.report()
    assert scan["status"] == "cancelled"
    assert set(scan.statuses().values()) <= {"notchecked", "pass", "fail",
                                             "notapplicable", "error",
                                             "unknown", "informational"}
    assert scan["not_checked"] > 0


def test_a_missing_or_wrong_chroot_is_an_error(oscap, tmp_path):
    engine = oscap()
    for path, word in (("/nonexistent/root", "/nonexistent/root"),
                       (str(tmp_path / "out"), "directory")):
        (tmp_path / "out").touch()
        document = json.dumps({"type": "chroot", "path": path})
        scan = engine.scan("--target", document,
                           *select("debian11", "standard"))
        assert scan.code == UNABLE
        assert set(scan.statuses().values()) == {"error"}
        assert word in scan.result.err, scan.result


def test_a_damaged_cache_is_made_again(oscap, tmp_path, bare):
    engine = oscap()
    engine.configure(cache=tmp_path / "own-cache")
    words = ("--target", target("debian11"), "--shards", 1,
             *select("debian11", "standard"))
    engine.scan(*words)
    compiled = list((tmp_path / "own-cache").rglob("compiled-*.xml"))
    assert compiled
    for path in compiled:
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:5000])
    scan = engine.scan(*words)
    statuses = scan.statuses()
    if scan.code in (DONE, FAILED):  # never a wrong verdict
        same(statuses, bare.evaluate("debian11", "standard"))
    else:
        assert set(statuses.values()) == {"error"}, counts(statuses)


# ---- beside other scanners ---------------------------------------------------

def test_three_scanner_types_over_two_targets_in_one_scan(library, bare,
                                                          tmp_path):
    engine = Engine(tmp_path, plugins=("alpha", "beta", "oscap"))
    engine.run("import", scap.datastream("debian11"), code=DONE)
    gate = support.Gate(tmp_path)
    engine.import_rules([gate.rule(1, "alpha", "fail"),
                         support.rule(1, "beta", "pass"),
                         support.rule(2, "beta", "error")])
    theirs = bare.evaluate("debian11", "standard")
    chroot = target("debian11")
    process = engine.start(
        "scan", "--target", chroot, "--target", "alpha_target", "--filter",
        json.dumps({"$or": [{"rule_id": {"$in": sorted(theirs)}},
                            {"scanner_type": {"$in": ["alpha", "beta"]}}]}),
        "--format", "json")
    pids = stop_found(lambda: oscaps(engine))
    gate.wait()  # they run beside each other
    start_again(pids)
    gate.open()
    code, _, err = finish(process, 120)
    assert code == FAILED, err
    scan = engine.report()
    scan.check()
    names = set(scan["by_target"])
    (where,) = names - {"alpha_target", "none"}
    same(scan.statuses(where), theirs)
    assert scan.statuses("alpha_target") == {"alpha-00001": "fail"}
    assert scan.statuses("none") == {"beta-00001": "notchecked",
                                     "beta-00002": "notchecked"}
    assert scan["by_scanner"]["oscap"]["total"] == len(theirs)
    metadata = scan["scanner_metadata"]
    assert set(metadata) == {"alpha", "oscap"}


# ---- content that is bad -----------------------------------------------------

XCCDF_HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n{doctype}'
              '<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" '
              'id="xccdf_x_benchmark_y">\n')


def laughs():
    lines = ['<!DOCTYPE Benchmark [', '<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)]
    return (XCCDF_HEAD.format(doctype="\n".join(lines) + "\n]>\n")
            + "<title>&a11;</title></Benchmark>").encode()


def external():
    doctype = ('<!DOCTYPE Benchmark [<!ENTITY e SYSTEM '
               '"file:///etc/passwd">]>\n')
    return (XCCDF_HEAD.format(doctype=doctype)
            + "<title>&e;</title></Benchmark>").encode()


def external_dtd():
    doctype = '<!DOCTYPE Benchmark SYSTEM "file:///etc/passwd">\n'
    return (XCCDF_HEAD.format(doctype=doctype)
            + "<title>t</title></Benchmark>").encode()


def truncated():
    data = scap.datastream("debian11").read_bytes()
    return data[:len(data) // 2]


def nested():
    head = XCCDF_HEAD.format(doctype="").encode()
    return head + b'<Group id="g">\n' * 500000


def huge_attribute():
    return (XCCDF_HEAD.format(doctype="").encode()
            + b'<Group id="' + b"x" * (48 << 20) + b'"/></Benchmark>')


def huge_text():
    return (XCCDF_HEAD.format(doctype="").encode()
            + b"<title>" + b"x" * (64 << 20) + b"</title></Benchmark>")


def latin_as_utf8():
    return (XCCDF_HEAD.format(doctype="").encode()
            + b"<title>caf\xe9</title></Benchmark>")


def unknown_encoding():
    text = XCCDF_HEAD.format(doctype="").replace("UTF-8", "KLINGON")
    return (text + "<title>t</title></Benchmark>").encode()


def utf16_claimed():
    text = XCCDF_HEAD.format(doctype="").replace("UTF-8", "UTF-16")
    return (text + "<title>t</title></Benchmark>").encode()


def mismatched():
    return (XCCDF_HEAD.format(doctype="") + "<title>t</Benchmark>").encode()


@pytest.mark.parametrize("make", (
    laughs, external, external_dtd, truncated, nested, huge_attribute,
    huge_text, latin_as_utf8, unknown_encoding, utf16_claimed, mismatched),
    ids=lambda make: make.__name__)
def test_bad_content_is_an_error_with_file_and_line(tmp_path, make):
    engine = Engine(tmp_path, plugins=("oscap",))
    path = tmp_path / "bad.xml"
    path.write_bytes(make())

    def bound():
        if not support.INSTRUMENTED:
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    result = engine.run("import", path, code=UNABLE, timeout=60,
                        preexec=bound)
    assert result.seconds < 20 * SLOW
    said = result.out + result.err
    if make is not huge_text:  # over the size of a document: no line
        assert scap.file_and_line(said, "bad.xml"), result
    assert "root:x:0" not in said and "haha" not in said
    assert result.peak_kib < 512 * support.MIB
    stored = engine.run("rules", "list", "--format", "json")
    assert stored.code == UNABLE or stored.json() == []
    stored = engine.run("benchmarks", "list", "--format", "json")
    assert stored.code == UNABLE or stored.json() == []
    wait_gone(engine.home)


# ---- rules of OpenWatch ------------------------------------------------------

def test_openwatch_rules_have_the_verdicts_of_their_twins(tmp_path, bare):
    engine = Engine(tmp_path, plugins=("oscap",))
    engine.run("import", scap.datastream("debian11"), code=DONE)
    engine.run("import", SOURCE / "tests/fixtures/rules/openwatch")
    documents = [each for each in engine.run(
        "rules", "export", "--format", "json").json()
        if each["rule_id"].startswith("ow-")]
    assert len(documents) > 20
    scan = engine.scan("--target", target("debian11"), "--filter",
                       '{"rule_id": {"$regex": "^ow-"}}', timeout=120)
    verdicts = scan.by_rule()
    assert set(verdicts) == {each["rule_id"] for each in documents}
    theirs = dict(bare.evaluate("debian11", None))
    # not selected by any profile; asked for by name it is evaluated
    odd = RULE + "package_MFEhiplsm_installed"
    theirs[odd] = engine.scan("--target", target("debian11"), "--rule", odd,
                              *select("debian11")).statuses()[odd]
    resolved = 0
    for document in documents:
        verdict = verdicts[document["rule_id"]]
        if document["scanner_type"] != "oscap":
            assert verdict["status"] == "notchecked"
            assert "no loaded scanner" in verdict["message"]
            continue
        twin = verdict["scap_rule_id"]
        if twin in theirs:
            assert verdict["status"] == theirs[twin], document["rule_id"]
            assert verdict["origin"] == "plugin"
            resolved += 1
        else:
            assert verdict["status"] == "notchecked", verdict
            assert support.short(twin) in verdict["message"]
            assert verdict["origin"] == "engine"
    assert 3 <= resolved < len(documents)


def test_a_rule_and_its_twin_are_evaluated_once(tmp_path, bare):
    engine = Engine(tmp_path, plugins=("oscap",))
    engine.run("import", scap.datastream("debian11"), code=DONE)
    twin = RULE + "accounts_no_uid_except_zero"
    engine.import_rules([
        {"rule_id": f"mine-{i}", "title": "Mine", "scanner_type": "oscap",
         "scap_rule_id": twin} for i in range(3)])
    lines = engine.run(
        "scan", "--dry-run", "--format", "jsonl", "--target",
        target("debian11"), "--filter", json.dumps({"$or": [
            {"rule_id": twin}, {"rule_id": {"$regex": "^mine-"}}]}),
        code=DONE).out.splitlines()
    (command,) = [each["document"] for each in map(json.loads, lines)
                  if each["kind"] == "command"]
    assert command["rules"] == 1
    scan = engine.scan("--target", target("debian11"), "--filter",
                       json.dumps({"$or": [
                           {"rule_id": twin},
                           {"rule_id": {"$regex": "^mine-"}}]}))
    status = bare.evaluate("debian11", None)[twin]
    assert scan.statuses() == {twin: status, "mine-0": status,
                               "mine-1": status, "mine-2": status}
    assert all(len(each["results"]) == 1 for each in scan.verdicts)
