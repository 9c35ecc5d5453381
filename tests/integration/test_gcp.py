# SPDX-License-Identifier: Apache-2.0
"""gcp: starter rules, calls, pages, faults and credentials against a fake of
Google Cloud that checks what it is sent (tests/services/gcp_fake.py), and
against gcplocal, an emulator that nobody here wrote."""
import json
import os
import re
import subprocess
import sys
import urllib.parse

import pytest
import support
from support import DONE, FAILED, UNABLE, UNSURE, Engine

sys.path.insert(0, str(support.SOURCE / "tests/services"))
import gcp_fake  # noqa: E402
from gcp_estate import BAD, GOOD, NUMBER, estate  # noqa: E402
from gcp_fake import GcpFake, answering, cutting, saying  # noqa: E402
from gcplocal import Gcplocal  # noqa: E402

support.need_plugin("gcp")

RULES = support.SOURCE / "conf/rules/gcp"
PLANTED = (gcp_fake.TOKEN, gcp_fake.REFRESH, gcp_fake.CLIENT_SECRET,
           gcp_fake.SUBJECT, gcp_fake.AWS_SECRET, gcp_fake.AWS_SESSION,
           gcp_fake.IMDS, "-----BEGIN")
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
            "iam-service-account-key-age", "kms-public", "kms-ring-public",
            "kms-rotation",
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
    # every finding says in words what is wrong
    silent = [f"{name}: {result['message']}"
              for name, verdict in bad.items()
              for result in verdict["results"]
              if result["status"] == "fail"
              and re.search(r"`|\[|\(|==|&&", result["message"])]
    assert not silent, "\n".join(silent)
    # equal calls are made once for all rules
    for project in (GOOD, BAD):
        assert len(fake.asked(f"/compute/v1/projects/{project}/aggregated/"
                              "instances$")) == 2  # pages
        assert len(fake.asked(f"v1/projects/{project}:getIamPolicy")) == 1
    assert len(fake.asked("^/token$", "POST")) == 2


def of(answers, api, path):
    return answers[api, path.format(p=GOOD)]


def add_binding(role, member):
    def change(answers):
        of(answers, "cloudresourcemanager", "v1/projects/{p}:getIamPolicy")[
            "bindings"].append({"role": role, "members": [member]})
    return change


def common_metadata(key, value):
    def change(answers):
        of(answers, "compute", "compute/v1/projects/{p}")[
            "commonInstanceMetadata"]["items"].append(
                {"key": key, "value": value})
    return change


def own_metadata(key, value, machine=0):
    def change(answers):
        zones = of(answers, "compute",
                   "compute/v1/projects/{p}/aggregated/instances")["items"]
        zones["zones/us-east1-b"]["instances"][machine]["metadata"][
            "items"].append({"key": key, "value": value})
    return change


def both(*changes):
    def change(answers):
        for each in changes:
            each(answers)
    return change


def keys_for(**restrictions):
    def change(answers):
        of(answers, "apikeys", "v2/projects/{p}/locations/global/keys")[
            "keys"][0]["restrictions"] = restrictions
    return change


def referrers(*names):
    return keys_for(browserKeyRestrictions={"allowedReferrers": list(names)})


def addresses(*names):
    return keys_for(serverKeyRestrictions={"allowedIps": list(names)})


def ring_policy(member):
    def change(answers):
        of(answers, "cloudkms", "v1/projects/{p}/locations/us-east1/keyRings/"
           "ring:getIamPolicy")["bindings"] = [
               {"role": "roles/cloudkms.cryptoKeyDecrypter",
                "members": [member]}]
    return change


def dataset(**access):
    def change(answers):
        found = of(answers, "bigquery",
                   "bigquery/v2/projects/{p}/datasets/d1")
        del found["access"]
        found.update(access)
    return change


def sink(**more):
    def change(answers):
        of(answers, "logging", "v2/projects/{p}/sinks")["sinks"][1].update(
            more)
    return change


def replica(answers):
    answers["sqladmin", f"v1/projects/{GOOD}/instances"]["items"].append({
        "name": "replica", "instanceType": "READ_REPLICA_INSTANCE",
        "databaseVersion": "MYSQL_8_0", "region": "us-east1",
        "selfLink": "https://sqladmin.googleapis.com/v1/projects/x",
        "ipAddresses": [{"type": "PRIMARY", "ipAddress": "203.0.113.7"}],
        "settings": {"ipConfiguration": {"ipv4Enabled": True}}})


def reordered(answers):
    for each in of(answers, "logging", "v2/projects/{p}/metrics")["metrics"]:
        each["filter"] = " AND ".join(reversed(each["filter"].split(" AND ")))


ADMIN, ACT = "iam-service-account-admin", "iam-user-impersonation"
CLIENTS = "iam-api-key-clients"
ROBOT = "serviceAccount:{}@developer.gserviceaccount.com"
# What a change of the project that complies makes of a rule. Each of these was
# judged otherwise once.
CASES = [
    ("compute-serial-port", common_metadata("serial-port-enable", "TRUE"),
     "fail"),
    ("compute-serial-port", both(
        common_metadata("serial-port-enable", "TRUE"),
        *(own_metadata("serial-port-enable", "0", n) for n in (0, 1)),
        lambda answers: of(answers, "compute", "compute/v1/projects/{p}/"
                           "aggregated/instances")["items"].pop(
                               "zones/us-west1-a")), "pass"),
    ("compute-os-login", own_metadata("enable-oslogin", "FALSE"), "fail"),
    ("compute-os-login", own_metadata("enable-oslogin", "TRUE"), "pass"),
    ("compute-os-login", own_metadata("enable-oslogin", "FALSE", 1),
     "pass"),  # a node of a cluster
    (ADMIN, add_binding("roles/editor", ROBOT.format(
        f"{NUMBER[GOOD]}-compute")), "fail"),
    (ADMIN, add_binding("roles/editor", "serviceAccount:" + GOOD
                        + "@appspot.gserviceaccount.com"), "fail"),
    (ADMIN, add_binding("roles/compute.instanceAdmin.v1", "serviceAccount:app@"
                        + GOOD + ".iam.gserviceaccount.com"), "fail"),
    (ADMIN, add_binding("roles/compute.instanceAdmin.v1", ROBOT.format("x")),
     "pass"),
    (ADMIN, add_binding("roles/storage.admin", "serviceAccount:app@another-"
                        + GOOD + ".iam.gserviceaccount.com.example"), "pass"),
    (ACT, add_binding("roles/iam.serviceAccountUser", "principal://iam.google"
                      "apis.com/locations/global/workforcePools/p/subject/s"),
     "fail"),
    (ACT, add_binding("roles/iam.serviceAccountTokenCreator",
                      "principalSet://iam.googleapis.com/projects/1/locations/"
                      "global/workloadIdentityPools/p/*"), "fail"),
    (ACT, add_binding("roles/iam.serviceAccountUser",
                      "allAuthenticatedUsers"), "fail"),
    (CLIENTS, referrers("https://app.example.com/*", "*"), "fail"),
    (CLIENTS, referrers("http://*"), "fail"),
    (CLIENTS, referrers("*.com/*"), "fail"),
    (CLIENTS, referrers("https://*.com:443"), "fail"),
    (CLIENTS, referrers("https://app.example.com/*", "*.example.com"),
     "pass"),
    (CLIENTS, addresses("192.0.2.1", "0.0.0.0/0"), "fail"),
    (CLIENTS, addresses("192.0.2.1", "::/0"), "fail"),
    (CLIENTS, addresses("192.0.2.0/24", "2001:db8::/32"), "pass"),
    ("kms-ring-public", ring_policy("allUsers"), "fail"),
    ("bigquery-public", dataset(), "error"),
    ("bigquery-public", dataset(access=[{"iamMember": "allUsers"}]), "fail"),
    ("logging-sink", sink(exclusions=[{"name": "all", "filter": "true"}]),
     "fail"),
    ("logging-sink", sink(exclusions=[{"name": "all", "filter": "true",
                                       "disabled": True}]), "pass"),
    ("sql-public-address", replica, "fail"),
    *((f"alert-{name}", reordered, "pass") for name in (
        "audit-config", "custom-roles", "firewall", "networks", "routes",
        "storage-iam")),
]


@pytest.mark.parametrize("name", sorted({case[0] for case in CASES}))
def test_a_rule_judges_what_it_once_misjudged(engine, fake, name):
    engine.run("import", RULES, code=DONE)
    for _, change, status in (case for case in CASES if case[0] == name):
        fake.answers = estate()
        change(fake.answers)
        made = scan(engine, fake, "--rule", f"gcp-{name}", projects=[GOOD])
        verdict = made.by_rule()[f"gcp-{name}"]
        assert verdict["status"] == status, verdict


def test_projects_of_a_domain_have_their_accounts_elsewhere(engine, fake):
    engine.run("import", RULES, code=DONE)
    project = "example.com:tool"
    policy = fake.answers["cloudresourcemanager",
                          f"v1/projects/{project}:getIamPolicy"] = {
        "bindings": [{"role": "roles/editor", "members": [
            "serviceAccount:app@tool.example.com.iam.gserviceaccount.com"]}]}
    made = scan(engine, fake, "--rule", f"gcp-{ADMIN}", projects=[project])
    assert made.statuses() == {f"gcp-{ADMIN}": "fail"}
    policy["bindings"][0]["role"] = "roles/viewer"
    made = scan(engine, fake, "--rule", f"gcp-{ADMIN}", projects=[project])
    assert made.statuses() == {f"gcp-{ADMIN}": "pass"}


def test_datasets_are_asked_for_who_may_read_them(engine, fake):
    engine.run("import", RULES, code=DONE)
    scan(engine, fake, "--rule", "gcp-bigquery-public",
         "--rule", "gcp-bigquery-customer-key", projects=[GOOD], code=DONE)
    asked = fake.asked("/datasets/d")
    assert [each["query"] for each in asked] == ["datasetView=FULL"] * 3


# ---- Google's own descriptions -----------------------------------------------

def discovery():
    """{API and version: document} of google-api-python-client."""
    for venv in (os.environ.get("SCAN_ENGINE_TEST_CLOUDS"),
                 support.SOURCE / "build/clouds"):
        for path in venv and sorted(support.Path(venv).glob(
                "lib/python3*/site-packages/googleapiclient/"
                "discovery_cache/documents")) or ():
            return path
    return support.unavailable(
        "no google-api-python-client: see tests/stages.sh")


def methods_of(document, resource=None):
    for method in (resource or document).get("methods", {}).values():
        path = method.get("flatPath") or method["path"]
        pattern = re.sub(r"\\{[^}]+\\}", "[^/:]+", re.escape(
            document["servicePath"] + path))
        yield re.compile(pattern), method
    for each in (resource or document).get("resources", {}).values():
        yield from methods_of(document, each)


def mismatches(document, schema, value, at):
    """What the schema does not have."""
    schema = document["schemas"].get(schema.get("$ref"), schema)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for key, inner in value.items():
            if key in known:
                yield from mismatches(document, known[key], inner,
                                      f"{at}.{key}")
            elif "additionalProperties" in schema:
                yield from mismatches(document, schema["additionalProperties"],
                                      inner, f"{at}.{key}")
            else:
                yield f"{at}.{key}: unknown"
    elif isinstance(value, list):
        if schema.get("type") != "array":
            yield f"{at}: a list, not {schema.get('type')}"
        for inner in value:
            yield from mismatches(document, schema.get("items", {}), inner, at)
    else:
        kind = {bool: "boolean", str: "string", int: "integer"}[type(value)]
        if schema.get("type") not in (kind, "any"):
            yield f"{at}: {kind}, not {schema.get('type')}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is none of its values"


def test_calls_and_fixtures_are_as_google_describes_its_apis():
    folder = discovery()
    wrong, seen = [], 0
    for (api, path), answer in estate().items():
        version = re.search(r"(?:^|/)(v\d\w*)/", path)[1]
        document = json.loads((folder / f"{api}.{version}.json").read_text())
        plain = path.partition("?")[0]
        wanted = "POST" if plain.endswith(":getIamPolicy") and (
            api != "cloudkms") else "GET"
        for pattern, method in methods_of(document):
            if pattern.fullmatch(plain) and method["httpMethod"] == wanted:
                break
        else:
            wrong.append(f"{api} {plain}: no such method")
            continue
        seen += 1
        wrong += [f"{api} {plain}: {text}" for text in mismatches(
            document, method["response"], answer, "")]
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert seen > 60


# ---- the emulator ------------------------------------------------------------

@pytest.fixture
def emulator(tmp_path, key):
    with Gcplocal(tmp_path) as backend, GcpFake(key, backend.url) as front:
        backend.seed(GOOD, True)
        backend.seed(BAD, False)
        yield front


def test_starter_rules_on_an_emulator(engine, emulator):
    engine.run("import", RULES, code=DONE)
    names = [f"gcp-{name}" for name in EMULATED]
    credentials = {"file": str(put(engine, emulator.service_account()))}
    targets = [emulator.target(name=name, projects=[project],
                               credentials=credentials)
               for name, project in (("good", GOOD), ("bad", BAD))]
    made = engine.scan(
        *(part for target in targets
          for part in ("--target", json.dumps(target))),
        *(part for name in names for part in ("--rule", name)), code=FAILED)
    good, bad = made.by_rule("good"), made.by_rule("bad")
    assert set(good) == set(names)
    # a key that is there, and off: the emulator cannot have it
    assert_all(good, "pass")
    assert_all(bad, "fail")


# ---- calls and pages ---------------------------------------------------------

def test_results_say_which_resource_where(engine, fake):
    engine.import_rules([firewalls()])
    made = scan(engine, fake, code=FAILED)
    verdict = made.by_rule()["r"]
    assert verdict["resources"] == {"pass": 6, "fail": 2}
    failed = [each["resource"] for each in verdict["results"]
              if each["status"] == "fail"]
    assert {each["namespace"] for each in failed} == {GOOD, BAD}
    assert {each["uid"] for each in failed} == {"ssh"}
    asked = fake.asked("firewalls$")
    assert len(asked) == 4  # four rules each, two on a page
    assert all(each["headers"]["accept-encoding"] and
               "x-goog-user-project" not in each["headers"]
               for each in asked)


def test_a_quota_project_is_sent(engine, fake):
    engine.import_rules([firewalls()])
    scan(engine, fake, quota_project="billing-project", code=FAILED)
    assert {each["headers"].get("x-goog-user-project")
            for each in fake.asked("firewalls$")} == {"billing-project"}


@pytest.mark.parametrize("part, place", [
    ({"unreachable": ["projects/p/locations/us-x"]}, "us-x"),
    ({"unreachables": ["zones/us-x"]}, "us-x"),
    ({"unreachableLocations": ["us-x", "us-y"]}, "us-x, us-y"),
    ({"missingZones": ["us-x-1"]}, "us-x-1"),
    ({"failedLocations": ["projects/p/locations/eu-w"]}, "eu-w"),
    ({"failedLocation": [{"name": "eu-v"}]}, "eu-v"),
    ({"failedLocations": "eu-u"}, "eu-u"),
    ({"executionErrors": [{"code": 14, "message": "shard\nof eu-t"}]},
     "shard of eu-t"),
    ({"partialErrors": [{"code": 4, "message": "too slow"}]}, "too slow"),
    ({"nonCriticalErrors": [{"code": "PERMISSION_DENIED",
                             "cause": "group g"}]}, "group g"),
    ({"fullyExplored": False}, "not fully explored"),
    # proto3's JSON leaves out what is false
    ({"mainAnalysis": {"analysisResults": []}}, "not fully explored"),
    ({"jobComplete": False}, "not over"),
    ({"jobReference": "1234"}, "not over"),
    ({"queryResult": {"rows": [], "nextPageToken": "t"}}, "more pages"),
    ({"error": {"code": 3, "message": "bad SQL"}}, "bad SQL"),
    ({"warning": {"code": "UNREACHABLE", "message": "zone down"}},
     "zone down"),
    ({"warnings": [{"code": "REGION_UNREACHABLE", "region": "eu-y"}]},
     "eu-y"),
    ({"warnings": [{"warningCode": "INSUFFICIENT_PERMISSIONS_PARTIAL_DATA",
                    "displayMessage": "of ring r"}], "name": "summary"},
     "of ring r"),
    ({"scopedWarnings": [{"scopeName": "regions/us-q", "warning": {
        "code": "UNREACHABLE"}}]}, "regions/us-q"),
    ({"items": {"zones/us-z": {"warning": {"code": "UNREACHABLE",
                                           "message": "no answer"}}}},
     "zones/us-z"),
])
def test_what_is_not_whole_is_an_error_that_names_the_place(
        engine, fake, part, place):
    engine.import_rules([rule(
        calls={"list": {"request": FIREWALLS}}, **{"assert": "list"})])
    answer = fake.answers["compute",
                          f"compute/v1/projects/{BAD}/global/firewalls"]
    answer.update(part)
    made = scan(engine, fake, code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["resources"] == {"pass": 1, "error": 1}
    assert "not whole" in verdict["message"] and place in verdict["message"]


@pytest.mark.parametrize("part", [
    {"items": {"zones/a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}},
     "warning": {"code": "NO_RESULTS_ON_PAGE"}, "unreachable": [],
     "executionErrors": [], "fullyExplored": True},
    # about the route, and the operation, that was asked for
    {"name": "route", "warnings": [{"code": "NEXT_HOP_NOT_RUNNING"}]},
    {"name": "operations/1", "done": True, "error": {"code": 5}},
])
def test_what_is_harmless_is_no_gap(engine, fake, part):
    engine.import_rules([rule(
        calls={"list": {"request": FIREWALLS}}, **{"assert": "list"})])
    fake.fault("firewalls$", saying(part), times=9)
    assert scan(engine, fake, code=DONE).statuses() == {"r": "pass"}


@pytest.mark.parametrize("pages, words", [
    ([b""], "the answer is empty"),
    ([b"null"], "no JSON object"),
    ([[{"name": "x"}]], "no JSON object"),
    ([b"\"x\""], "no JSON object"),
    ([b"{\"items\": ["], "answer:1"),
    ([{"items": [], "nextPageToken": 7}], "is no text"),
    ([{"items": [], "nextPageToken": {"t": "x"}}], "is no text"),
    ([{"items": [], "nextPageToken": "a"},
      {"items": [], "nextPageToken": "b"},
      {"items": [], "nextPageToken": "a"}], "there before"),
    ([{"items": [], "nextPageToken": "a"}, b""], "the answer is empty"),
    ([{"items": [], "nextPageToken": "a"}, b"[]"], "no JSON object"),
    ([{"items": [{"name": "ssh"}], "nextPageToken": "a"}, {"items": "x"}],
     "same kind of list"),
    ([{"items": "x", "nextPageToken": "a"}, {"items": [{"name": "ssh"}]}],
     "same kind of list"),
    ([{"items": [], "nextPageToken": "a"},
      {"items": {"zones/a": {}}}], "same kind of list"),
])
def test_an_odd_page_is_an_error_and_never_the_end(engine, fake, pages,
                                                   words):
    engine.import_rules([firewalls()])
    for page in pages:
        fake.fault("firewalls$", saying(page))
    made = scan(engine, fake, projects=[GOOD], code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["status"] == "error" and words in verdict["message"]
    assert len(fake.asked("firewalls$")) == len(pages)


def test_a_read_has_an_answer(engine, fake):
    engine.import_rules([firewalls()])
    fake.fault("firewalls$", saying(b"", 204))
    verdict = scan(engine, fake, projects=[GOOD], code=UNSURE).by_rule()["r"]
    assert verdict["status"] == "error" and "204" in verdict["message"]


def test_pages_of_rows_follow_their_own_token(engine, fake):
    engine.import_rules([rule(calls={"list": {"request": FIREWALLS}}, **{
        "assert": "length(list.rows) == `3`"})])
    fake.fault("firewalls$", saying({"rows": [1, 2], "pageToken": "p"}))
    fake.fault("firewalls$", saying({"rows": [3]}))
    scan(engine, fake, projects=[GOOD], code=DONE)
    assert fake.asked("firewalls$")[1]["query"] == "pageToken=p"


@pytest.mark.parametrize("content, words", [
    ({"request": "https://evil.example/x"}, "not at googleapis.com"),
    ({"request": "http://compute.googleapis.com/x"}, "https://API"),
    ({"request": "https://evil.example/.googleapis.com/x"},
     "not at googleapis.com"),
    ({"request": "https://a@compute.googleapis.com/x"}, "no name of an API"),
    ({"request": "compute"}, "name of an API"),
    ({"request": "compute/v1/projects/{project}:setIamPolicy",
      "method": "POST"}, "may change something"),
    ({"request": "compute/v1/projects/{project}/x%3Alist", "method": "POST"},
     "may change something"),
    ({"request": "compute/v1/projects/{project}/x", "method": "DELETE"},
     "neither GET nor POST"),
    ({"request": "secretmanager/v1/projects/{project}/secrets/x/versions/1"
      ":access"}, "not read"),
    ({"request": "secretmanager/v1/projects/{project}/secrets/x/versions/1"
      "%3Aaccess"}, "not read"),
    ({"request": "apikeys/v2/projects/{project}/locations/global/keys/k/"
      "keyString"}, "not read"),
    ({"request": "iamcredentials/v1/projects/-/serviceAccounts/a@b:"
      "getAccessToken", "method": "POST"}, "not read"),
    ({"request": "developerconnect/v1/{name}:fetchReadToken",
      "method": "POST"}, "not read"),
    ({"request": "storage/v1/b/x/o/y?alt=media"}, "not read"),
    ({"request": "storage/v1/b/x/o/y?fields=*&$ALT=Media"}, "not read"),
    ({"request": "storage/v1/b/x/o/y?%61lt=media"}, "not read"),
    ({"request": "storage/v1/b/x?$httpMethod=DELETE"}, "not read"),
    ({"request": "iam/v1/organizations/{organization}/roles"},
     "gives nothing"),
    ({"request": "iam/v1/projects/{project}/../x"}, "empty segment"),
])
def test_calls_that_must_not_be_made_are_refused(engine, fake, content, words):
    engine.import_rules([rule(calls={"x": content}, **{"assert": "x"})])
    made = scan(engine, fake, code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["status"] == "error" and words in verdict["message"]
    assert not fake.asked("^/(compute|storage|iam|secretmanager|evil|apikeys"
                          "|developerconnect)")


# ---- refusals and faults -----------------------------------------------------

@pytest.mark.parametrize("fault, words", [
    (answering(403, "PERMISSION_DENIED", "Compute Engine API has not been "
               "used in project 1", "SERVICE_DISABLED",
               service="compute.googleapis.com", consumer="projects/1"),
     "gcloud services enable compute.googleapis.com"),
    (answering(403, "PERMISSION_DENIED", "no", "IAM_PERMISSION_DENIED",
               permission="compute.firewalls.list"),
     "the permission compute.firewalls.list is needed"),
    (answering(404, "NOT_FOUND", "no such project", "notFound"),
     "404 NOT_FOUND: no such project"),
    (answering(401, "UNAUTHENTICATED", "bad token", "authError"),
     "401 UNAUTHENTICATED"),
    (answering(302, "x"), "302, which is not followed"),
])
def test_a_refusal_says_what_is_missing(engine, fake, fault, words):
    engine.import_rules([firewalls()])
    fake.fault("firewalls$", fault, times=100)
    made = scan(engine, fake, projects=[GOOD], code=UNSURE)
    verdict = made.by_rule()["r"]
    assert verdict["status"] == "error" and words in verdict["message"]


@pytest.mark.parametrize("code", ["NOT_FOUND", "notFound", "404"])
def test_codes_of_empty_on_make_a_null(engine, fake, code):
    engine.import_rules([rule(
        calls={"x": {"request": "iam/v1/projects/{project}/nothing",
                     "empty_on": [code]}}, **{"assert": "x == `null`"})])
    assert scan(engine, fake, code=DONE).statuses() == {"r": "pass"}


def nothing(code, **more):
    return rule(calls={"x": {"request": FIREWALLS, "empty_on": [code]}},
                **{"assert": "x == `null`"}, **more)


def disabled(consumer):
    return answering(403, "PERMISSION_DENIED", "off", "SERVICE_DISABLED",
                     service="compute.googleapis.com", consumer=consumer)


def test_an_error_of_a_later_page_is_not_nothing(engine, fake):
    engine.import_rules([nothing("NOT_FOUND")])
    fake.fault("firewalls$", saying({"items": [], "nextPageToken": "t"}))
    fake.fault("firewalls$", answering(404, "NOT_FOUND", "gone", "notFound"))
    made = scan(engine, fake, projects=[GOOD], code=UNSURE)
    assert "404 NOT_FOUND: gone" in made.by_rule()["r"]["message"]


@pytest.mark.parametrize("body", [b"<html>404</html>", b"Not Found", b"{}"])
def test_a_page_of_something_else_has_no_codes(engine, fake, body):
    engine.import_rules([nothing("404")])
    fake.fault("firewalls$", saying(body, 404))
    scan(engine, fake, projects=[GOOD], code=UNSURE)


@pytest.mark.parametrize("consumer, where", [
    ("projects/" + GOOD, {}),
    (f"projects/{NUMBER[GOOD]}", {}),  # which is asked for
    (f"projects/{NUMBER[BAD]}", {"projects": None, "folder": "3"}),
    (f"projects/{NUMBER[GOOD]}", {"projects": [NUMBER[GOOD]]}),
    ("projects/" + GOOD, {"projects": [NUMBER[GOOD]]}),
])
def test_an_api_that_is_off_in_the_project_may_mean_nothing(
        engine, fake, consumer, where):
    engine.import_rules([nothing("SERVICE_DISABLED")])
    fake.fault("firewalls$", disabled(consumer), times=9)
    scan(engine, fake, **{"projects": [GOOD], **where}, code=DONE)


@pytest.mark.parametrize("consumer, where", [
    ("projects/333333333333", {}),
    ("projects/333333333333", {"projects": None, "folder": "2"}),
    ("projects/billing-project", {"quota_project": "billing-project"}),
    (f"projects/{NUMBER[BAD]}", {}),
    ("", {}),
])
def test_an_api_that_is_off_in_the_paying_project_is_an_error(
        engine, fake, consumer, where):
    engine.import_rules([nothing("SERVICE_DISABLED"),
                         {**nothing("403"), "rule_id": "s"}])
    fake.fault("firewalls$", disabled(consumer), times=9)
    made = scan(engine, fake, **{"projects": [GOOD], **where}, code=UNSURE)
    assert made.statuses() == {"r": "error", "s": "error"}
    assert "pays for the call" in json.dumps(made.by_rule()["r"])


def test_a_project_that_may_not_be_looked_at_is_not_known(engine, fake):
    engine.import_rules([nothing("SERVICE_DISABLED")])
    fake.fault("firewalls$", disabled(f"projects/{NUMBER[GOOD]}"), times=9)
    fake.fault("v3/projects/", answering(403, "PERMISSION_DENIED"), times=9)
    scan(engine, fake, projects=[GOOD], code=UNSURE)


@pytest.mark.parametrize("fault", [
    answering(429, "RESOURCE_EXHAUSTED", headers={"Retry-After": "0"}),
    answering(403, "PERMISSION_DENIED", "quota", "rateLimitExceeded",
              headers={"Retry-After": "0"}),
    answering(503, "UNAVAILABLE", headers={"Retry-After": "0"}),
    cutting])
def test_passing_faults_are_waited_out(engine, fake, fault):
    engine.import_rules([firewalls()])
    done = fake.fault("firewalls$", fault, times=2)
    made = scan(engine, fake, projects=[BAD], code=FAILED)
    assert made.by_rule()["r"]["resources"] == {"pass": 3, "fail": 1}
    assert done.seen == 2


def test_throttling_without_end_is_an_error(engine, fake):
    engine.configure(options={"gcp": {"retries": 1}})
    engine.import_rules([firewalls()])
    fake.fault("firewalls$", answering(
        429, "RESOURCE_EXHAUSTED", headers={"Retry-After": "0"}), times=1000)
    made = scan(engine, fake, projects=[BAD], code=UNSURE)
    assert "throttles" in made.by_rule()["r"]["message"]


def test_a_token_that_is_refused_is_fetched_anew_once(engine, fake):
    engine.import_rules([firewalls()])

    def forget(handler):
        fake.tokens.clear()

    fake.fault("firewalls$", forget)
    made = scan(engine, fake, projects=[BAD], code=FAILED)
    assert made.by_rule()["r"]["resources"] == {"pass": 3, "fail": 1}
    assert len(fake.asked("^/token$")) == 2


# ---- which projects ----------------------------------------------------------

@pytest.mark.parametrize("where, projects", [
    ({"projects": "all"}, {GOOD, BAD}),
    ({"projects": None, "organization": "1"}, {GOOD, BAD}),
    ({"projects": None, "folder": "folders/3"}, {BAD}),
    ({"projects": None, "project": "projects/" + GOOD}, {GOOD}),
    ({"projects": None}, {GOOD}),  # of the credentials' file
    ({"projects": [GOOD, "projects/" + GOOD, GOOD]}, {GOOD}),
])
def test_projects_are_named_or_found(engine, fake, where, projects):
    engine.import_rules([firewalls()])
    made = scan(engine, fake, code=FAILED, **where)
    found = made.by_rule()["r"]
    assert {each["resource"]["namespace"]
            for each in found["results"]} == projects
    # each of them once
    assert sum(found["resources"].values()) == 4 * len(projects)


def tree(fake, wide, deep):
    """Folders in folders, each with one project; the root has two more that
    moved on while they were listed."""
    for row in range(wide):
        above = "organizations/1"
        for depth in range(deep):
            name = f"folders/{1000 * row + depth + 100}"
            fake.folders.setdefault(above, []).append(name)
            fake.projects[name] = [f"p-{row}-{depth}"]
            fake.folders[name] = []
            above = name
    fake.folders[above].append("folders/100")  # it is looked into once
    fake.projects["organizations/1"] = ["p-0-0"]
    return {f"p-{row}-{depth}" for row in range(wide)
            for depth in range(deep)}


def test_folders_are_looked_into_however_deep(engine, fake):
    engine.import_rules([rule(calls={"x": {
        "request": "iam/v1/projects/{project}/x", "empty_on": ["404"]}},
                              **{"assert": "x == `null`"})])
    wanted = tree(fake, 7, 8) | {GOOD, BAD}
    fake.page = 3
    made = scan(engine, fake, projects=None, organization="1", code=DONE)
    found = made.by_rule()["r"]
    assert found["resources"] == {"pass": len(wanted)}
    assert {each["resource"]["namespace"]
            for each in found["results"]} == wanted


@pytest.mark.parametrize("fault, words", [
    (answering(403, "PERMISSION_DENIED", "no", "IAM_PERMISSION_DENIED",
               permission="resourcemanager.folders.list"),
     ("folders.list is needed", "403")),
    (saying({"folders": {"name": "folders/9"}}), ("no list in",)),
    (saying({"folders": [{"name": "folders/../9"}]}), ("without a name",)),
    (saying({"folders": [], "nextPageToken": 1}), ("is no text",)),
])
def test_a_folder_that_cannot_be_looked_into_ends_the_scan(engine, fake,
                                                           fault, words):
    engine.import_rules([firewalls()])
    fake.fault("v3/folders$", fault, times=100)
    made = scan(engine, fake, projects=None, organization="1", code=UNABLE)
    for word in (*words, "organizations/1"):
        assert word in made.result.err + made.result.out
    assert not fake.asked("firewalls$")


def test_an_organization_is_asked_once_and_its_projects_each(engine, fake):
    fake.answers["cloudasset", "v1/organizations/1/assets"] = {"assets": [
        {"name": f"//x/{n}", "assetType": "x"} for n in range(5)]}
    engine.import_rules([
        rule("assets", calls={"list": {
            "request": "cloudasset/v1/organizations/{organization}/assets?"
            "contentType=RESOURCE"}}, **{"assert": "length(list.assets) == "
                                         "`5`"}),
        rule("fan", scope="organization", calls={"list": {
            "request": FIREWALLS, "projects": "all"}},
             **{"assert": "length(list.items) == `8`"})])
    made = scan(engine, fake, projects=None, organization="1", code=DONE)
    assert made.statuses() == {"assets": "pass", "fan": "pass"}
    asked = fake.asked("/assets$")
    assert len(asked) == 3
    assert all("pageSize=1000" in each["query"] for each in asked)


@pytest.mark.parametrize("target, words", [
    ({"projects": ["Not A Project"]}, "no id of a project"),
    ({"projects": []}, "empty"),
    ({"organization": "example.com"}, "no number"),
    ({"endpoint": "https://evil.example/{api}"}, "neither at googleapis.com"),
    ({"endpoint": "http://compute.googleapis.com"}, "not https"),
    ({"endpoint": "https://10.1.1.1/"}, "private network"),
    ({"endpoints": {"compute": "https://a@b.googleapis.com"}},
     "user information"),
    ({"credentials": {"file": "/x", "env": "Y"}}, "is one of"),
    # malformed, which would be another scan if it was left out
    ({"credentials": "/key.json"}, "no mapping"),
    ({"credentials": ["/key.json"]}, "no mapping"),
    ({"credentials": {}}, "is one of"),
    ({"credentials": {"file": 5}}, "no text"),
    ({"credentials": {"file": ""}}, "is one of"),
    ({"credentials": {"metadata": "yes"}}, "no true or false"),
    ({"credentials": {"env": "X", "file_name": "/x"}}, "is one of"),
    ({"impersonate": 5}, "no text"),
    ({"impersonate": {"email": "a@b"}}, "no text"),
    ({"impersonate": ""}, "no address"),
    ({"impersonate": "reader"}, "no address"),
    ({"impersonate": "a@b/../c"}, "no address"),
    ({"project": 5, "projects": None}, "no text"),
    ({"project": GOOD}, "exclude each other"),
    ({"projects": {"a": GOOD}}, "no list"),
    ({"projects": None, "folder": -1}, "no number"),
    ({"projects": None, "folder": ["1"]}, "no number"),
    ({"quota_project": 7}, "no text"),
    ({"endpoint": 7}, "no text"),
    ({"endpoints": "http://127.0.0.1:1"}, "no mapping"),
    ({"ca_file": True}, "no text"),
])
def test_bad_targets_are_refused(engine, fake, target, words):
    engine.import_rules([firewalls()])
    made = scan(engine, fake, code=UNABLE, env={}, **target)
    assert words in made.result.err + made.result.out


# ---- credentials -------------------------------------------------------------

# nobody listens there: what went through it would fail
PROXY = "http://127.0.0.1:9"
PROXIED = {name: PROXY for name in ("http_proxy", "https_proxy", "HTTPS_PROXY",
                                    "ALL_PROXY", "all_proxy")}


def user(fake, **more):
    return {"type": "authorized_user", "client_id": "client-id",
            "client_secret": gcp_fake.CLIENT_SECRET,
            "refresh_token": gcp_fake.REFRESH,
            "token_uri": fake.url + "/token", **more}


def external(fake, source, kind="urn:ietf:params:oauth:token-type:jwt",
             **more):
    return {"type": "external_account", "audience": gcp_fake.AUDIENCE,
            "subject_token_type": kind, "token_url": fake.url + "/sts",
            "credential_source": source, **more}


def impersonation(fake, email):
    return {"service_account_impersonation_url":
            f"{fake.url}/impersonate/{email}:generateAccessToken"}


def aws(fake):
    return {"environment_id": "aws1", "region_url": fake.url + "/aws/zone",
            "url": fake.url + "/aws/keys",
            "imdsv2_session_token_url": fake.url + "/aws/token",
            "regional_cred_verification_url":
            "https://sts.{region}.amazonaws.com"
            "?Action=GetCallerIdentity&Version=2011-06-15"}


def subject_file(engine, text):
    path = engine.directory / "planted.subject"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


FLOWS = {
    "service_account": lambda fake, engine: (fake.service_account(),
                                             "service_account"),
    "user": lambda fake, engine: (user(fake), "user"),
    "file": lambda fake, engine: (external(fake, {
        "file": subject_file(engine, gcp_fake.SUBJECT + "\n")}), "external"),
    "file, JSON": lambda fake, engine: (external(fake, {
        "file": subject_file(engine, json.dumps({"t": gcp_fake.SUBJECT})),
        "format": {"type": "json", "subject_token_field_name": "t"}}),
        "external"),
    "URL": lambda fake, engine: (external(fake, {
        "url": fake.url + "/subject", "headers": {"X-Workload": "yes"},
        "format": {"type": "json", "subject_token_field_name": "deep"}}),
        "external"),
    "AWS": lambda fake, engine: (external(
        fake, aws(fake), "urn:ietf:params:aws:token-type:aws4_request"),
        "external"),
    "external, impersonation": lambda fake, engine: (external(
        fake, {"file": subject_file(engine, gcp_fake.SUBJECT)},
        **impersonation(fake, "a@x")), "external>a@x"),
    "impersonation of impersonation": lambda fake, engine: ({
        "type": "impersonated_service_account", **impersonation(fake, "c@x"),
        "source_credentials": {
            "type": "impersonated_service_account", "delegates": [],
            **impersonation(fake, "b@x"),
            "source_credentials": user(fake)}}, "user>b@x>c@x"),
}


@pytest.mark.parametrize("flow", FLOWS)
def test_credentials_of_a_file(engine, fake, flow):
    document, how = FLOWS[flow](fake, engine)
    engine.import_rules([firewalls()])
    path = put(engine, document)
    made = scan(engine, fake, projects=[GOOD], code=FAILED,
                env={"GOOGLE_APPLICATION_CREDENTIALS": str(path)})
    assert made.by_rule()["r"]["resources"] == {"pass": 3, "fail": 1}
    assert {each["how"] for each in fake.asked("firewalls$")} == {how}


def test_impersonation_is_asked_for_as_the_file_says(engine, fake):
    engine.import_rules([firewalls()])
    path = put(engine, {
        "type": "impersonated_service_account", **impersonation(fake, "b@x"),
        "delegates": ["projects/-/serviceAccounts/d@x"],
        "source_credentials": user(fake)})
    scan(engine, fake, projects=[GOOD], code=FAILED,
         credentials={"file": str(path)})
    path = put(engine, external(
        fake, {"file": subject_file(engine, gcp_fake.SUBJECT)},
        **impersonation(fake, "a@x"), service_account_impersonation={
            "token_lifetime_seconds": 2800}))
    scan(engine, fake, projects=[GOOD], code=FAILED,
         credentials={"file": str(path)})
    assert [json.loads(each["body"]) for each in fake.asked("/imperson")] == [
        {"scope": [gcp_fake.SCOPE], "lifetime": "3600s",
         "delegates": ["projects/-/serviceAccounts/d@x"]},
        {"scope": [gcp_fake.SCOPE], "lifetime": "2800s"}]


def test_people_of_a_workforce_pool_say_who_pays(engine, fake):
    engine.import_rules([firewalls()])
    path = put(engine, external(
        fake, {"file": subject_file(engine, gcp_fake.SUBJECT)},
        workforce_pool_user_project="billing-project"))
    scan(engine, fake, projects=[GOOD], code=FAILED,
         credentials={"file": str(path)})
    form = dict(urllib.parse.parse_qsl(fake.asked("/sts")[0]["body"].decode()))
    assert json.loads(form["options"]) == {"userProject": "billing-project"}


def test_a_target_impersonates_at_google(engine, fake):
    engine.import_rules([firewalls()])
    made = scan(engine, fake, projects=[GOOD], code=UNABLE,
                impersonate="reader@x.iam.gserviceaccount.com",
                env={**PROXIED, "GCE_METADATA_HOST": fake.host})
    said = made.result.err + made.result.out
    assert "iamcredentials.googleapis.com" in said and "as reader@x" in said


def test_credentials_of_gcloud_of_a_variable_and_of_the_machine(engine, fake):
    engine.import_rules([firewalls()])
    folder = engine.home / ".config/gcloud"
    folder.mkdir(parents=True)
    path = folder / "application_default_credentials.json"
    path.write_text(json.dumps(user(fake, quota_project_id="quota-project")))
    scan(engine, fake, code=FAILED, env={})
    assert {each["how"] for each in fake.asked("firewalls$")} == {"user"}
    assert {each["headers"]["x-goog-user-project"]
            for each in fake.asked("firewalls$")} == {"quota-project"}
    path.unlink()
    fake.requests.clear()
    scan(engine, fake, code=FAILED, env={"GCE_METADATA_HOST": fake.host})
    assert {each["how"] for each in fake.asked("firewalls$")} == {"metadata"}
    fake.requests.clear()
    scan(engine, fake, code=FAILED, projects=None,
         credentials={"metadata": True}, env={"GCE_METADATA_HOST": fake.host})
    assert fake.asked("project/project-id")
    fake.requests.clear()
    scan(engine, fake, code=FAILED, credentials={"env": "GOOGLE_MY_KEY"},
         env={"GOOGLE_MY_KEY": json.dumps(user(fake))})
    assert {each["how"] for each in fake.asked("firewalls$")} == {"user"}


@pytest.mark.parametrize("document, words", [
    (lambda fake: user(fake, refresh_token="planted-refresh-token-WRONG"),
     "invalid_grant"),
    (lambda fake: user(fake, token_uri="http://evil.example/token"),
     "not https"),
    (lambda fake: user(fake, token_uri="https://10.0.0.1/token"),
     "private network"),
    (lambda fake: user(fake, universe_domain="other.example"),
     "universe_domain"),
    (lambda fake: {"type": "service_account", "client_email": "a@b",
                   "token_uri": fake.url, "private_key": "PRIVATE KEY"},
     "no private key"),
    (lambda fake: external(fake, {"executable": {"command": "/bin/id"}}),
     "a program"),
    (lambda fake: external(fake, {"url": "http://169.254.0.1/x"}),
     "private network"),
    (lambda fake: external(fake, {"file": "/nowhere"}), "/nowhere"),
    (lambda fake: external(fake, {"file": "/nowhere"},
                           service_account_impersonation_url="https://evil."
                           "example/x"), "not at googleapis.com"),
    (lambda fake: {**user(fake), "type": "gdch_service_account"},
     "none that is known"),
    (lambda fake: {"type": "impersonated_service_account",
                   **impersonation(fake, "nobody@x.iam.gserviceaccount.com"),
                   "source_credentials": user(fake)},
     "Token Creator"),
    (lambda fake: [1], "no JSON object"),
    # whoever wrote the file must not choose where its secrets, or what it
    # names, are sent
    (lambda fake: user(fake, token_uri="https://evil.example/token"),
     "not at googleapis.com"),
    (lambda fake: {**fake.service_account(),
                   "token_uri": "https://evil.example/x.googleapis.com"},
     "not at googleapis.com"),
    (lambda fake: external(fake, {"file": "/etc/passwd"},
                           token_url="https://evil.example/token"),
     "not at googleapis.com"),
    (lambda fake: external(fake, {"file": "/etc/passwd"},
                           token_url="https://evilgoogleapis.com/token"),
     "not at googleapis.com"),
    (lambda fake: external(fake, {"file": "/etc/passwd"},
                           token_url="https://googleapis.com.evil.example"),
     "not at googleapis.com"),
    (lambda fake: external(fake, {"file": "/etc/passwd"},
                           token_url="http://sts.googleapis.com/v1/token"),
     "not https"),
    (lambda fake: external(fake, {"file": "/etc/passwd"}, token_info_url=
                           "https://evil.example/introspect"),
     "not at googleapis.com"),
    (lambda fake: external(fake, {**aws(fake), "regional_cred_verification_url":
                                  "https://sts.{region}.amazonaws.com?Action="
                                  "AssumeRole&Version=2011-06-15"}),
     "not https://sts"),
    (lambda fake: external(fake, {**aws(fake), "regional_cred_verification_url":
                                  "https://sts.evil.example?Action="
                                  "GetCallerIdentity&Version=2011-06-15"}),
     "not https://sts"),
    # what cannot be understood is not left out
    (lambda fake: external(fake, {"file": "/etc/passwd"},
                           service_account_impersonation_url=5),
     "service_account_impersonation_url"),
    (lambda fake: external(fake, {"file": "/etc/passwd"},
                           service_account_impersonation={
                               "token_lifetime_seconds": "long"}),
     "no number from 600"),
    (lambda fake: external(fake, {"file": "/etc/passwd", "format": "json"}),
     "no mapping"),
    (lambda fake: external(fake, {"file": "/etc/passwd",
                                  "format": {"type": "xml"}}), "nor json"),
    (lambda fake: external(fake, {"url": fake.url + "/subject",
                                  "headers": {"X-Workload": 5}}), "of texts"),
    (lambda fake: external(fake, "file"), "no mapping"),
    (lambda fake: {"type": "impersonated_service_account",
                   **impersonation(fake, "b@x"), "delegates": "a@x",
                   "source_credentials": user(fake)}, "no list"),
    (lambda fake: user(fake, quota_project_id="x\r\nX-Evil: 1"),
     "quota_project_id"),
    (lambda fake: user(fake, quota_project_id=["x"]), "quota_project_id"),
    (lambda fake: user(fake, universe_domain=["googleapis.com"]),
     "universe_domain"),
])
def test_bad_credentials_are_refused(engine, fake, document, words):
    engine.import_rules([firewalls()])
    path = put(engine, document(fake))
    made = scan(engine, fake, code=UNABLE,
                env={"GOOGLE_APPLICATION_CREDENTIALS": str(path)})
    assert words in made.result.err + made.result.out
    assert not fake.asked("firewalls$")


@pytest.mark.parametrize("source", ["metadata", "AWS", "URL"])
def test_metadata_servers_are_never_asked_through_a_proxy(engine, fake,
                                                          source):
    engine.import_rules([firewalls()])
    env = {**PROXIED, "no_proxy": ""}
    if source == "metadata":
        env["GCE_METADATA_HOST"] = fake.host
        where = {"projects": None, "credentials": {"metadata": True}}
    else:
        path = put(engine, FLOWS[source](fake, engine)[0])
        where = {"projects": [GOOD], "credentials": {"file": str(path)}}
    made = scan(engine, fake, env=env, code=FAILED, **where)
    assert made.by_rule()["r"]["resources"] == {"pass": 3, "fail": 1}


def test_servers_of_tokens_are_checked_with_the_targets_ca(engine, key,
                                                           tmp_path):
    engine.import_rules([firewalls()])
    ca = tmp_path / "planted.ca"
    subprocess.run(["openssl", "req", "-x509", "-key", key, "-out", ca,
                    "-subj", "/CN=ours", "-days", "2", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True,
                   capture_output=True)
    with GcpFake(key, tls=ca) as fake:
        scan(engine, fake, ca_file=str(ca), projects=[GOOD], code=FAILED)
        # impersonation, and subject tokens, too
        path = put(engine, external(fake, {
            "url": fake.url + "/subject", "headers": {"X-Workload": "yes"},
            "format": {"type": "json", "subject_token_field_name": "deep"}},
            **impersonation(fake, "a@x")))
        scan(engine, fake, ca_file=str(ca), projects=[GOOD], code=FAILED,
             credentials={"file": str(path)})
        made = scan(engine, fake, projects=[GOOD], code=UNABLE)
        assert "certificate" in (made.result.err + made.result.out).lower()


def test_a_refresh_that_fails_is_not_tried_by_every_call(engine, fake):
    engine.import_rules([firewalls(f"r{n}", FIREWALLS + f"?n={n}")
                         for n in range(12)])

    def revoke(handler):
        fake.tokens.clear()

    fake.fault("firewalls$", revoke)
    given = fake.oauth

    def once(form):
        if fake.asked("firewalls$"):
            gcp_fake.oauth_refuse(400, "invalid_grant", "revoked")
        return given(form)

    fake.oauth = once
    made = scan(engine, fake, projects=[GOOD], code=UNSURE)
    assert set(made.statuses().values()) == {"error"}
    # one to begin with, and one for all that were refused
    assert len(fake.asked("^/token$")) <= 3


def test_who_is_no_metadata_server_is_not_believed(engine, fake):
    engine.import_rules([firewalls()])
    fake.flavor = None
    made = scan(engine, fake, code=UNABLE,
                env={"GCE_METADATA_HOST": fake.host})
    assert "Metadata-Flavor" in made.result.err + made.result.out


def test_overrides_of_gcloud_are_endpoints(engine, fake):
    engine.import_rules([firewalls()])
    scan(engine, fake, code=FAILED, endpoint=None,
         endpoints={"compute": fake.url + "/{api}"},
         env={"GCE_METADATA_HOST": fake.host})
    assert fake.asked("firewalls$")


def test_probe_says_what_is_missing(engine, fake):
    credentials = {"file": str(put(engine, fake.service_account()))}
    made = engine.run("probe", "--format", "json", "--target", json.dumps(
        fake.target(credentials=credentials)))
    assert "iam.serviceAccounts.list: project bad-project" in made.out
    assert "good-project" not in made.out.partition("missing")[2]
    assert "service account " + gcp_fake.EMAIL in made.out


@pytest.mark.parametrize("where, words", [
    ({"folder": "3"}, ("iam.serviceAccounts.list: project bad-project",
                       "resourcemanager.folders.getIamPolicy: folder 3")),
    ({"organization": "1"}, (
        "storage.buckets.list: project bad-project",
        "resourcemanager.organizations.getIamPolicy: organization 1")),
    ({"projects": "all"}, ("iam.serviceAccounts.list: project bad-project",)),
    ({}, ("project good-project",)),  # of the credentials' file
])
def test_probe_looks_at_what_was_found(engine, fake, where, words):
    credentials = {"file": str(put(engine, fake.service_account()))}
    if not where:
        fake.fault("good-project:testIam", saying({"permissions": []}))
    made = engine.run("probe", "--format", "json", "--target", json.dumps(
        fake.target(**{"projects": None, **where}, credentials=credentials)))
    for word in words:
        assert word in made.out


def test_a_plan_makes_no_calls(engine, fake):
    engine.import_rules([firewalls()])
    made = engine.run("scan", "--dry-run", "--target",
                      json.dumps(fake.target()))
    assert "firewalls" in made.out + made.err
    assert not fake.requests
