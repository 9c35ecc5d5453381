# SPDX-License-Identifier: Apache-2.0
"""azure: starter rules, calls, pages, faults and credentials against a fake
of Azure that checks what it is sent (tests/services/azure_fake.py)."""
import json
import os
import re
import stat
import subprocess
import sys

import pytest
import support
from support import DONE, FAILED, UNABLE, UNSURE, Engine

sys.path.insert(0, str(support.SOURCE / "tests/services"))
import azure_fake  # noqa: E402
from azure_estate import (BAD, GOOD, TENANT_BAD, TENANT_GOOD)  # noqa: E402
from azure_fake import AzureFake, answering  # noqa: E402

if not support.module("azure").exists():
    pytest.skip("built without azure", allow_module_level=True)

RULES = support.SOURCE / "conf/rules/azure"
SECRET_ENV = {"AZURE_CLIENT_ID": azure_fake.CLIENT,
              "AZURE_CLIENT_SECRET": azure_fake.SECRET}
PLANTED = (azure_fake.SECRET, azure_fake.FEDERATED, azure_fake.APP_HEADER,
           azure_fake.ARC_KEY, azure_fake.TOKEN, "PRIVATE KEY")
ACCOUNTS = {"request": "/subscriptions/{subscription}/providers/"
            "Microsoft.Storage/storageAccounts", "api_version": "2023-05-01"}


@pytest.fixture
def fake(tmp_path):
    with AzureFake() as server:
        yield server


@pytest.fixture
def engine(tmp_path):
    made = Engine(tmp_path / "engine", plugins=("azure",))
    yield made
    # whatever a test did: nothing that was planted is anywhere
    for path in made.directory.rglob("*"):
        if path.is_file() and path.name != "planted":
            data = path.read_bytes()
            for secret in PLANTED:
                assert secret.encode() not in data, f"{secret} in {path}"


def rule(rule_id="r", **content):
    return {"rule_id": rule_id, "title": rule_id, "severity": "low",
            "scanner_type": "azure_api", "check_content": content}


def https_only(rule_id="r", **more):
    return rule(rule_id, calls={"accounts": {**ACCOUNTS, **more}},
                each="accounts.value", id="id", name="name",
                **{"assert": "properties.supportsHttpsTrafficOnly"})


def scan(engine, target, *args, env=None, **how):
    made = engine.scan("--target", json.dumps(target), *args,
                       env=SECRET_ENV if env is None else env, **how)
    for secret in PLANTED:
        assert secret not in made.result.out + made.result.err
    return made


def results_of(made, rule_id="r"):
    return made.by_rule()[rule_id]["results"]


# ---- the starter rules -------------------------------------------------------

# What each rule is proven on: "fixtures" are answers in the shapes of the REST
# API reference (azure_estate.py). cloudemu, an emulator, would be better; its
# Go module could not be had when these were written, so that none is proven
# on it. Whoever has one moves rules to "cloudemu" here, with a test.
PROVEN = dict.fromkeys((
    "activity-log-export", "alert-nsg-delete", "alert-nsg-write",
    "alert-policy-assignment-delete", "alert-policy-assignment-write",
    "alert-public-ip-delete", "alert-public-ip-write",
    "alert-security-solution-delete", "alert-security-solution-write",
    "alert-sql-firewall-delete", "alert-sql-firewall-write",
    "cosmos-firewall", "cosmos-local-auth", "cosmos-private-endpoint",
    "custom-owner", "defender-app-services", "defender-arm",
    "defender-contact", "defender-containers", "defender-cosmos",
    "defender-key-vault", "defender-open-source-databases",
    "defender-servers", "defender-sql", "defender-sql-machines",
    "defender-storage", "disk-customer-key", "disk-public-network",
    "disk-unattached-key", "entra-create-tenants", "entra-guest-access",
    "entra-guest-invite", "entra-register-apps", "entra-security-defaults",
    "entra-user-consent", "flow-log-retention", "key-vault-audit",
    "key-vault-key-expiry", "key-vault-private-endpoint", "key-vault-rbac",
    "key-vault-recoverable", "key-vault-secret-expiry", "mysql-audit-log",
    "mysql-tls", "mysql-tls-version", "network-watcher", "nsg-http",
    "nsg-rdp", "nsg-ssh", "nsg-udp", "postgresql-azure-services",
    "postgresql-log-checkpoints", "postgresql-log-connections",
    "postgresql-log-disconnections", "postgresql-log-retention",
    "postgresql-throttling", "postgresql-tls", "resource-locks",
    "sql-audit-retention", "sql-auditing", "sql-entra-admin", "sql-firewall",
    "sql-tde", "sql-tde-protector", "storage-anonymous",
    "storage-cross-tenant", "storage-customer-key", "storage-default-deny",
    "storage-infrastructure-encryption", "storage-key-rotation",
    "storage-private-endpoint", "storage-public-network",
    "storage-secure-transfer", "storage-soft-delete", "storage-tls",
    "storage-trusted-services", "vm-managed-disks", "vm-trusted-launch",
    "web-auth", "web-client-certificate", "web-ftp", "web-http2",
    "web-https", "web-identity", "web-tls"), "fixtures")


def starter_scan(engine, fake, code):
    engine.run("import", RULES, code=DONE)
    targets = [fake.target(name="good", subscriptions=[GOOD]),
               fake.target(name="bad", subscriptions=[BAD], tenant=TENANT_BAD)]
    made = engine.scan(*(part for target in targets for part in (
        "--target", json.dumps(target))), env=SECRET_ENV, code=code)
    return made


def assert_all(verdicts, status):
    wrong = [f"{name}: {each['status']}: {each['message']}"
             for name, each in verdicts.items() if each["status"] != status]
    assert not wrong, "\n".join(wrong)


def test_every_starter_rule_has_a_passing_and_a_failing_case(engine, fake):
    made = starter_scan(engine, fake, FAILED)
    good, bad = made.by_rule("good"), made.by_rule("bad")
    assert {f"azure-{name}" for name in PROVEN} == set(good) == set(bad)
    assert_all(good, "pass")
    assert_all(bad, "fail")
    assert bad["azure-sql-auditing"]["resources"]["fail"] == 1
    assert bad["azure-sql-audit-retention"]["resources"]["fail"] == 2


def test_equal_calls_are_made_once_for_all_rules(engine, fake):
    starter_scan(engine, fake, FAILED)
    lists = fake.asked(f"/subscriptions/{GOOD}/providers/Microsoft.Storage/"
                       "storageAccounts$")
    assert len(lists) == 2  # three accounts on pages of two, for 12 rules
    assert len(fake.asked(f"{GOOD}/providers/Microsoft.Security/pricings")) == (
        len(azure_fake.estate()[f"/subscriptions/{GOOD}/providers/"
                                "microsoft.security/pricings"]) + 1) // 2
    assert len(fake.asked("/oauth2/", "POST")) == 4  # of ARM and of Graph


def test_results_say_which_resource_where(engine, fake):
    engine.import_rules([https_only()])
    made = scan(engine, fake.target(), code=FAILED)
    verdict = made.by_rule()["r"]
    assert verdict["resources"] == {"pass": 6, "fail": 1}
    failed = [each for each in verdict["results"] if each["status"] == "fail"]
    assert [each["resource"]["name"] for each in failed] == ["zbad"]
    assert failed[0]["resource"]["namespace"] == BAD
    assert failed[0]["resource"]["uid"].endswith("storageAccounts/zbad")
