# SPDX-License-Identifier: Apache-2.0
"""Clients that are not ours: curl as the README has it, and schemathesis, which
makes requests from the OpenAPI document."""
import re
import shutil
import subprocess

import pytest

from daemon import PREFIX, Daemon
from support import SLOW, SOURCE, need_program, rule

RULES = [rule(each, status="fail" if each % 4 == 0 else "pass", more={
    "frameworks": {"nist": {"800-53r5": ["AC-6"]}}}) for each in range(12)]


@pytest.fixture
def daemon(engine):
    engine.import_rules(RULES)
    daemon = Daemon(engine)
    yield daemon
    if daemon.process:
        daemon.stop()


def test_the_examples_of_the_readme_work(daemon):
    need_program("curl", "curl")
    text = (SOURCE / "README").read_text()
    examples = re.findall(r"^    (curl (?:.*\\\n)*.*)", text, re.M)
    assert examples
    for each in examples:
        assert "127.0.0.1:8734" in each
        each = each.replace("127.0.0.1:8734", f"127.0.0.1:{daemon.port}")
        result = subprocess.run(
            ["sh", "-c", each.replace("curl ", "curl -sS --fail ", 1)],
            env={"PATH": "/usr/bin:/bin", "token": daemon.token("operator")},
            capture_output=True, text=True, timeout=60 * SLOW)
        assert result.returncode == 0, result.stderr
        assert '"status":"completed"' in result.stdout


def test_schemathesis_finds_no_failure_and_no_mismatch(daemon):
    program = shutil.which("st") or shutil.which("schemathesis")
    if not program:
        pytest.skip("no schemathesis: pip install schemathesis")
    url = f"http://127.0.0.1:{daemon.port}{PREFIX}"
    result = subprocess.run(
        [program, "run", f"{url}/openapi.json", "--url", url,
         "-H", f"Authorization: Bearer {daemon.token()}", "-n", "10",
         "--continue-on-failure", "--suppress-health-check", "all",
         "--exclude-path", "/scans/{scan_id}/events",  # it may not end
         "--checks", "not_a_server_error,status_code_conformance,"
         "content_type_conformance,response_schema_conformance,"
         "response_headers_conformance,unsupported_method"],
        capture_output=True, text=True, timeout=600 * SLOW)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr
