# SPDX-License-Identifier: Apache-2.0
"""From importing content over REST to deleting the scan: on each store."""
import hashlib
import io
import json
import zipfile

from daemon import PREFIX, check_once
from support import rule


def whole_flow(daemon):
    rules = [rule(each, status="fail" if each % 4 == 0 else "pass",
                  sleep_ms=20, more={
                      "frameworks": {"nist": {"800-53r5": ["AC-6"]}},
                      "variables": {"var_tmout": {
                          "type": "number", "default": "600", "minimum": 60,
                          "maximum": 3600}}}) for each in range(12)]
    text = "\n".join(map(json.dumps, rules)).encode()
    kind = {"Content-Type": "application/x-ndjson"}
    report = daemon.ask("POST", "/rules/validate", text, 200, "viewer",
                        headers=kind).json()
    assert report["totals"]["documents"] == 12
    assert daemon.ask("GET", "/rules", status=200).json()["rules"] == []
    report = daemon.ask("POST", "/rules/import", text, 200,
                        headers=kind).json()
    assert report["totals"]["added"] == 12
    frameworks = daemon.ask("GET", "/frameworks", status=200).json()
    assert frameworks["frameworks"] == [
        {"framework": "nist", "version": "800-53r5", "rules": 12}]
    variables = daemon.ask("GET", "/variables?framework=nist",
                           status=200).json()["variables"]
    assert [each["id"] for each in variables] == ["var_tmout"]

    answer = daemon.ask("POST", "/scans/execute", {
        "name": "flow", "target": {"type": "local"}, "framework": "nist",
        "framework_version": "800-53r5", "variable_overrides": {
            "xccdf_com.hanalyx.openwatch_value_var_tmout": "300"}}, 202,
        "operator")
    scan_id = answer.json()["scan_id"]
    assert answer.headers["Location"] == f"{PREFIX}/scans/{scan_id}"
    events = daemon.events(scan_id)
    names = [name for name, _ in events]
    assert names[-1] == "end" and names.count("result") == 12
    assert events[-1][1]["status"] == "completed"
    assert len({data["rule_id"] for name, data in events
                if name == "result"}) == 12

    scan = daemon.scan(scan_id)
    check_once(scan, rules)
    assert scan["summary"]["passed"] == 9 and scan["failed"] == 3
    assert scan["scan_name"] == "flow" and scan["trigger"] == "api"
    assert scan["scanner_versions"] == {"alpha": "1.2.3"}
    assert list(scan["config"]["variable_overrides"].values()) == ["300"]
    page = daemon.scan(scan_id, "?results_skip=10&results_limit=5")
    assert len(page["results_by_rule"]) == 2 and not page["results_has_more"]
    failed = daemon.ask("GET", f"/scans/{scan_id}/results?status=fail"
                        "&limit=2&count=true", status=200).json()
    assert len(failed["results"]) == 2 and failed["has_more"]
    assert failed["total"] == 3
    errors = daemon.ask("GET", f"/scans/{scan_id}/errors", status=200).json()
    assert errors["tool_errors"] == {"alpha": None}
    assert (errors["total_tools"], errors["failed_tools"]) == (1, 0)
    listed = daemon.ask("GET", "/scans?target=local&framework=nist"
                        "&status=completed", status=200).json()
    assert [each["scan_id"] for each in listed["scans"]] == [scan_id]
    sums = daemon.ask("GET", "/scans/statistics/summary?days=1",
                      status=200).json()
    assert sums["total_scans"] == 1 and sums["avg_compliance"] == 75.0

    archive = daemon.ask("POST", "/scans/bulk/archive",
                         {"scan_ids": [scan_id]}, 201).json()
    listed = daemon.ask("GET", "/scans/archives", status=200).json()
    assert [each["archive_id"] for each in listed["archives"]] == [
        archive["archive_id"]]
    path = f"/scans/archives/{archive['archive_id']}"
    body = daemon.ask("GET", path, status=200).body
    assert len(body) == archive["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        assert packed.testzip() is None
        manifest = json.loads(packed.read("archive-manifest.json"))
        for each in manifest["files"]:
            content = packed.read(each["file"])
            assert hashlib.sha256(content).hexdigest() == each["sha256"]
        lines = packed.read(f"{scan_id}/verdicts.jsonl").splitlines()
        assert len(lines) == 12
    daemon.ask("DELETE", path, status=200)
    daemon.ask("GET", path, status=404)
    daemon.ask("DELETE", f"/scans/{scan_id}", status=200)
    daemon.ask("GET", f"/scans/{scan_id}", status=404)
