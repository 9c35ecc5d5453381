# SPDX-License-Identifier: Apache-2.0
"""Clients that are not ours: curl as the README has it, and schemathesis, which
makes requests from the OpenAPI document."""
import os
import re
import shutil
import subprocess

import pytest

from daemon import PREFIX, Daemon
from support import SLOW, SOURCE, need_program, rule, unavailable

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
    examples = re.findall(r"^    (curl .*\n(?:    .*\n)*)", text, re.M)
    assert examples
    for each in examples:
        assert "127.0.0.1:8734" in each
        each = each.replace("127.0.0.1:8734", f"127.0.0.1:{daemon.port}")
        # of content that is not imported here
        each, count = re.subn(
            r',\s*"benchmark": "DEBIAN-12",\s*"profile": "standard"', "", each)
        assert count == 1
        result = subprocess.run(
            ["sh", "-c", each.replace("curl ", "curl -sS --fail ", 1)],
            env={"PATH": "/usr/bin:/bin", "token": daemon.token("operator")},
            capture_output=True, text=True, timeout=60 * SLOW)
        assert result.returncode == 0, result.stderr
        assert '"status":"completed"' in result.stdout


def schemathesis():
    """The program: `quickstart test` puts it into build/schemathesis."""
    program = (os.environ.get("SCAN_ENGINE_TEST_SCHEMATHESIS")
               or shutil.which(SOURCE / "build/schemathesis/bin/st")
               or shutil.which("st"))
    return program or unavailable(
        "no schemathesis: pip install schemathesis, or `quickstart test`")


def test_schemathesis_finds_no_failure_and_no_mismatch(daemon, tmp_path):
    url = f"http://127.0.0.1:{daemon.port}{PREFIX}"
    result = subprocess.run(
        [schemathesis(), "run", f"{url}/openapi.json", "--url", url,
         "-H", f"Authorization: Bearer {daemon.token()}",
         "-n", "10" if SLOW == 1 else "3", "--seed", "1",
         "--continue-on-failure", "--suppress-health-check", "all",
         "--exclude-path", "/scans/{scan_id}/events",  # it may not end
         "--checks", ",".join((
             "not_a_server_error", "status_code_conformance",
             "content_type_conformance", "response_schema_conformance",
             "response_headers_conformance", "unsupported_method",
             "allow_header_conformance", "ignored_auth", "use_after_free",
             "ensure_resource_availability", "negative_data_rejection",
             "missing_required_header"))],
        cwd=tmp_path, capture_output=True, text=True, timeout=600 * SLOW)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr
    assert "0 skipped" in result.stdout or "passed" in result.stdout
