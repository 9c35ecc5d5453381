# SPDX-License-Identifier: Apache-2.0
"""The three requests of the specification as it has them, on the real daemon
and a real sshd: generate a benchmark, scan a host with an override, read the
scan. Rules are OpenWatch's, the content behind them is Ubuntu's."""
import io
import xml.etree.ElementTree as ET
import zipfile

import pytest

import scap
from daemon import PREFIX, Daemon
from support import DONE, SOURCE, Engine, need_program
from test_mongodb import database, server, uri  # noqa: F401 (fixtures)
from test_ssh import remote_environment, server as sshd  # noqa: F401

RULES = SOURCE / "tests" / "fixtures" / "rules" / "openwatch"
OVERRIDE = "xccdf_com.hanalyx.openwatch_value_var_accounts_tmout"
VARIABLE = "var_accounts_tmout"
PRODUCT = "ubuntu2204"
NIST = {"framework": "nist", "framework_version": "800-53r5"}


@pytest.fixture(params=("sqlite", "mongodb"))
def daemon(request, tmp_path, sshd):  # noqa: F811
    need_program("oscap", "openscap-scanner")
    store = None
    if request.param == "mongodb":
        store = database(request.getfixturevalue("uri"))
    engine = Engine(tmp_path, plugins=("oscap",), store=store, options={
        "oscap": {"known_hosts": str(sshd.known_hosts), "evidence": True,
                  "keep_results": "arf"}})
    engine.run("import", scap.datastream(PRODUCT), code=DONE)
    made = Daemon(engine)
    yield made
    if made.process:
        made.stop()


def request(sshd, **more):  # noqa: F811
    """The document's, and where this sshd is."""
    return {"target": {
        "type": "ssh", "host": "127.0.0.1", "port": sshd.port,
        "credentials": {"username": sshd.user,
                        "ssh_key": sshd.key.read_text()},
        "applicability": {"cpe": scap.CPE[PRODUCT]}},
        **NIST, "variable_overrides": {OVERRIDE: "300"}, **more}


def import_openwatch(daemon):
    for path in sorted(RULES.glob("*.json")):
        daemon.ask("POST", "/rules/import", path.read_bytes(), 200, headers={
            "Content-Type": "application/json"})


def artifacts(daemon, scan_id):
    """What a scan has kept, by the end of its name."""
    made = daemon.ask("POST", "/scans/bulk/archive", {"scan_ids": [scan_id]},
                      201).json()
    body = daemon.ask("GET", made["download_url"][len(PREFIX):],
                      status=200).body
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return {name: packed.read(name) for name in packed.namelist()
                if "/artifacts/" in name}


def compared(arf):
    """What OVAL compared the variable's items with, in oscap's results."""
    root = ET.fromstring(arf)
    return {value.text for value in root.iter()
            if value.tag.endswith("}tested_variable") and
            VARIABLE in value.get("variable_id", "")}



def machine(folder, seconds):
    """The root of a system whose shells end after so many idle seconds."""
    profile = folder / "machine" / "etc" / "profile.d"
    profile.mkdir(parents=True)
    (profile / "tmout.sh").write_text(f"declare -xr TMOUT={seconds}\n")
    (profile.parent / "profile").write_text("umask 022\n")
    return folder / "machine"


def verdict_of(scan, rule_id):
    (found,) = [each for each in scan["results_by_rule"]
                if each["rule_id"] == rule_id]
    return found


def test_the_three_requests_of_the_specification(daemon, sshd,  # noqa: F811
                                                 tmp_path):
    import_openwatch(daemon)
    made = daemon.ask("POST", "/xccdf/generate-benchmark", {
        "benchmark_id": "nist-800-53r5", "title": "NIST SP 800-53",
        "description": "Rules of OpenWatch", "version": "1.0.0", **NIST},
        200).json()
    assert "rule_accounts_tmout" in made["benchmark_xml"]
    assert (made["rules_count"], made["profiles_count"]) == (15, 1)

    with remote_environment(sshd, OSCAP_PROBE_ROOT=machine(tmp_path, 400)):
        started = daemon.execute(request(sshd), "?wait=3000", status=200)
        usual = daemon.execute(request(sshd, variable_overrides={}),
                               "?wait=3000", status=200)

    scan = daemon.scan(started["scan_id"])
    assert scan["status"] == "completed"
    assert scan["scan_config"]["variable_overrides"] == {OVERRIDE: "300"}
    verdict = verdict_of(scan, "ow-accounts_tmout")
    assert verdict["variables_applied"][VARIABLE] == "300"
    expected = [each for one in verdict["results"][0]["evidence"]["tests"]
                for each in one["expected"]]
    assert {each["value"] for each in expected} == {"300"}
    (arf,) = [text for name, text in artifacts(daemon, scan["scan_id"]).items()
              if name.endswith("arf.xml")]
    assert compared(arf) == {"300"}
    # 400 is more than 300, and less than the content's 600
    assert verdict["status"] == "fail"
    usual = verdict_of(daemon.scan(usual["scan_id"]), "ow-accounts_tmout")
    assert usual["status"] == "pass"
    assert usual["variables_applied"][VARIABLE] == "600"


def test_no_rule_of_that_revision(daemon, sshd):  # noqa: F811
    error = daemon.ask("POST", "/scans/execute", request(sshd), 422).error()
    assert '"nist:800-53r5"; its versions here: 800-53r4;' in error["message"]
    assert daemon.ask("GET", "/scans", status=200).json()["scans"] == []
