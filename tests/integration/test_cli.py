# SPDX-License-Identifier: Apache-2.0
"""The command line: help and documents, exit codes, formats, terminals."""
import json
import re
import signal
import subprocess

import pytest

from support import (DONE, FAILED, PROGRAM, SLOW, SOURCE, UNABLE, UNSURE, Gate,
                     bare, commands, finish, need_program, on_terminal, options,
                     rule)

FIX = {"remediation": {"text": "Run umask 027\nand log in again"}}


# ---- help and documents ------------------------------------------------------

def test_version_needs_nothing(tmp_path):
    result = bare("--config", "/nowhere", "--store", "sqlite:/nowhere/x",
                  "--version", env={"HOME": str(tmp_path)})
    assert result.returncode == DONE
    assert re.fullmatch(r"scan-engine \d+\.\d+\.\d+\S*\n", result.stdout)
    assert list(tmp_path.iterdir()) == []


def test_every_command_has_help():
    found = commands()
    assert ["scan"] in found and ["rules", "list"] in found
    for words in found:
        result = bare(*words, "--help")
        assert result.returncode == DONE, words
        assert result.stdout.startswith(
            f"usage: scan-engine {' '.join(words)}"), words
        assert result.stderr == ""


def test_groups_have_help():
    for group in {words[0] for words in commands() if len(words) > 1}:
        assert bare(group, "--help").returncode == DONE
        result = bare(group)
        assert result.returncode == UNABLE
        assert "needs a command" in result.stderr


def manual_sections():
    text = (SOURCE / "doc/scan-engine.1").read_text()
    text = text.split(".Sh COMMANDS\n")[1].split("\n.Sh ")[0]
    return dict(part.split("\n", 1) for part in text.split(".Ss ")[1:])


def test_the_manual_tells_every_option_and_no_other():
    sections = {re.sub(r" (EXPRESSION \[FILE\]|PATH|ID|FILE|TOKEN)( \.\.\.)?$",
                       "", name): body
                for name, body in manual_sections().items()}
    if ("serve",) not in set(map(tuple, commands())):  # --disable-server
        sections = {name: body for name, body in sections.items()
                    if not name.startswith(("serve", "token "))}
    assert sorted(sections) == sorted(" ".join(each) for each in commands())
    for words in commands():
        found = re.findall(r"^\.It Fl Fl ([a-z-]+)(?: Ar (\S+))?",
                           sections[" ".join(words)], re.M)
        assert dict(found) == options(words), words


def test_the_manual_of_the_configuration_tells_every_setting():
    example = (SOURCE / "conf/engine.conf").read_text()
    manual = (SOURCE / "doc/engine.conf.5").read_text()
    names = set(re.findall(r"^ *#(\w+) = ", example, re.M))
    assert "store" in names and "shards" in names
    for name in names:
        assert re.search(rf"^\.It Ic {name}$", manual, re.M), name


def test_manuals_are_well_formed():
    need_program("mandoc", "mandoc")
    pages = sorted((SOURCE / "doc").glob("*.[157]"))
    assert len(pages) == 7
    result = subprocess.run(["mandoc", "-T", "lint", *map(str, pages)],
                            capture_output=True, text=True)
    assert not re.search(r"(ERROR|WARNING|UNSUPP|BADARG):", result.stdout +
                         result.stderr), result.stdout


def test_the_example_configuration_is_printed():
    result = bare("config", "example")
    assert result.returncode == DONE
    assert result.stdout == (SOURCE / "conf/engine.conf").read_text()


# ---- wrong usage -------------------------------------------------------------

@pytest.mark.parametrize("args, message, hint", [
    (["scna"], 'unknown command "scna"', 'did you mean "scan"?'),
    (["scans", "lits"], 'unknown command "scans lits"', '"scans list"?'),
    (["scan", "--profil", "x"], 'unknown option "--profil"', "--profile?"),
    (["scan", "--profile"], "--profile needs a value", ""),
    (["scan", "--quiet=1"], "--quiet takes no value", ""),
    (["scan", "--name", "a", "--name", "b"], "--name is given twice", ""),
    (["scan", "extra"], '"extra" is one word too many', "--help"),
    (["scan", "-x"], 'unknown option "-x"', "long names"),
    (["rules", "show"], "rules show needs ID", "--help"),
    (["scan", "--format", "xml"], "expected one of table, json, jsonl", ""),
    (["scan", "--fail-on", "bad"], "expected one of info, low", ""),
    (["scan", "--resume", "x", "--rule", "y"], "--rule cannot change it",
     ""),
    (["scan", "--resume", "x", "--shards", "2"],
     "--shards cannot change it", ""),
    ([], "no command is given", ""),
])
def test_wrong_usage_is_explained(args, message, hint):
    result = bare(*args)
    assert result.returncode == UNABLE
    assert message in result.stderr and hint in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("args, message", [
    (["--shards", "many"], "--shards is \"many\": expected a whole number"),
    (["--timeout", "-1"], "--timeout is \"-1\""),
    (["--set", "novalue"], "expected VAR=VALUE"),
    (["--set", "a=1", "--set", "a=2"], 'gives "a" twice'),
    (["--filter", "{"], "--filter"),
    (["--filter", '{"$where": "1"}'], "$where"),
    (["--target", "ssh:host:0"], "ssh:[USER@]HOST[:PORT]"),
    (["--target", "ssh:"], "ssh:[USER@]HOST[:PORT]"),
    (["--target", "chroot:relative"], "is not understood"),
    (["--target", "{\"type\": 5"], "--target"),
    (["--target", "moon"], "accepts targets of type \"moon\""),
])
def test_wrong_values_are_explained(engine, args, message):
    engine.import_rules([rule(1)])
    result = engine.run("scan", *args, code=UNABLE)
    assert message in result.err
    assert engine.scans() == []


def test_a_broken_configuration_names_file_and_line(engine):
    engine.config.write_text("store = \"sqlite:/x\";\nlog_leve = 2;\n")
    result = engine.run("scans", "list", code=UNABLE)
    assert f'{engine.config}:2: unknown option "log_leve"' in result.err
    assert 'did you mean "log_level"?' in result.err


def test_a_missing_store_says_how_to_make_one(engine):
    result = engine.run("rules", "list", code=UNABLE)
    assert str(engine.database) in result.err and "import" in result.err
    assert not engine.database.exists()


# ---- import and rules --------------------------------------------------------

def test_import_tells_what_it_rejected_and_where(engine):
    path = engine.directory / "two.yaml"
    path.write_text("rule_id: good\ntitle: Good\nseverity: high\n"
                    "scanner_type: alpha\ncheck_content: {status: pass}\n"
                    "---\ntitle: No id\nscanner_type: alpha\n"
                    "check_content: {status: pass}\n")
    result = engine.run("import", path, code=UNABLE)
    assert "1 added" in result.out and "1 rejected" in result.out
    assert re.search(r"two\.yaml:\d+.*: .*rule_id", result.out), result
    listed = engine.run("rules", "list", "--format", "jsonl", code=DONE).out
    assert [json.loads(line)["rule_id"] for line in listed.splitlines()] == [
        "good"]


def test_import_again_changes_nothing(engine):
    engine.import_rules([rule(1), rule(2)])
    result = engine.run("import", engine.directory / "rules.jsonl",
                        "--format", "json", code=DONE)
    assert result.json()["totals"]["unchanged"] == 2
    assert result.json()["totals"]["added"] == 0


def test_validate_stores_nothing(engine):
    path = engine.put("rules.jsonl", [rule(1)])
    engine.run("rules", "validate", path, code=DONE)
    assert not engine.database.exists()


def test_rules_are_listed_by_what_is_asked(engine):
    engine.import_rules([
        rule(1, severity="high"), rule(2, severity="low"),
        rule(3, scanner="beta", more={"frameworks": {
            "nist": {"800-53r5": ["AC-6"]}}})])

    def listed(*args):
        return [each["rule_id"] for each in engine.run(
            "rules", "list", "--format", "json", *args, code=DONE).json()]

    assert listed() == ["alpha-00001", "alpha-00002", "beta-00003"]
    assert listed("--severity", "low") == ["alpha-00002"]
    assert listed("--scanner", "beta") == ["beta-00003"]
    assert listed("--framework", "nist:800-53r5") == ["beta-00003"]
    assert listed("--framework", "nist:800-53r4") == []
    assert listed("--filter", '{"severity": {"$ne": "high"}}') == [
        "alpha-00002", "beta-00003"]
    assert listed("--limit", "1") == ["alpha-00001"]
    assert "alpha-00001" in engine.run("rules", "list", code=DONE).out


def test_a_rule_is_shown_by_the_end_of_its_id(engine):
    code = {"remediation": {**FIX["remediation"], "code": {
        "ansible": "- hosts: all\n  tasks: []\n"}}}
    engine.import_rules([rule("xccdf_org.x_rule_umask", more=code),
                         rule("other")])
    shown = engine.run("rules", "show", "umask", code=DONE).out
    assert "Fix by ansible\n  - hosts: all\n    tasks: []\n" in shown
    assert "xccdf_org.x_rule_umask" in shown and "and log in again" in shown
    one = engine.run("rules", "show", "umask", "--format", "json",
                     code=DONE).json()
    assert one["rule_id"] == "xccdf_org.x_rule_umask" and "_id" not in one
    result = engine.run("rules", "show", "nothing", code=UNABLE)
    assert '"nothing"' in result.err


def test_exported_rules_can_be_imported_elsewhere(engine, make_engine):
    engine.import_rules([rule(1, more=FIX), rule(2, scanner="beta")])
    exported = engine.run("rules", "export", code=DONE).out
    other = make_engine("other")
    path = other.directory / "exported.jsonl"
    path.write_text(exported)
    other.run("import", path, code=DONE)
    strip = re.compile(r'"(imported_at|file|line)":[^,}]+,?')
    again = other.run("rules", "export", code=DONE).out
    assert strip.sub("", exported) == strip.sub("", again)


# ---- scanning ----------------------------------------------------------------

@pytest.mark.parametrize("statuses, args, code", [
    (["pass", "notapplicable"], [], DONE),
    (["pass", "fail"], [], FAILED),
    (["pass", "error"], [], UNSURE),
    (["unknown"], [], UNSURE),
    (["fail", "error"], [], FAILED),
    (["fail"], ["--fail-on", "medium"], FAILED),
    (["fail"], ["--fail-on", "high"], DONE),
    (["fail", "error"], ["--fail-on", "high"], UNSURE),
])
def test_exit_codes_follow_the_verdicts(engine, statuses, args, code):
    engine.import_rules([rule(number, status=status) for number, status in
                         enumerate(statuses)])
    engine.scan(*args, code=code)


def test_a_group_that_fails_as_a_whole_is_exit_code_one(make_engine):
    engine = make_engine(plugins=("alpha", "crash_scan"))
    engine.import_rules([rule(1), rule(2, scanner="crash", crash="segv")])
    scan = engine.scan(code=UNABLE)
    assert scan["status"] == "failed"
    assert scan.statuses()["alpha-00001"] == "pass"


def test_the_table_says_what_to_do(engine):
    engine.import_rules([
        rule(1, severity="low", status="fail", message="found 3"),
        rule(2, severity="critical", status="fail", more=FIX),
        rule(3, status="error", message="no such tool"), rule(4)])
    out = engine.run("scan", "--name", "nightly", code=FAILED).out
    order = ["CRITICAL", "alpha-00002", "fix: Run umask 027", "LOW",
             "alpha-00001", "found 3", "WITHOUT A VERDICT", "no such tool",
             "alpha-00003", "Scan nightly completed", "compliance 33.3 %",
             "Scan id "]
    places = [out.index(word) for word in order]
    assert places == sorted(places), out
    assert "alpha-00004" not in out and "\033" not in out
    advice = re.search(r"Every verdict: +scan-engine (.*)", out)[1].split()
    assert "alpha-00004" in bare(*advice).stdout


def test_reports_of_a_pipe_are_nothing_but_results(engine):
    engine.import_rules([rule(1), rule(2, status="fail")])
    result = engine.run("scan", "--format", "json", code=FAILED)
    assert result.err == ""
    document = result.json()
    assert [each["rule_id"] for each in document["results_by_rule"]] == [
        "alpha-00002", "alpha-00001"]
    assert document["results_by_rule"][0]["results"][0]["status"] == "fail"
    lines = engine.run("scan", "--format", "jsonl", code=FAILED).out
    documents = [json.loads(line) for line in lines.splitlines()]
    assert documents[0]["total_rules"] == 2 and len(documents) == 3


def test_the_scan_of_the_file_runs_and_options_come_before_it(engine):
    engine.configure(extra='scan: { name = "from-file"; '
                     'targets = ( { type = "alpha_t"; } ); '
                     'rules = [ "alpha-00001" ]; '
                     'options: { allow_empty = false; timeout = 60; }; };')
    engine.import_rules([rule(1), rule(2), rule(3, severity="high")])
    scan = engine.scan(code=DONE)
    assert scan["name"] == "from-file"
    assert list(scan.statuses("alpha_target")) == ["alpha-00001"]
    scan = engine.scan("--name", "mine", "--rule", "alpha-00002", "--rule",
                       "alpha-00003", "--timeout", "30", code=DONE)
    assert scan["name"] == "mine"
    assert sorted(scan.statuses()) == ["alpha-00002", "alpha-00003"]
    config = scan["scan_config"]
    assert config["targets"][0]["type"] == "alpha_target"
    assert config["options"] == {"allow_empty": False, "timeout": 30}
    scan = engine.scan("--rule", "alpha-00003", "--filter",
                       '{"severity": "high"}', "--target", "local",
                       code=DONE)
    assert list(scan.statuses("local")) == ["alpha-00003"]


def test_an_empty_selection_is_an_error_unless_allowed(engine):
    engine.import_rules([rule(1)])
    nothing = ["--filter", '{"severity": "critical"}']
    engine.run("scan", *nothing, code=UNABLE)
    scan = engine.scan(*nothing, "--allow-empty", code=DONE)
    assert scan["total_rules"] == 0


def test_targets_have_short_forms(engine):
    engine.import_rules([rule(1)])
    scan = engine.scan("--target", "local", "--target",
                       '{"type": "alpha_target", "name": "second"}',
                       code=DONE)
    assert sorted(scan["by_target"]) == ["local", "second"]
    result = engine.run("scan", "--target", "ssh:me@[::1]:22", code=UNABLE)
    assert 'type "ssh"' in result.err
    result = engine.run("scan", "--target", "chroot:/x", code=UNABLE)
    assert 'type "chroot"' in result.err


def test_a_report_goes_to_a_file(engine):
    engine.import_rules([rule(1)])
    path = engine.directory / "report.json"
    result = engine.run("scan", "--format", "json", "--output", path,
                        code=DONE)
    assert result.out == ""
    assert json.loads(path.read_text())["passed"] == 1
    before = len(engine.scans())
    result = engine.run("scan", "--output", "/nowhere/report", code=UNABLE)
    assert '"/nowhere/report"' in result.err
    assert len(engine.scans()) == before, "it scanned first"


def test_a_full_disk_is_not_taken_for_a_report(engine):
    engine.import_rules([rule(1)])
    result = engine.run("scan", "--output", "/dev/full", code=UNABLE)
    assert "could not write" in result.err
    with open("/dev/full", "wb") as full:
        process = engine.start("rules", "list", stdout=full)
        err = process.communicate(timeout=60 * SLOW)[1]
    assert process.returncode == UNABLE
    assert b"could not write to standard output" in err


def test_a_closed_pipe_is_no_drama(engine):
    engine.import_rules([rule(number) for number in range(3000)])
    process = engine.start("rules", "list")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30 * SLOW) == UNABLE
    assert process.stderr.read() == b""


def test_a_dry_run_stores_nothing(make_engine):
    engine = make_engine(plugins=("alpha",))
    engine.import_rules([rule(1), rule(2)])
    result = engine.run("scan", "--dry-run", code=DONE)
    assert "2 rules, limit 10" in result.out
    documents = engine.run("scan", "--dry-run", "--format", "json",
                           code=DONE).json()
    assert documents[0]["kind"] == "note"
    assert documents[0]["plugin"] == "alpha"
    assert engine.scans() == []


def test_probe_says_what_can_be_reached(make_engine):
    engine = make_engine(plugins=("alpha",))
    result = engine.run("probe", "--target", "local", code=DONE)
    assert "local by alpha: reachable" in result.out
    assert "cpe:/o:alpha:os:1" in result.out
    reports = engine.run("probe", "--format", "json", code=DONE).json()
    assert reports[0]["reachable"] is True


# ---- stored scans ------------------------------------------------------------

def test_scans_are_found_by_parts_of_their_ids(engine):
    engine.import_rules([rule(1), rule(2, status="fail")])
    first = engine.scan(code=FAILED)["scan_id"]
    last = engine.scan(code=FAILED)["scan_id"]
    for name, wanted in [("last", last), (first, first),
                         (first[:13], first), (first[-12:], first)]:
        assert engine.report(name)["scan_id"] == wanted, name
    result = engine.run("scans", "show", "", code=UNABLE)
    assert "there is no scan" in result.err
    result = engine.run("scans", "show", ".*", code=UNABLE)
    assert "there is no scan" in result.err
    every = engine.run("scans", "results", "last", code=DONE).out
    assert "alpha-00001" in every and "alpha-00002" in every


def test_scans_are_listed_and_deleted(engine):
    engine.import_rules([rule(1)])
    first = engine.scan(code=DONE)["scan_id"]
    last = engine.scan("--name", "second", code=DONE)["scan_id"]
    assert [each["scan_id"] for each in engine.scans()] == [last, first]
    listed = engine.run("scans", "list", code=DONE).out
    assert "100.0 %" in listed and "second" in listed
    engine.run("scans", "delete", first, code=DONE)
    assert [each["scan_id"] for each in engine.scans()] == [last]
    engine.run("scans", "delete", first, code=UNABLE)
    result = engine.run("scans", "cancel", last, code=UNABLE)
    assert "is not running" in result.err
    engine.run("scans", "check", code=DONE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_and_a_resume_goes_on(engine, number):
    gate = Gate(engine.directory)
    engine.import_rules([rule(each) for each in range(5)] +
                        [gate.rule(each) for each in range(5, 20)])
    process = engine.start("scan", "--format", "json")
    gate.wait()
    process.send_signal(number)
    code, out, err = finish(process)
    assert code == UNABLE, err
    assert json.loads(out)["status"] == "cancelled"
    assert "cancel" in err
    gate.open()
    scan = engine.scan("--resume", "last", code=DONE)
    assert scan["status"] == "completed" and scan["passed"] == 20


# ---- plugins -----------------------------------------------------------------

def test_plugins_show_what_they_can_and_why_they_were_refused(make_engine):
    engine = make_engine(plugins=("alpha", "wrong_major"),
                         options={"alpha": {"limit": 7}},
                         limits={"wall": 60, "cpu": 0})
    out = engine.run("plugins", code=DONE).out
    assert "alpha 1.2.3: loaded" in out and "alpha (alpha_alias)" in out
    assert "limit = 7" in out and "abi         1.0" in out
    assert "  limits      wall = 60, " in out and "cpu = " not in out
    assert "wrong_major: refused" in out and "to do" in out
    entries = engine.run("plugins", "--format", "json", code=DONE).json()
    states = {each["plugin"]: each["state"] for each in entries}
    assert states == {"alpha": "loaded", "wrong_major": "refused"}
    engine.import_rules([rule(1)])
    result = engine.run("scan", code=DONE)
    assert 'plugin "wrong_major" is not used' in result.err
    assert engine.run("scan", "--quiet", code=DONE).out


def test_unknown_plugin_options_name_their_line(make_engine):
    engine = make_engine(plugins=("alpha",), options={"alpha": {"limt": 7}})
    out = engine.run("plugins", code=DONE).out
    assert "alpha: refused" in out or "alpha 1.2.3: refused" in out
    assert re.search(r"engine\.conf:\d+", out), out


# ---- terminals ---------------------------------------------------------------

def test_a_terminal_shows_progress_and_colours(engine):
    engine.import_rules([rule(each, sleep_ms=50, status="fail",
                              severity="high") for each in range(20)])
    code, seen = on_terminal(engine, "scan")
    assert code == FAILED
    assert re.search(r"\r\x1b\[K\d+ of 20 rules, \d+ failing", seen)
    assert "\x1b[31mHIGH\x1b[0m" in seen
    report = seen[seen.index("HIGH"):]
    assert "failing" not in report, "progress between results"


def test_no_color_and_quiet_are_respected(engine):
    engine.import_rules([rule(each, sleep_ms=50, status="fail")
                         for each in range(10)])
    code, seen = on_terminal(engine, "scan", "--quiet", env={"NO_COLOR": "1"})
    assert code == FAILED
    assert "\x1b" not in seen and "failing" not in seen


def test_rules_cannot_write_to_the_terminal(engine):
    engine.import_rules([rule(1, status="fail", message="\x1b[2Jgone\x07",
                              more={"title": "\x1b]0;title\x07 of a rule"})])
    code, seen = on_terminal(engine, "scan", env={"NO_COLOR": "1"})
    assert code == FAILED
    assert "\x1b[2J" not in seen and "\x07" not in seen
    assert "\x1b]0" not in seen and "of a rule" in seen
