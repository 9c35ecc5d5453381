# SPDX-License-Identifier: Apache-2.0
"""gcp: starter rules, calls, pages, faults and credentials against a fake of
Google Cloud that checks what it is sent (tests/services/gcp_fake.py), and
against gcplocal, an emulator that nobody here wrote."""
import json
import os
import subprocess
import sys

import pytest
import support
from support import DONE, FAILED, UNABLE, UNSURE, Engine

sys.path.insert(0, str(support.SOURCE / "tests/services"))
import gcp_fake  # noqa: E402
from gcp_estate import BAD, GOOD  # noqa: E402
from gcp_fake import GcpFake, answering, cutting  # noqa: E402

if not support.module("gcp").exists():
    pytest.skip("built without gcp", allow_module_level=True)

RULES = support.SOURCE / "conf/rules/gcp"
PLANTED = (gcp_fake.TOKEN, gcp_fake.REFRESH, gcp_fake.CLIENT_SECRET,
           gcp_fake.SUBJECT, gcp_fake.AWS_SECRET, gcp_fake.AWS_SESSION,
           gcp_fake.IMDS, "PRIVATE KEY")
FIREWALLS = "compute/v1/projects/{project}/global/firewalls"


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("gcp") / "planted.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048", "-out", path], check=True,
                   capture_output=True)
    return path


@pytest.fixture
def fake(key):
    with GcpFake(key) as server:
        yield server


@pytest.fixture
def engine(tmp_path, key):
    made = Engine(tmp_path / "engine", plugins=("gcp",))
    yield made
    # whatever a test did: nothing that was planted is anywhere
    lines = key.read_text().splitlines()[1:-1]
    for path in made.directory.rglob("*"):
        if path.is_file() and not path.name.startswith("planted"):
            data = path.read_bytes()
            for secret in (*PLANTED, lines[3]):
                assert secret.encode() not in data, f"{secret} in {path}"


def put(engine, document, name="planted.json"):
    path = engine.directory / name
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    return path


def rule(rule_id="r", **content):
    return {"rule_id": rule_id, "title": rule_id, "severity": "low",
            "scanner_type": "gcp_api", "check_content": content}


def firewalls(rule_id="r", request=FIREWALLS, **more):
    return rule(rule_id, calls={"list": {"request": request, **more}},
                each="list.items", id="name", **{"assert": "name != 'ssh'"})


def scan(engine, fake, *args, env=None, code=None, **target):
    """With the service account's file, unless a target says otherwise."""
    if env is None and "credentials" not in target:
        target["credentials"] = {"file": str(put(engine,
                                                 fake.service_account()))}
    made = engine.scan("--target", json.dumps(fake.target(**target)), *args,
                       env=env, code=code)
    for secret in PLANTED:
        assert secret not in made.result.out + made.result.err
    return made


# ---- the starter rules -------------------------------------------------------

# What each rule is proven on: "fixtures" are answers in the shapes of Google's
# discovery documents (gcp_estate.py), "emulator" is gcplocal besides. gcplocal
# has no aggregated lists, logging, keys and so on. cloudemu, which has more,
# could not be had when these were written.
EMULATED = ("iam-audit-config", "iam-consumer-accounts", "iam-kms-duties",
            "iam-service-account-admin", "iam-service-account-duties",
            "iam-service-account-keys", "iam-user-impersonation",
            "network-default", "network-legacy", "network-rdp", "network-ssh",
            "sql-backup", "sql-mysql-local-infile",
            "sql-mysql-skip-show-database", "sql-networks",
            "sql-postgresql-cloudsql-enable-pgaudit",
            "sql-postgresql-log-connections",
            "sql-postgresql-log-disconnections",
            "sql-postgresql-log-min-duration-statement",
            "sql-postgresql-log-statement",
            "sql-sqlserver-contained-database-authentication",
            "sql-sqlserver-cross-db-ownership-chaining",
            "sql-sqlserver-external-scripts-enabled",
            "sql-sqlserver-remote-access", "sql-tls", "storage-public",
            "storage-uniform")
FIXTURES = ("alert-audit-config", "alert-custom-roles", "alert-firewall",
            "alert-networks", "alert-owners", "alert-routes", "alert-sql",
            "alert-storage-iam", "bigquery-customer-key", "bigquery-public",
            "compute-confidential", "compute-default-account",
            "compute-full-scopes", "compute-ip-forwarding",
            "compute-os-login", "compute-project-keys",
            "compute-public-address", "compute-serial-port",
            "compute-shielded", "dns-dnssec", "dns-key-signing",
            "dns-logging", "dns-zone-signing", "iam-api-key-age",
            "iam-api-key-clients", "iam-api-key-restricted",
            "iam-service-account-key-age", "kms-public", "kms-rotation",
            "logging-asset-inventory", "logging-bucket-lock", "logging-sink",
            "network-flow-logs", "network-load-balancer-logs",
            "sql-public-address")
PROVEN = {**dict.fromkeys(EMULATED, "emulator"),
          **dict.fromkeys(FIXTURES, "fixtures")}


def two_targets(engine, fake, code):
    credentials = {"file": str(put(engine, fake.service_account()))}
    targets = [fake.target(name=name, projects=[project],
                           credentials=credentials)
               for name, project in (("good", GOOD), ("bad", BAD))]
    return engine.scan(*(part for target in targets for part in (
        "--target", json.dumps(target))), code=code)


def assert_all(verdicts, status):
    wrong = [f"{name}: {each['status']}: {each['message']}"
             for name, each in verdicts.items() if each["status"] != status]
    assert not wrong, "\n".join(wrong)


def test_every_starter_rule_has_a_passing_and_a_failing_case(engine, fake):
    engine.run("import", RULES, code=DONE)
    made = two_targets(engine, fake, FAILED)
    good, bad = made.by_rule("good"), made.by_rule("bad")
    assert {f"gcp-{name}" for name in PROVEN} == set(good) == set(bad)
    assert_all(good, "pass")
    assert_all(bad, "fail")
    assert bad["gcp-network-ssh"]["resources"] == {
        "pass": 2, "fail": 1, "notapplicable": 1}
    assert bad["gcp-compute-default-account"]["resources"]["fail"] == 2
    # equal calls are made once for all rules
    for project in (GOOD, BAD):
        assert len(fake.asked(f"/compute/v1/projects/{project}/aggregated/"
                              "instances$")) == 2  # pages
        assert len(fake.asked(f"v1/projects/{project}:getIamPolicy")) == 1
    assert len(fake.asked("^/token$", "POST")) == 2
