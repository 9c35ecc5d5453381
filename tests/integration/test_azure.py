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
from azure_estate import (ALERT_CASES, BAD, CASES, EDGE, GOOD,  # noqa: E402
                          TENANT_BAD, TENANT_CASES, TENANT_GOOD)
from azure_fake import AzureFake, answering  # noqa: E402
from azure_sdk import BAD as SDK_BAD, GOOD as SDK_GOOD  # noqa: E402
from azure_sdk import AzureSdk  # noqa: E402

support.need_plugin("azure")

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
# API reference (azure_estate.py), "sdk" is besides that Microsoft's own
# server-side fakes (tests/services/azure_sdk): what is asked is what their
# clients ask, and what is answered is a value of their types. Others have no
# module with fakes that could be had (Cosmos DB, PostgreSQL, App Service,
# locks) or are of Microsoft Graph.
ON_SDK = (
    "activity-log-export", "alert-nsg-delete", "alert-nsg-write",
    "alert-policy-assignment-delete", "alert-policy-assignment-write",
    "alert-public-ip-delete", "alert-public-ip-write",
    "alert-security-solution-delete", "alert-security-solution-write",
    "alert-sql-firewall-delete", "alert-sql-firewall-write", "custom-owner",
    "defender-app-services", "defender-arm", "defender-contact",
    "defender-containers", "defender-cosmos", "defender-key-vault",
    "defender-open-source-databases", "defender-servers", "defender-sql",
    "defender-sql-machines", "defender-storage", "disk-customer-key",
    "disk-public-network", "disk-unattached-key", "flow-log-retention",
    "key-vault-audit", "key-vault-key-expiry", "key-vault-private-endpoint",
    "key-vault-rbac", "key-vault-recoverable", "key-vault-secret-expiry",
    "mysql-audit-log", "mysql-tls", "mysql-tls-version", "network-watcher",
    "nsg-http", "nsg-rdp", "nsg-ssh", "nsg-udp", "sql-audit-retention",
    "sql-auditing", "sql-entra-admin", "sql-firewall", "sql-tde",
    "sql-tde-protector", "storage-anonymous", "storage-cross-tenant",
    "storage-customer-key", "storage-default-deny",
    "storage-infrastructure-encryption", "storage-key-rotation",
    "storage-private-endpoint", "storage-public-network",
    "storage-secure-transfer", "storage-soft-delete", "storage-tls",
    "storage-trusted-services", "vm-managed-disks", "vm-trusted-launch")
PROVEN = {**dict.fromkeys(ON_SDK, "sdk"), **dict.fromkeys((
    "cosmos-firewall", "cosmos-local-auth", "cosmos-private-endpoint",
    "entra-create-tenants", "entra-guest-access", "entra-guest-invite",
    "entra-register-apps", "entra-security-defaults", "entra-user-consent",
    "postgresql-azure-services", "postgresql-log-checkpoints",
    "postgresql-log-connections", "postgresql-log-disconnections",
    "postgresql-log-retention", "postgresql-throttling", "postgresql-tls",
    "resource-locks", "web-auth", "web-client-certificate", "web-ftp",
    "web-http2", "web-https", "web-identity", "web-tls"), "fixtures")}


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
    # what fails says so in words: no expression, no placeholder
    assert [name for name, each in bad.items()
            if not name.startswith("azure-defender-")
            and re.search("does not hold|[{}`]|value", each["message"])] == []
    assert bad["azure-sql-auditing"]["resources"]["fail"] == 1
    assert bad["azure-sql-audit-retention"]["resources"]["fail"] == 2


@pytest.fixture
def sdk(tmp_path):
    with AzureSdk(tmp_path) as server:
        yield server


def test_starter_rules_on_the_fakes_of_microsoft(engine, sdk):
    engine.run("import", RULES, code=DONE)
    names = [f"azure-{name}" for name in ON_SDK]
    made = engine.scan(
        *(part for name, sub in (("good", SDK_GOOD), ("bad", SDK_BAD))
          for part in ("--target", json.dumps(sdk.target(
              name=name, subscriptions=[sub])))),
        *(part for name in names for part in ("--rule", name)),
        env=SECRET_ENV, code=FAILED)
    assert sdk.refusals() == ""
    good, bad = made.by_rule("good"), made.by_rule("bad")
    assert set(good) == set(bad) == set(names)
    assert_all(good, "pass")
    assert_all(bad, "fail")
    # each list is on two pages, and what fails is on the second
    assert bad["azure-storage-tls"]["resources"] == {"pass": 2, "fail": 1}
    assert bad["azure-sql-tde"]["resources"] == {"pass": 5, "fail": 1}
    assert bad["azure-key-vault-key-expiry"]["resources"]["fail"] == 1
    assert sdk.unasked() == ["/subscriptions"]


def test_subscriptions_as_the_fakes_of_microsoft_list_them(engine, sdk):
    engine.run("import", RULES / "storage.yaml", code=DONE)
    made = scan(engine, sdk.target(subscriptions="all"), "--rule",
                "azure-storage-tls", code=FAILED)
    assert sdk.refusals() == ""
    assert made.by_rule()["azure-storage-tls"]["resources"] == {
        "pass": 5, "fail": 1}


def test_the_fakes_of_microsoft_refuse_what_their_clients_do_not_ask(engine,
                                                                     sdk):
    """Else they would prove nothing."""
    base = "/subscriptions/{subscription}/providers/"
    engine.import_rules([
        rule(name, calls={"x": {"request": base + path,
                                "api_version": version}},
             **{"assert": "type(x.value) == 'array'"})
        for name, path, version in (
            ("right", "Microsoft.Storage/storageAccounts", "2023-05-01"),
            ("path", "Microsoft.Storage/storageAccount", "2023-05-01"),
            ("case", "Microsoft.Storage/storageaccounts", "2023-05-01"),
            ("version", "Microsoft.Storage/storageAccounts", "2023-05-02"),
            ("query", "Microsoft.Storage/storageAccounts?x=y", "2023-05-01"))])
    made = scan(engine, sdk.target(subscriptions=[SDK_GOOD]), code=UNSURE)
    assert made.statuses() == {"right": "pass", "path": "error",
                               "case": "error", "version": "error",
                               "query": "error"}
    assert len(sdk.refusals().splitlines()) == 4


def test_resources_that_are_easily_misjudged(engine, fake):
    engine.run("import", RULES, code=DONE)
    verdicts = scan(engine, fake.target(subscriptions=[EDGE])).by_rule()
    wanted = {(rule, name): verdict for rule, _, cases in CASES
              for verdict, name, _, _ in cases}
    found = {(rule, each["resource"]["name"]): each["status"]
             for rule, _, _ in CASES
             for each in verdicts[f"azure-{rule}"].get("results", ())}
    assert {case: found.get(case) for case in wanted} == wanted
    assert {rule: verdicts[f"azure-alert-{rule}"]["status"]
            for rule, *_ in ALERT_CASES} == {
        rule: verdict for rule, verdict, *_ in ALERT_CASES}


def test_directories_that_are_easily_misjudged(engine, fake):
    engine.run("import", RULES / "identity.yaml", code=DONE)
    made = engine.scan(*(part for tenant, case in TENANT_CASES.items()
                         for part in ("--target", json.dumps(fake.target(
                             name=f"{case[0]}-{case[2]}", tenant=tenant,
                             subscriptions=[EDGE])))), env=SECRET_ENV)
    wanted = {(rule, what): verdict
              for rule, verdict, what, *_ in TENANT_CASES.values()}
    assert {(rule, what): made.by_rule(f"{rule}-{what}")[f"azure-{rule}"][
        "status"] for rule, what in wanted} == wanted


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


# ---- calls -------------------------------------------------------------------

def test_a_call_without_a_version_takes_what_the_provider_says(engine, fake):
    request = {"request": ACCOUNTS["request"]}
    engine.import_rules([
        rule("r", calls={"accounts": request}, each="accounts.value", id="id",
             **{"assert": "properties.supportsHttpsTrafficOnly"}),
        rule("unknown", calls={"x": {
            "request": "/subscriptions/{subscription}/providers/No.Such/x"}},
            **{"assert": "x"})])
    made = scan(engine, fake.target(), code=FAILED)
    assert made.statuses() == {"r": "fail", "unknown": "error"}
    assert "no resource provider" in made.by_rule()["unknown"]["message"]
    asked = fake.asked("storageAccounts$")
    assert {each["query"]["api-version"] for each in asked} == {"2023-03-03"}
    providers = fake.asked("/providers$")
    assert len({each["path"] for each in providers}) == 1  # once for the scan


def test_resource_graph_asks_all_subscriptions_at_once(engine, fake):
    engine.import_rules([rule(
        calls={"found": {"graph": "resources | project id, name"}},
        each="found.data", id="id", name="name",
        **{"assert": "name == 'good'"})])
    made = scan(engine, fake.target(), code=FAILED)
    verdict = made.by_rule()["r"]
    assert verdict["resources"] == {"pass": 1, "fail": 1}
    asked = fake.asked("resourcegraph", "POST")
    bodies = [json.loads(each["body"]) for each in asked]
    assert [body["options"].get("$skipToken") for body in bodies] == [None, "1"]
    assert bodies[0]["subscriptions"] == [GOOD, BAD]
    assert all(each["query"]["api-version"] == "2021-03-01" for each in asked)


def test_a_management_group_and_all_name_their_subscriptions(engine, fake):
    engine.import_rules([https_only(), rule(
        "graph", calls={"found": {"graph": "resources"}}, each="found.data",
        id="id", **{"assert": "name"})])
    for more in ({"management_group": "mg"}, {"subscriptions": "all"}):
        target = fake.target(**more)
        if "management_group" in more:
            del target["subscriptions"]
        made = scan(engine, target, code=FAILED)
        assert made.by_rule()["r"]["resources"] == {"pass": 6, "fail": 1}, more
        assert made.by_rule()["graph"]["resources"] == {"pass": 2}
    groups = [json.loads(each["body"]).get("managementGroups")
              for each in fake.asked("resourcegraph")]
    assert groups == [["mg"], ["mg"], None, None]


def test_what_resource_graph_would_leave_out_is_an_error(engine, fake):
    listed = fake.answers["/subscriptions"]
    fake.answers["/subscriptions"] = [each for each in listed
                                      if each["subscriptionId"] == GOOD]
    engine.import_rules([https_only("plain"), rule(
        "graph", calls={"found": {"graph": "resources"}}, each="found.data",
        id="id", **{"assert": "name"})])
    for more in ({}, {"management_group": "mg"}):
        target = fake.target(**more)
        if more:
            del target["subscriptions"]
        made = scan(engine, target, code=FAILED)
        assert made.statuses() == {"plain": "fail", "graph": "error"}, more
        said = json.dumps(made.by_rule()["graph"])
        assert f"leave out subscription {BAD}" in said
        assert GOOD not in said
    assert not fake.asked("resourcegraph")
    # ids are compared without case, and a list that is not had is not seen
    target = fake.target(subscriptions=[GOOD.upper()])
    assert scan(engine, target).by_rule()["graph"]["status"] == "pass"
    fake.fault("/subscriptions$", answering(403, "Denied", "no"), times=99)
    made = scan(engine, fake.target(), code=FAILED)
    assert made.statuses() == {"plain": "fail", "graph": "error"}
    assert "Denied" in json.dumps(made.by_rule()["graph"])


def test_one_rule_over_all_subscriptions(engine, fake):
    engine.import_rules([rule(
        scope="tenant", calls={"accounts": {**ACCOUNTS,
                                            "subscriptions": "all"}},
        **{"assert": "length(accounts.value) == `7`"})])
    assert scan(engine, fake.target(), code=DONE).statuses() == {"r": "pass"}


@pytest.mark.parametrize("content", [
    {"request": "/subscriptions/{subscription}/x/listKeys", "method": "POST"},
    {"request": "/subscriptions/{subscription}/x/{id}/listkeys"},
    {"request": "/subscriptions/{subscription}/x/start", "method": "POST"},
    {"request": "https://evil.example/subscriptions"},
    {"request": "/a/../b"}, {"request": "/a", "graph": "resources"},
    {"request": "/a", "api_version": "latest"}, {"api_version": "2020-01-01"}])
def test_what_changes_something_or_leads_elsewhere_is_never_asked(
        engine, fake, content):
    engine.import_rules([rule(calls={"x": content}, **{"assert": "x"})])
    made = scan(engine, fake.target(), code=UNSURE)
    assert made.statuses() == {"r": "error"}
    assert not fake.asked("listkeys|start|/x/|evil")


# ---- faults ------------------------------------------------------------------

@pytest.mark.parametrize("fault", [
    answering(429, "TooManyRequests", "slow down", {"Retry-After": "1"}),
    answering(500, "InternalServerError", "oops"), answering(503),
    answering(408), "cut"], ids=["429", "500", "503", "408", "cut"])
def test_what_passes_is_tried_again(engine, fake, fault):
    made = fake.fault("storageAccounts$", fault, times=2)
    engine.import_rules([https_only()])
    found = scan(engine, fake.target(subscriptions=[GOOD]), code=DONE)
    assert found.by_rule()["r"]["resources"] == {"pass": 3}
    assert made.seen == 2


def test_throttling_that_lasts_is_an_error_with_its_quota(engine, fake):
    engine.configure(options={"azure": {"retries": 1}})
    fake.fault(f"{BAD}.*storageAccounts$", answering(
        429, "TooManyRequests", "slow down",
        {"Retry-After": "1",
         "x-ms-ratelimit-remaining-subscription-reads": "0"}), times=99)
    engine.import_rules([https_only()])
    made = scan(engine, fake.target(), code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["status"] == "error"
    assert verdict["resources"] == {"pass": 3, "error": 1}
    assert "429 TooManyRequests" in json.dumps(verdict)
    assert "subscription-reads: 0" in json.dumps(verdict)


def test_a_quota_of_resource_graph_is_waited_for(engine, fake):
    def nearly(handler, request):
        handler.send(200, fake.serve(request, request["query"]), {
            "x-ms-user-quota-remaining": "0",
            "x-ms-user-quota-resets-after": "00:00:02"})

    fake.fault("resourcegraph", nearly)
    engine.import_rules([rule(calls={"found": {"graph": "resources"}},
                              each="found.data", id="id",
                              **{"assert": "name"})])
    scan(engine, fake.target(), code=DONE)
    first, second = fake.asked("resourcegraph")
    assert second["when"] - first["when"] >= 1.9


def test_a_link_to_another_host_is_not_followed(engine, fake, tmp_path):
    with AzureFake() as evil:
        fake.fault("storageAccounts$", answering(200, body={
            "value": [], "nextLink": f"{evil.url}/steal?api-version=x"}))
        engine.import_rules([https_only(), rule(
            "other", request="/subscriptions/{subscription}/providers/"
            "Microsoft.Security/pricings", api_version="2023-01-01",
            path="value", operator="exists")])
        made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
        assert made.statuses() == {"r": "error", "other": "pass"}
        assert "another host" in json.dumps(made.by_rule()["r"])
        assert not evil.requests


def test_a_missing_right_is_an_error_that_names_it(engine, fake):
    action = "Microsoft.Storage/storageAccounts/read"
    fake.fault(f"{BAD}.*storageAccounts$", answering(
        403, "AuthorizationFailed", f"The client 'c' with object id 'o' does "
        f"not have authorization to perform action '{action}' over scope "
        f"'/subscriptions/{BAD}' or the scope is invalid."), times=99)
    engine.import_rules([https_only()])
    made = scan(engine, fake.target(), code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["resources"] == {"pass": 3, "error": 1}
    said = next(each["message"] for each in verdict["results"]
                if each["status"] == "error")
    assert f"object id 'o' may not perform {action}" in said
    assert f"grant it on /subscriptions/{BAD}; the role Reader" in said


def test_nothing_there_is_an_answer_when_the_rule_says_so(engine, fake):
    for code, status in (("ResourceNotFound", 404),
                         ("MissingSubscriptionRegistration", 409)):
        fake.fault(f"gone/{code}", answering(status, code, "no"), times=99)
    engine.import_rules([
        rule(f"{code}-{how}", calls={"x": {
            "request": f"/subscriptions/{{subscription}}/gone/{code}",
            "api_version": "2020-01-01", **more}}, **{"assert": "!x"})
        for code in ("ResourceNotFound", "MissingSubscriptionRegistration")
        for how, more in (("plain", {}), ("code", {"empty_on": [code]}),
                          ("status", {"empty_on": ["404", "409"]}))])
    made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
    assert {name: status for name, status in made.statuses().items()
            if status == "error"} == {
        "ResourceNotFound-plain": "error",
        "MissingSubscriptionRegistration-plain": "error"}
    assert set(made.statuses().values()) == {"error", "pass"}


def test_a_later_page_or_the_wrong_place_is_never_nothing_there(engine, fake):
    every = {"empty_on": ["404", "ResourceNotFound"]}
    engine.import_rules([
        https_only("paged", **every),
        rule("versioned", calls={"x": {
            "request": "/subscriptions/{subscription}/providers/A.B/c",
            **every}}, **{"assert": "!x"})])

    def second(handler, request):
        handler.send(200, {"value": [], "nextLink": f"{fake.url}/gone?"
                           "api-version=2020-01-01"})

    fake.fault("storageAccounts$", second, times=9)
    fake.fault("/gone$", answering(404, "ResourceNotFound", "gone"), times=9)
    fake.fault("/providers$", answering(404, "ResourceNotFound", "no"),
               times=9)
    made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
    assert made.statuses() == {"paged": "error", "versioned": "error"}
    # a subscription that is not there has not "nothing there", either
    engine.import_rules([https_only("r", **every)])
    made = scan(engine, fake.target(subscriptions=["nowhere"]), "--rule", "r",
                code=UNSURE)
    assert made.statuses() == {"r": "error"}


def test_an_empty_answer_is_an_error_unless_it_says_so(engine, fake):
    engine.import_rules([https_only()])
    for body in (b"", b"null", b"{}", b'{"value": null}', b'{"error": {}}'):
        fake.fault("storageAccounts$", answering(200, body=body))
        made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
        assert "the answer is empty" in json.dumps(made.by_rule()["r"]), body
    # page 2 of the list is no list
    fake.fault("storageAccounts$", answering(200, body={
        "value": [], "nextLink": f"{fake.url}/more?api-version=2023-05-01"}))
    fake.fault("/more$", answering(200, body={"error": {}}))
    made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
    assert "page 2" in json.dumps(made.by_rule()["r"])
    # 204 is nothing there, for rules that say so
    engine.import_rules([rule(name, calls={"x": {
        "request": "/subscriptions/{subscription}/none",
        "api_version": "2020-01-01", **more}}, **{"assert": "!x"})
        for name, more in (("plain", {}), ("said", {"empty_on": ["204"]}))])
    fake.fault("/none$", answering(204, body=b""), times=9)
    made = scan(engine, fake.target(subscriptions=[GOOD]), "--rule",
                "plain", "--rule", "said", code=UNSURE)
    assert made.statuses() == {"plain": "error", "said": "pass"}


def test_an_unknown_subscription_is_an_error_of_its_own(engine, fake):
    engine.import_rules([https_only()])
    made = scan(engine, fake.target(subscriptions=[GOOD, "nowhere"]),
                code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["resources"] == {"pass": 3, "error": 1}
    assert "SubscriptionNotFound" in json.dumps(verdict)


def test_a_token_that_is_refused_is_fetched_again_once(engine, fake):
    engine.import_rules([https_only()])
    fake.fault("storageAccounts$", answering(
        401, "ExpiredAuthenticationToken", "expired"))
    made = scan(engine, fake.target(subscriptions=[GOOD]), code=DONE)
    assert made.statuses() == {"r": "pass"}
    assert len(fake.asked("/oauth2/")) == 2
    fake.fault("storageAccounts$", answering(
        401, "InvalidAuthenticationTokenTenant", "wrong issuer"), times=99)
    made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
    assert "InvalidAuthenticationTokenTenant" in json.dumps(made.by_rule())
    assert len(fake.asked("/oauth2/")) == 4


def test_answers_that_are_no_json_are_errors(engine, fake):
    engine.import_rules([https_only()])
    for body in (b"<html>sign in</html>", b'{"value": [', b"\xff\xfe"):
        fake.fault("storageAccounts$", answering(200, body=body))
        made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
        assert made.statuses() == {"r": "error"}, body
    fake.fault("storageAccounts$", answering(
        302, body={}, headers={"Location": "https://evil.example/"}))
    made = scan(engine, fake.target(subscriptions=[GOOD]), code=UNSURE)
    assert "redirect" in json.dumps(made.by_rule())


# ---- credentials -------------------------------------------------------------

def openssl(folder, *argv):
    subprocess.run(["openssl", *argv], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """client.pem has key and certificate; the same encrypted, and as PFX."""
    folder = tmp_path_factory.mktemp("certificates")
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
            "2", "-subj", "/CN=scanner", "-keyout", "key.pem", "-out",
            "cert.pem")
    openssl(folder, "rsa", "-aes256", "-passout", "pass:planted-pass", "-in",
            "key.pem", "-out", "encrypted.key")
    openssl(folder, "pkcs12", "-export", "-inkey", "key.pem", "-in",
            "cert.pem", "-passout", "pass:planted-pass", "-out", "client.pfx")
    for name, parts in (("client.pem", ("key.pem", "cert.pem")),
                        ("encrypted.pem", ("cert.pem", "encrypted.key"))):
        (folder / name).write_text("".join((folder / part).read_text()
                                           for part in parts))
    return folder


def signed_in(engine, fake, env=None, **more):
    """A scan of one rule that passes when the token is good."""
    engine.import_rules([https_only()])
    made = scan(engine, fake.target(subscriptions=[GOOD], **more), env=env
                or {}, code=DONE)
    assert made.statuses() == {"r": "pass"}
    return made


def refused(engine, fake, env=None, **more):
    """A scan that cannot sign in: what it says."""
    engine.import_rules([https_only()])
    made = scan(engine, fake.target(subscriptions=[GOOD], **more),
                env=env or {}, code=UNABLE)
    return made.result.out + made.result.err


def test_client_secret_by_reference(engine, fake):
    path = engine.directory / "planted"
    path.write_text(azure_fake.SECRET + "\n")
    credentials = {"client_id": azure_fake.CLIENT,
                   "client_secret": {"file": str(path)}}
    signed_in(engine, fake, credentials=credentials)
    credentials["client_secret"] = {"env": "OF_MY_OWN"}
    signed_in(engine, fake, {"OF_MY_OWN": azure_fake.SECRET},
              credentials=credentials)
    said = refused(engine, fake, {"OF_MY_OWN": "planted-but-wrong"},
                   credentials=credentials)
    assert "AADSTS7000215" in said and "client secret" in said
    assert "planted-but-wrong" not in said


def test_client_certificates_of_all_kinds(engine, fake, certificates):
    fake.certificate = certificates / "cert.pem"
    base = {"AZURE_CLIENT_ID": azure_fake.CLIENT}
    password = {"AZURE_CLIENT_CERTIFICATE_PASSWORD": "planted-pass"}
    for name, more in (("client.pem", {}), ("encrypted.pem", password),
                       ("client.pfx", password)):
        path = {"AZURE_CLIENT_CERTIFICATE_PATH": str(certificates / name)}
        signed_in(engine, fake, {**base, **path, **more})
        if more:
            said = refused(engine, fake, {**base, **path})
            assert "AZURE_CLIENT_CERTIFICATE_PASSWORD" in said
            assert "planted-pass" not in said
    signed_in(engine, fake, credentials={
        "client_id": azure_fake.CLIENT, "client_certificate":
        {"file": str(certificates / "client.pem")}})


def test_another_certificate_is_refused(engine, fake, certificates, tmp_path):
    openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
            "2", "-subj", "/CN=other", "-keyout", "k.pem", "-out", "c.pem")
    fake.certificate = tmp_path / "c.pem"
    said = refused(engine, fake, {
        "AZURE_CLIENT_ID": azure_fake.CLIENT, "AZURE_CLIENT_CERTIFICATE_PATH":
        str(certificates / "client.pem")})
    assert "AADSTS700027" in said


def test_workload_identity_reads_its_file_each_time(engine, fake):
    path = engine.directory / "planted"
    path.write_text(azure_fake.FEDERATED)
    env = {"AZURE_CLIENT_ID": azure_fake.CLIENT,
           "AZURE_FEDERATED_TOKEN_FILE": str(path)}
    signed_in(engine, fake, env)
    # the file changes while the scan runs: the second token is asked for
    # with what is in it then
    def swap(handler, request):
        fake.federated = azure_fake.FEDERATED + "2"
        path.write_text(fake.federated)
        handler.send(200, fake.serve(request, request["query"]))

    fake.fault("storageAccounts$", swap)
    engine.import_rules([https_only(), rule(
        "graph", scope="subscription", calls={
            "accounts": ACCOUNTS, "policy": {
                "foreach": "[{wait: accounts}]",
                "request": "https://graph.microsoft.com/v1.0/policies/"
                           "authorizationPolicy"}},
        **{"assert": "policy[0].answer.guestUserRoleId"})])
    made = scan(engine, fake.target(subscriptions=[GOOD]), env=env, code=DONE)
    assert set(made.statuses().values()) == {"pass"}
    forms = [each["body"].decode() for each in fake.asked("/oauth2/")]
    assert forms[-1].count(azure_fake.FEDERATED + "2") == 1


def test_managed_identity_of_a_machine(engine, fake):
    host = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": fake.url}
    signed_in(engine, fake, host, credentials={"use": "managed_identity"})
    fake.fault("/metadata/", answering(404), times=2)  # passes, they say
    signed_in(engine, fake, host, credentials={
        "use": "managed_identity", "client_id": azure_fake.CLIENT})
    assert fake.asked("/metadata/")[-1]["query"]["client_id"] == (
        azure_fake.CLIENT)
    said = refused(engine, fake, host, credentials={
        "use": "managed_identity", "client_id": "stranger"})
    assert "Identity not found" in said


def test_managed_identity_of_an_app(engine, fake):
    env = {"IDENTITY_ENDPOINT": f"{fake.url}/msi/token",
           "IDENTITY_HEADER": azure_fake.APP_HEADER}
    signed_in(engine, fake, env)
    said = refused(engine, fake, {**env, "IDENTITY_HEADER": "planted-wrong"})
    assert "managed identity" in said and "planted-wrong" not in said
    # the header goes to nobody else
    said = refused(engine, fake, {**env, "IDENTITY_ENDPOINT":
                                  "http://192.0.2.1/msi/token"})
    assert "IDENTITY_ENDPOINT" in said


AZ = """#!/bin/sh
test "$*" = "account get-access-token --output json --resource \
https://management.azure.com --tenant {tenant}" || exit 3
cat <<END
{answer}
END
"""


def put_az(engine, text):
    folder = engine.directory / "bin"
    folder.mkdir(exist_ok=True)
    path = folder / "az"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:{os.environ['PATH']}",
            "AZURE_TOKEN_CREDENTIALS": "dev"}


def test_az_is_asked_by_its_arguments(engine, fake, tmp_path):
    answer = json.dumps({"accessToken": "@", "expires_on": 2000000000,
                         "tokenType": "Bearer"})
    shown = engine.directory / "planted"
    shown.write_text(answer.replace("@", fake.token(azure_fake.ARM)))
    text = AZ.format(tenant=TENANT_GOOD, answer="@").replace(
        "cat <<END\n@\nEND", f"cat {shown}")
    signed_in(engine, fake, put_az(engine, text))
    said = refused(engine, fake, put_az(
        engine, "#!/bin/sh\necho \"Please run 'az login'\" >&2; exit 1\n"))
    assert "az login" in said
    said = refused(engine, fake, put_az(engine, "#!/bin/sh\necho nonsense\n"))
    assert "nonsense" not in said


def test_without_credentials_all_that_was_looked_at_is_named(engine, fake):
    said = refused(engine, fake, {
        "PATH": "/nowhere",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"})
    for word in ("client secret", "client certificate", "workload identity",
                 "managed identity", "az"):
        assert word in said, said


def test_secrets_in_a_target_are_refused(engine, fake):
    engine.import_rules([https_only()])
    target = fake.target(credentials={"client_id": "c",
                                      "client_secret": azure_fake.SECRET})
    result = engine.run("scan", "--target", json.dumps(target), code=UNABLE)
    assert azure_fake.SECRET not in result.err


def test_tokens_go_to_no_other_host(engine, fake):
    said = refused(engine, fake, SECRET_ENV, endpoints={
        "resource_manager": "https://evil.example"})
    assert "custom_endpoints" in said
    assert not fake.requests


# ---- plan and probe ----------------------------------------------------------

def test_a_plan_makes_no_calls(engine, fake):
    engine.import_rules([https_only()])
    result = engine.run("scan", "--dry-run", "--target",
                        json.dumps(fake.target()), env=SECRET_ENV)
    assert result.code == DONE, repr(result)
    assert "storageAccounts" in result.out
    assert not fake.asked("storageAccounts")


@pytest.mark.parametrize("more", [
    {"subscriptions": [GOOD, BAD]}, {"subscriptions": "all"},
    {"subscriptions": None, "management_group": "mg"}])
def test_probe_says_which_right_is_missing(engine, fake, more):
    target = {key: value for key, value in fake.target(**more).items()
              if value}
    result = engine.run("probe", "--target", json.dumps(target),
                        env=SECRET_ENV)
    said = result.out + result.err
    assert f"*/read on /subscriptions/{BAD}" in said
    assert f"*/read on /subscriptions/{GOOD}" not in said


# ---- TLS ---------------------------------------------------------------------

def test_servers_are_checked_with_the_certificates_of_the_target(
        engine, tmp_path):
    openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
            "2", "-subj", "/CN=fake", "-addext",
            "subjectAltName=IP:127.0.0.1", "-keyout", "k.pem", "-out", "c.pem")
    with AzureFake(tls=(tmp_path / "c.pem", tmp_path / "k.pem")) as server:
        signed_in(engine, server, SECRET_ENV, ca_file=str(tmp_path / "c.pem"))
        said = refused(engine, server, SECRET_ENV)
        assert "certificate" in said
