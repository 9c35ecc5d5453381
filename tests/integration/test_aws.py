# SPDX-License-Identifier: Apache-2.0
"""AWS accounts: a scan from rule to verdict against moto's server, which checks
signatures and rights, behind a proxy which throttles, cuts, redirects and cuts
lists in pages (tests/services/aws_proxy.py)."""
import datetime
import email.utils
import json
import signal
import socket
import sqlite3
import sys
import threading

import pytest

from support import (BUILD, DONE, FAILED, SLOW, SOURCE, UNABLE, UNSURE, Engine,
                     finish, unavailable, wait_for)

sys.path.insert(0, str(SOURCE / "tests/services"))

from aws_proxy import AwsProxy  # noqa: E402
from moto import ACCOUNT, Moto, venv  # noqa: E402

OTHER = "111111111111"
REGIONS = ["us-east-1", "eu-west-1"]
PLANTED = "planted-secret-XYZZY"


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    if not venv():
        unavailable("no moto: ./quickstart test makes build/clouds")
    if not (BUILD / "plugins/.libs/aws.so").exists():
        unavailable("built without the aws plugin")
    with Moto(tmp_path_factory.mktemp("moto")) as moto:
        moto.keys = moto.seed(SOURCE / "tests/services/aws_seed.py")
        moto.signed()
        with AwsProxy(moto.url) as proxy:
            moto.proxy = proxy
            yield moto


def rule(rule_id, **content):
    return {"rule_id": rule_id, "title": rule_id, "scanner_type": "aws_api",
            "check_content": content}


USERS = rule("users", calls={"l": {"service": "iam",
                                   "operation": "ListUsers"}},
             each="l.Users", id="Arn", name="UserName", type="AWS::IAM::User",
             **{"assert": "UserName != 'nobody'"})
GROUPS = rule("groups", calls={"g": {"service": "ec2",
                                     "operation": "DescribeSecurityGroups"}},
              each="g.SecurityGroups", id="GroupId", name="GroupName",
              **{"assert": "!(IpPermissions[?FromPort == `22` && "
                           "IpRanges[?CidrIp == '0.0.0.0/0']])"})
BUCKETS = rule("buckets", calls={
    "b": {"service": "s3", "operation": "ListBuckets"},
    "v": {"service": "s3", "operation": "GetBucketVersioning",
          "parameters": {"Bucket": "{Name}"}, "foreach": "b.Buckets"}},
    each="b.Buckets", id="Name", **{"assert": "v.Status == 'Enabled'"})
POLICIES = rule("policies", calls={
    "b": {"service": "s3", "operation": "ListBuckets"},
    "p": {"service": "s3", "operation": "GetBucketPolicy",
          "parameters": {"Bucket": "{Name}"}, "foreach": "b.Buckets",
          "empty_on": ["NoSuchBucketPolicy"]}},
    each="b.Buckets", id="Name",
    **{"assert": "!(p.Policy) || from_json(p.Policy).Version == '2012-10-17'"})
REPORT = rule("report", calls={"r": {"service": "iam",
                                     "operation": "GetCredentialReport"}},
              each="from_csv(from_base64(r.Content))", id="arn",
              **{"assert": "user"})
KEYS = rule("keys", calls={"k": {"service": "kms", "operation": "ListKeys"}},
            **{"assert": "k.Keys == `[]`"})
LOGS = rule("logs", calls={"l": {"service": "logs",
                                 "operation": "DescribeLogGroups"}},
            **{"assert": "l.logGroups == `[]`"})


class Aws:
    """An engine, and who it is for AWS."""

    def __init__(self, folder, estate):
        self.estate, self.proxy = estate, estate.proxy
        self.engine = Engine(folder, plugins=("aws",))
        self.env = {"SCAN_ENGINE_AWS_MODEL_DIR": str(BUILD
                                                     / "plugins/aws/model"),
                    **estate.environment(*estate.keys["admin"]),
                    "AWS_ENDPOINT_URL": self.proxy.url}

    def be(self, name):
        self.env.update(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
                            self.estate.keys[name]))

    def options(self, **options):
        self.engine.configure(options={"aws": options})

    def write(self, name, text):
        path = self.engine.home / ".aws" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def scan(self, *rules, code=None, target=None):
        """{rule id: verdict} of these rules alone."""
        target = {"type": "aws_account", "regions": REGIONS, **(target or {})}
        ids = [each for one in rules for each in ("--rule", one["rule_id"])]
        self.engine.import_rules(rules)
        self.last = self.engine.scan("--target", json.dumps(target), *ids,
                                     code=code, env=self.env)
        return self.last.by_rule()

    def one(self, check, **how):
        return self.scan(check, **how)[check["rule_id"]]

    def results(self, rule_id):
        """{(resource's uid, region): result} of the last scan."""
        found = self.engine.run("scans", "results", "last", "--format",
                                "json", code=DONE).json()
        return {(each["resource"]["uid"], each["resource"].get("region")):
                each for verdict in found["results_by_rule"]
                if verdict["rule_id"] == rule_id
                for each in verdict["results"]}

    def everything(self):
        """All that was printed and stored."""
        text = self.last.result.out + self.last.result.err
        with sqlite3.connect(self.engine.database) as database:
            text += "\n".join(str(line) for line in database.iterdump())
        return text


@pytest.fixture
def aws(tmp_path, estate):
    estate.proxy.reset()
    return Aws(tmp_path, estate)


# ---- the way through ---------------------------------------------------------

def test_rules_about_accounts_and_regions(aws):
    found = aws.scan(USERS, GROUPS, BUCKETS, code=FAILED)
    assert {rule_id: each["status"] for rule_id, each in found.items()} == {
        "users": "fail", "groups": "fail", "buckets": "fail"}
    # signed, and made once for all rules
    proxy = aws.proxy
    assert proxy.count("ListUsers") == 1
    assert proxy.count("s3:ListBuckets") == 1
    assert {each.region for each in proxy.of("DescribeSecurityGroups")} == \
        set(REGIONS)
    assert all(each.status == 200 for each in proxy.requests)


def test_results_are_about_resources(aws):
    aws.scan(USERS, GROUPS, BUCKETS)
    users = aws.results("users")
    failed, = [each for each in users.values() if each["status"] == "fail"]
    assert failed["resource"] == {
        "type": "AWS::IAM::User", "name": "nobody",
        "uid": f"arn:aws:iam::{ACCOUNT}:user/nobody", "namespace": ACCOUNT}
    groups = aws.results("groups")
    failed = [each["resource"] for each in groups.values()
              if each["status"] == "fail"]
    assert sorted(each["region"] for each in failed) == sorted(REGIONS)
    assert {each["name"] for each in failed} == {"group-0"}


def test_all_regions_are_scanned_unless_some_are_named(aws):
    aws.one(KEYS, target={"regions": "all"}, code=DONE)
    every = {each.region for each in aws.proxy.of("ListKeys")}
    assert len(every) > 10 and set(REGIONS) < every
    aws.proxy.reset()
    aws.one(KEYS, target={"regions": ["eu-west-1"]}, code=DONE)
    assert {each.region for each in aws.proxy.of("ListKeys")} == {"eu-west-1"}


def test_regions_are_not_asked_for_where_no_rule_needs_them(aws):
    aws.one(USERS, target={"regions": "all"}, code=FAILED)
    assert not aws.proxy.count("DescribeRegions")


def test_an_unknown_region_is_an_error_of_its_rules(aws):
    found = aws.scan(KEYS, USERS, target={"regions": ["eu-west-1", "eu-moon-1"]})
    assert found["keys"]["status"] == "error"
    assert "eu-moon-1" in json.dumps(found["keys"])
    assert found["users"]["status"] == "fail"
    assert aws.proxy.count("ListKeys", region="eu-moon-1") == 0


def test_a_credential_report_is_made_when_there_is_none(aws):
    assert aws.one(REPORT, code=DONE)["status"] == "pass"
    assert aws.proxy.count("GetCredentialReport") >= 1
    again = aws.proxy
    again.reset()
    again.fault("GetCredentialReport", "error", status=410,
                code="ReportExpired")
    again.fault("GetCredentialReport", "error", times=2, status=404,
                code="ReportInProgress")
    assert aws.one(REPORT, code=DONE)["status"] == "pass"
    assert again.count("GenerateCredentialReport") == 1
    assert again.count("GetCredentialReport") == 4


def test_nothing_there_is_an_answer(aws):
    assert aws.one(POLICIES, code=DONE)["status"] == "pass"
    assert {each.status for each in aws.proxy.of("s3:policy")} == {200, 404}


def test_buckets_are_asked_where_they_are(aws):
    aws.proxy.regions = {"safe-eu": "eu-west-1", "plain-us": "us-east-1",
                         "dotted.name": "eu-west-1"}
    aws.scan(BUCKETS, POLICIES, code=FAILED)
    found = aws.results("buckets")
    assert found[("safe-eu", None)]["status"] == "pass"
    assert not [each for each in found.values() if each["status"] == "error"]
    # one call finds out where a bucket is, all others go there
    asked = [each for each in aws.proxy.requests
             if each.target.startswith("/safe-eu")]
    assert sorted(each.status for each in asked) == [200, 200, 301]
    assert asked[0].status == 301
    assert {each.region for each in asked[1:]} == {"eu-west-1"}


@pytest.mark.parametrize("how", ["body", "endpoint"])
def test_the_region_of_a_bucket_may_be_told_in_the_body(aws, how):
    aws.proxy.regions = {"safe-eu": "eu-west-1"}
    aws.proxy.redirect = how
    aws.scan(BUCKETS, code=FAILED)
    assert aws.results("buckets")[("safe-eu", None)]["status"] == "pass"


def test_a_bucket_that_cannot_be_asked_keeps_nobody_waiting(aws):
    aws.options(retries=0)
    aws.proxy.fault("s3:versioning", "drop", times=9)
    aws.proxy.fault("s3:policy", "busy", times=9)
    found = aws.scan(BUCKETS, POLICIES, code=UNSURE)
    assert {each["status"] for each in found.values()} == {"error"}
    assert aws.proxy.count("s3:versioning") >= 3  # libcurl tries once more
    assert aws.proxy.count("s3:policy") == 3


# ---- pages -------------------------------------------------------------------

BUSES = rule("buses", calls={"b": {"service": "events",
                                   "operation": "ListEventBuses"}},
             each="b.EventBuses", id="Name", **{"assert": "Name != 'c'"})


def buses(pages):
    """What answers with pages: (names, token of the next) by token."""
    def answer(request):
        token = json.loads(request.body).get("NextToken")
        names, more = pages[token]
        return json.dumps({"EventBuses": [{"Name": name} for name in names],
                           **({"NextToken": more} if more else {})}).encode()
    return answer


def test_pages_that_botocore_does_not_know_are_joined(aws):
    aws.proxy.answers["ListEventBuses"] = buses({
        None: ("a", "1"), "1": ("b", "2"), "2": ("c", None)})
    found = aws.one(BUSES, code=FAILED, target={"regions": ["eu-west-1"]})
    assert found["resources"] == {"pass": 2, "fail": 1}


def test_tokens_that_come_again_are_an_error(aws):
    aws.proxy.answers["ListEventBuses"] = buses({
        None: ("a", "1"), "1": ("b", "2"), "2": ("b", "3"), "3": ("b", "1")})
    found = aws.one(BUSES, code=UNSURE, target={"regions": ["eu-west-1"]})
    assert found["status"] == "error" and "token" in found["message"]
    assert aws.proxy.count("ListEventBuses") < 12


def test_more_pages_that_nobody_can_ask_for_are_an_error(aws):
    aws.proxy.answers["GetProtectionStatus"] = lambda _: (
        b'{"Data": "{}", "NextToken": "more"}')
    aws.proxy.answers["ListUsers"] = lambda _: (
        b"<R><ListUsersResult><IsTruncated>true</IsTruncated><Users><member>"
        b"<UserName>a</UserName></member></Users></ListUsersResult></R>")
    status = rule("status", calls={"s": {
        "service": "fms", "operation": "GetProtectionStatus",
        "parameters": {"PolicyId": "0" * 36, "MemberAccountId": OTHER}}},
        **{"assert": "s.Data"})
    found = aws.scan(status, USERS, code=UNSURE)
    assert "NextToken" in found["status"]["message"]
    assert "no token" in found["users"]["message"]
    assert {each["status"] for each in found.values()} == {"error"}


def test_pages_are_joined(aws):
    aws.proxy.pages = {"ListUsers": 2, "DescribeSecurityGroups": 2}
    aws.scan(USERS, GROUPS, code=FAILED)
    assert len(aws.results("users")) == 8
    assert aws.proxy.count("ListUsers") == 4
    groups = aws.results("groups")
    # three of ours and VPC's own
    assert len([each for each in groups if each[1] == "eu-west-1"]) == 4
    assert aws.proxy.count("DescribeSecurityGroups", region="eu-west-1") == 2


def test_a_page_that_cannot_be_had_is_an_error(aws):
    aws.options(retries=1)
    aws.proxy.pages = {"ListUsers": 2}
    aws.proxy.fault("none", "busy")
    aws.proxy.faults[0].suits = lambda request: (
        request.operation == "ListUsers" and
        request.form.get("Marker") == "page-4")
    found = aws.one(USERS, code=UNSURE)
    assert found["status"] == "error"
    assert "iam:ListUsers" in found["message"]


# ---- faults ------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["throttle", "busy", "cut", "drop"])
@pytest.mark.parametrize("check, operation", [
    (USERS, "ListUsers"), (GROUPS, "DescribeSecurityGroups"),
    (KEYS, "ListKeys"), (BUCKETS, "s3:ListBuckets")])
def test_what_fails_is_tried_again(aws, kind, check, operation):
    aws.proxy.fault(operation, kind, times=2)
    found = aws.one(check)
    assert found["status"] == ("pass" if check is KEYS else "fail")
    assert [each.fault for each in aws.proxy.of(operation)][:3].count(kind) == 2


def test_throttling_that_does_not_end_is_an_error(aws):
    aws.options(retries=2)
    aws.proxy.fault("ListUsers", "throttle", times=99)
    found = aws.one(USERS, code=UNSURE)
    assert found["status"] == "error"
    assert "Throttling" in found["message"]
    assert aws.proxy.count("ListUsers") == 3


def test_a_wait_that_is_asked_for_is_waited(aws):
    aws.proxy.fault("ListUsers", "after", ms=1500)
    aws.one(USERS, code=FAILED)
    first, second = aws.proxy.of("ListUsers")
    assert second.when - first.when >= 1.4


def test_of_two_waits_that_are_asked_for_the_finer_counts(aws):
    aws.proxy.fault("ListUsers", "after", ms=500, after=600)
    aws.one(USERS, code=FAILED)  # one of 600 s would be no second try
    assert aws.proxy.count("ListUsers") == 2


def test_a_slow_answer_is_waited_for(aws):
    aws.proxy.fault("ListUsers", "slow", seconds=2)
    assert aws.one(USERS, code=FAILED)["status"] == "fail"
    assert aws.proxy.count("ListUsers") == 1


def test_a_service_that_never_answers_is_an_error(aws):
    aws.options(retries=0, stall_timeout=5)
    aws.proxy.fault("ListUsers", "slow", times=9, seconds=30)
    found = aws.one(USERS, code=UNSURE)
    assert found["status"] == "error" and "iam:ListUsers" in found["message"]


def test_what_is_no_answer_is_an_error(aws):
    aws.proxy.fault("ListUsers", "garbage", times=9)
    assert aws.one(USERS, code=UNSURE)["status"] == "error"


def test_a_clock_that_is_off_is_corrected(aws):
    # what the proxy says is now; the next signature is of that time, which
    # moto does not look at
    there = (datetime.datetime.now(datetime.timezone.utc)
             + datetime.timedelta(hours=2))
    aws.proxy.fault("ListUsers", "skewed", date=email.utils.format_datetime(
        there, usegmt=True))
    assert aws.one(USERS, code=FAILED)["status"] == "fail"
    first, second = aws.proxy.of("ListUsers")
    hours = [datetime.datetime.strptime(each.headers["x-amz-date"],
                                        "%Y%m%dT%H%M%SZ")
             for each in (first, second)]
    assert datetime.timedelta(hours=1, minutes=50) < hours[1] - hours[0] < \
        datetime.timedelta(hours=2, minutes=10)


def test_one_failure_concerns_its_own_rules(aws):
    aws.options(retries=0)
    aws.proxy.fault("ListKeys", "busy", times=9, region="eu-west-1")
    found = aws.scan(KEYS, LOGS, USERS)
    assert {rule_id: each["status"] for rule_id, each in found.items()} == {
        "keys": "error", "logs": "pass", "users": "fail"}
    assert {key[1]: each["status"] for key, each in
            aws.results("keys").items()} == {"us-east-1": "pass",
                                             "eu-west-1": "error"}


def test_what_is_made_of_what_failed_is_no_verdict(aws):
    made = rule("made", calls=BUCKETS["check_content"]["calls"],
                each="b.Buckets[].{n: length(Name), status: v.Status}",
                **{"assert": "status == 'Enabled'"})
    aws.options(retries=0)
    aws.proxy.fault("s3:versioning", "busy", times=1)
    found = aws.scan(BUCKETS, made)
    assert sorted(each["status"] for each in
                  aws.results("buckets").values()).count("error") == 1
    assert found["made"]["status"] == "error"
    assert {each["status"] for each in aws.results("made").values()} == {
        "error"}


def test_rules_have_defaults_of_their_own(aws):
    def limit(rule_id, most):
        return {**rule(rule_id, calls={"l": {"service": "iam",
                                             "operation": "ListUsers"}},
                       **{"assert": "length(l.Users) <= $variables.most"}),
                "variables": {"most": {"type": "number", "default": most}}}

    found = aws.scan(limit("few", 1), limit("many", 1000), rule(
        "typo", calls={"l": {"service": "iam", "operation": "ListUsers"}},
        **{"assert": "!(l.Users[?PasswordAge > $variables.mots])"}))
    assert [found[each]["status"] for each in ("few", "many", "typo")] == [
        "fail", "pass", "error"]
    assert found["many"]["variables_applied"] == {"most": 1000}
    assert 'no variable "mots"' in found["typo"]["message"]


def test_calls_are_made_at_the_same_time(aws):
    aws.proxy.delay = 1
    aws.proxy.most = 0
    aws.scan(KEYS, LOGS, GROUPS, USERS, BUCKETS)
    assert aws.proxy.most >= 4


def test_a_scan_can_be_cancelled_while_calls_wait(aws):
    aws.proxy.fault("s3:versioning", "slow", times=99, seconds=20)
    aws.proxy.fault("s3:policy", "slow", times=99, seconds=20)
    aws.engine.import_rules([BUCKETS, POLICIES])
    process = aws.engine.start("scan", "--target", json.dumps(
        {"type": "aws_account", "regions": REGIONS}), env=aws.env)
    wait_for(lambda: aws.proxy.count("s3:versioning") +
             aws.proxy.count("s3:policy") >= 3, 60, "calls about buckets")
    process.send_signal(signal.SIGINT)
    _, _, errors = finish(process)
    assert "crashed" not in errors and "AddressSanitizer" not in errors
    report = aws.engine.report()
    assert report["status"] == "cancelled"
    assert set(report.statuses().values()) <= {"notchecked"}


# ---- rights ------------------------------------------------------------------

def test_a_denied_call_names_the_permission(aws):
    aws.be("narrow")
    # moto itself falls over a denied call of S3
    aws.proxy.fault("s3:policy", "error", times=9, status=403,
                    code="AccessDenied")
    found = aws.scan(USERS, GROUPS, POLICIES, KEYS, LOGS, REPORT)
    assert found["users"]["status"] == "fail"
    for rule_id, permission in (("groups", "ec2:DescribeSecurityGroups"),
                                ("policies", "s3:GetBucketPolicy"),
                                ("keys", "kms:ListKeys"),
                                ("logs", "logs:DescribeLogGroups"),
                                ("report", "iam:GetCredentialReport")):
        assert found[rule_id]["status"] == "error", rule_id
        message = found[rule_id]["message"]
        assert f"permission is missing: {permission}" in message, message
        assert ACCOUNT in message
    assert "us-east-1" in found["keys"]["message"] or \
        "eu-west-1" in found["keys"]["message"]
    assert aws.proxy.count("ListKeys") == 2  # no is no


@pytest.mark.parametrize("status, code", [
    (403, "AccessDenied"), (400, "AccessDeniedException"),
    (403, "UnauthorizedOperation"), (403, "AuthorizationError"),
    (400, "NotAuthorizedException")])
def test_no_has_many_spellings(aws, status, code):
    aws.proxy.fault("ListKeys", "error", times=9, status=status, code=code)
    found = aws.one(KEYS, code=UNSURE)
    assert "permission is missing: kms:ListKeys" in found["message"]


@pytest.mark.parametrize("status, code, words", [
    (400, "OptInRequired", "enabled"),
    (400, "UnrecognizedClientException", "enabled"),
    (403, "SignatureDoesNotMatch", "are the keys of")])
def test_other_refusals_say_what_to_look_at(aws, status, code, words):
    aws.proxy.fault("ListKeys", "error", times=9, status=status, code=code)
    found = aws.one(KEYS, code=UNSURE)
    assert code in found["message"] and words in found["message"]


def test_wrong_keys_end_the_scan(aws):
    aws.env["AWS_SECRET_ACCESS_KEY"] = PLANTED
    found = aws.scan(USERS, KEYS, code=UNABLE)
    assert {each["status"] for each in found.values()} == {"error"}
    assert "SignatureDoesNotMatch" in json.dumps(aws.last.document)
    assert PLANTED not in aws.everything()


def test_no_keys_at_all_say_where_they_were_looked_for(aws):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del aws.env[name]
    aws.scan(USERS, code=UNABLE)
    assert "AWS_ACCESS_KEY_ID" in json.dumps(aws.last.document)


def test_a_request_without_a_body_claims_no_type_of_it(aws):
    path = "inspector2:/organizationconfiguration/describe"
    aws.proxy.answers[path] = lambda _: b"{}"
    aws.one(rule("type", calls={"c": {
        "service": "inspector2",
        "operation": "DescribeOrganizationConfiguration"}},
        **{"assert": "c"}), target={"regions": ["eu-west-1"]})
    request, = aws.proxy.of(path)
    assert request.method == "POST" and request.body == b""
    assert "content-type" not in request.headers


def test_services_with_the_same_requests_have_answers_of_their_own(aws):
    aws.proxy.answers["DescribeDBClusters"] = lambda _: (
        b"<R><DescribeDBClustersResult><DBClusters><DBCluster>"
        b"<DBClusterIdentifier>a</DBClusterIdentifier>"
        b"<HttpEndpointEnabled>false</HttpEndpointEnabled></DBCluster>"
        b"</DBClusters></DescribeDBClustersResult></R>")
    found = aws.scan(*[
        rule(service, calls={"c": {"service": service,
                                   "operation": "DescribeDBClusters"}},
             each="c.DBClusters", **{"assert": "HttpEndpointEnabled == " + how})
        for service, how in (("neptune", "'false'"), ("rds", "`false`"))],
        target={"regions": ["eu-west-1"]})
    assert {each["status"] for each in found.values()} == {"pass"}


# ---- services that are not there ----------------------------------------------

def nothing_there(**call):
    return rule("there", calls={"c": {**call, "empty_on": [
        "UnknownEndpoint"]}}, **{"assert": "!c"})


def test_a_failure_at_a_name_with_resolve_in_it_is_no_missing_service(aws):
    aws.options(retries=0)
    aws.proxy.fault("s3:policy", "drop", times=9)
    found = aws.one(nothing_there(
        service="s3", operation="GetBucketPolicy",
        parameters={"Bucket": "resolve-me"}), code=UNSURE)
    assert found["status"] == "error" and "resolve-me" in found["message"]


def test_a_mistyped_endpoint_is_no_missing_service(aws):
    aws.env["AWS_ENDPOINT_URL_IAM"] = "http://nowhere.invalid"
    found = aws.one(nothing_there(service="iam", operation="ListUsers"),
                    code=UNSURE)
    assert found["status"] == "error" and "nowhere" in found["message"]


def test_a_service_is_missing_where_its_host_is_no_name(aws):
    for name in ("STS", "EC2"):
        aws.env[f"AWS_ENDPOINT_URL_{name}"] = aws.proxy.url
    del aws.env["AWS_ENDPOINT_URL"]
    try:  # that service is in us-east-1 alone
        socket.getaddrinfo("cur.eu-west-1.amazonaws.com", 443)
        pytest.skip("all names have an address here")
    except socket.gaierror as error:
        known = error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
    found = aws.one(nothing_there(
        service="cur", operation="DescribeReportDefinitions"),
        target={"regions": ["eu-west-1"]})
    assert found["status"] == ("pass" if known else "error")


# ---- accounts ----------------------------------------------------------------

def test_a_role_of_another_account(aws):
    aws.one(USERS, target={"role": f"arn:aws:iam::{OTHER}:role/audit"},
            code=DONE)
    assert {key[0] for key in aws.results("users")} == {
        f"arn:aws:iam::{OTHER}:user/user-{each}" for each in range(2)}


def test_a_profile_with_a_role(aws):
    key, secret = aws.estate.keys["admin"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del aws.env[name]
    aws.write("credentials", f"[base]\naws_access_key_id = {key}\n"
              f"aws_secret_access_key = {secret}\n")
    aws.write("config", "[profile audit]\nsource_profile = base\n"
              f"role_arn = arn:aws:iam::{OTHER}:role/audit\n")
    aws.one(USERS, target={"profile": "audit"}, code=DONE)
    assert len(aws.results("users")) == 2
    assert secret not in aws.everything()


def test_several_accounts(aws):
    aws.one(USERS, target={"role": "audit", "accounts": [ACCOUNT, OTHER]},
            code=FAILED)
    found = [key[0].split(":")[4] for key in aws.results("users")]
    assert (found.count(ACCOUNT), found.count(OTHER)) == (8, 2)
    assert aws.proxy.count("AssumeRole") == 1  # not into its own


def test_an_account_that_cannot_be_entered_is_an_error_there(aws):
    aws.proxy.fault("AssumeRole", "error", times=9, status=403,
                    code="AccessDenied")
    found = aws.one(USERS, target={"role": "audit",
                                   "accounts": [ACCOUNT, OTHER]})
    assert found["status"] == "fail"  # one of ours
    results = aws.results("users")
    assert len([each for each in results.values()
                if each["status"] == "error"]) == 1
    bad, = [each for each in results.values() if each["status"] == "error"]
    assert f"arn:aws:iam::{OTHER}:role/audit" in bad["message"]
    assert len(results) == 9


def test_roles_are_assumed_all_at_once(aws):
    numbers = [f"{each:012}" for each in range(1, 9)]
    together = threading.Barrier(len(numbers))

    def answer(_):
        together.wait(timeout=60 * SLOW)
        return (b"<R><AssumeRoleResult><Credentials><AccessKeyId>AKIAX"
                b"</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                b"<SessionToken>t</SessionToken><Expiration>"
                b"2099-01-01T00:00:00Z</Expiration></Credentials>"
                b"</AssumeRoleResult></R>")

    aws.proxy.answers["AssumeRole"] = answer
    aws.proxy.answers["ListUsers"] = lambda _: b"<R><ListUsersResult/></R>"
    aws.one(USERS, target={"role": "audit", "accounts": numbers}, code=DONE)
    assert aws.proxy.count("AssumeRole") == len(numbers)
    assert aws.proxy.count("ListUsers") == len(numbers)


@pytest.mark.parametrize("regions", [
    "", "<item><regionName>us-gov-west-1</regionName></item>",
    "<item><regionName>eu-west-1</regionName>"
    "<optInStatus>not-opted-in</optInStatus></item>"])
def test_an_account_without_regions_is_an_error(aws, regions):
    aws.proxy.answers["DescribeRegions"] = lambda _: (
        f"<R><regionInfo>{regions}</regionInfo></R>".encode())
    found = aws.scan(GROUPS, USERS, target={"regions": "all"}, code=FAILED)
    assert found["groups"]["status"] == "error"
    assert "DescribeRegions" in found["groups"]["message"]
    assert found["users"]["status"] == "fail"  # asked of the account itself


def test_files_do_not_lead_calls_astray(aws):
    key, secret = aws.estate.keys["admin"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                 "AWS_ENDPOINT_URL"):
        aws.env.pop(name, None)
    aws.write("credentials", f"[base]\naws_access_key_id = {key}\n"
              f"aws_secret_access_key = {secret}\n")
    aws.write("config", "[profile base]\nendpoint_url = http://other.invalid\n")
    aws.one(USERS, target={"profile": "base"}, code=UNABLE)
    text = json.dumps(aws.last.document)
    assert "http://other.invalid" in text and "AWS_ENDPOINT_URL" in text
    aws.write("config", f"[profile base]\nendpoint_url = {aws.proxy.url}\n")
    aws.one(USERS, target={"profile": "base"}, code=FAILED)


def test_the_accounts_of_an_organization(aws):
    aws.one(USERS, target={"role": "audit", "organization": True})
    found = {key[0].split(":")[4] for key in aws.results("users")}
    assert found == {ACCOUNT, *aws.estate.keys["accounts"].values()}
    aws.one(USERS, target={"role": "audit", "organization": True,
                           "exclude_accounts": [ACCOUNT]}, code=DONE)
    found = {key[0].split(":")[4] for key in aws.results("users")}
    assert found == set(aws.estate.keys["accounts"].values())


def test_who_may_not_list_the_organization_is_told(aws):
    aws.be("nobody")
    aws.scan(USERS, target={"role": "audit", "organization": True},
             code=UNABLE)
    text = json.dumps(aws.last.document)
    assert "organizations:ListAccounts" in text


def test_sessions_that_end_are_begun_again(aws):
    aws.proxy.fault("ListKeys", "expired", times=1, region="eu-west-1")
    found = aws.one(KEYS, target={
        "role": f"arn:aws:iam::{OTHER}:role/audit"})
    # fresh keys a moment old are not asked for again: the same are signed with
    assert found["status"] == "pass"
    assert aws.proxy.count("ListKeys", region="eu-west-1") == 2
    assert aws.proxy.count("AssumeRole") == 1
    aws.proxy.reset()
    aws.proxy.fault("ListKeys", "expired", times=1, region="eu-west-1",
                    seconds=6)
    found = aws.one(KEYS, target={
        "role": f"arn:aws:iam::{OTHER}:role/audit"})
    assert found["status"] == "pass"
    first, second = aws.proxy.of("ListKeys", region="eu-west-1")
    assert first.key != second.key
    assert aws.proxy.count("AssumeRole") == 2


# ---- targets and rules -------------------------------------------------------

@pytest.mark.parametrize("target, words", [
    ({"region": "x"}, "there is no \"region\""),
    ({"regions": "eu-west-1"}, "\"all\" or a list"),
    ({"regions": []}, "\"all\" or a list"),
    ({"regions": ["x y"]}, "no name of a region"),
    ({"accounts": [123456789012]}, "no account id"),
    ({"accounts": [OTHER]}, "needs \"role\""),
    ({"accounts": [OTHER], "role": "arn:aws:iam::1:role/x"}, "a name"),
    ({"organization": True}, "needs \"role\""),
    ({"role": "audit"}, "an ARN"), ({"profile": 1}, "a text"),
    ({"profile": "nowhere"}, "profile \"nowhere\" is neither in"),
    ({"endpoint_url": "http://example.com"}, "endpoint_url")])
def test_a_wrong_target_is_refused(aws, target, words):
    aws.scan(USERS, target=target, code=UNABLE)
    text = json.dumps(aws.last.document).replace('\\"', '"')
    assert words in text, text
    assert not aws.proxy.requests


@pytest.mark.parametrize("target", [
    {"role": "audit", "accounts": []},
    {"role": "audit", "accounts": [OTHER], "exclude_accounts": [OTHER]}])
def test_a_target_without_an_account_is_no_scan(aws, target):
    aws.scan(USERS, target=target, code=UNABLE)
    assert "no active account" in json.dumps(aws.last.document)


@pytest.mark.parametrize("call, words", [
    ({"service": "iamm", "operation": "ListUsers"}, "iam"),
    ({"service": "iam", "operation": "ListUser"}, "ListUsers"),
    ({"service": "iam", "operation": "DeleteUser"}, "DeleteUser"),
    ({"service": "iam"}, "operation"),
    ({"service": "iam", "operation": "ListUsers", "parameters": {"No": 1}},
     "No"),
    ({"service": "s3", "operation": "GetBucketPolicy"}, "Bucket")])
def test_a_wrong_call_is_an_error_of_its_rule(aws, call, words):
    found = aws.scan(rule("wrong", calls={"c": call}, **{"assert": "c"}),
                     USERS)
    assert found["wrong"]["status"] == "error"
    assert words in found["wrong"]["message"]
    assert found["users"]["status"] == "fail"


def test_an_endpoint_of_the_target_counts_before_others(aws):
    aws.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    aws.one(USERS, target={"endpoint_url": aws.proxy.url}, code=FAILED)


def test_nobody_at_the_endpoint_is_an_error(aws):
    aws.options(retries=0)
    aws.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    aws.scan(USERS, code=UNABLE)
    assert "127.0.0.1" in json.dumps(aws.last.document)


def test_an_endpoint_of_one_service(aws):
    aws.options(retries=0)
    aws.env["AWS_ENDPOINT_URL_KMS"] = "http://127.0.0.1:1"
    found = aws.scan(KEYS, USERS)
    assert found["keys"]["status"] == "error"
    assert found["users"]["status"] == "fail"


def test_a_target_can_be_probed(aws):
    result = aws.engine.run("probe", "--target", json.dumps(
        {"type": "aws_account", "role": "audit",
         "accounts": [ACCOUNT, OTHER]}), env=aws.env, code=DONE)
    assert ACCOUNT in result.out and "2 accounts" in result.out, repr(result)


def test_a_scan_can_be_planned_without_calls(aws):
    aws.engine.import_rules([USERS, GROUPS])
    aws.engine.run("scan", "--dry-run", "--target",
                   json.dumps({"type": "aws_account"}), env=aws.env,
                   code=DONE)
    assert not aws.proxy.requests


# ---- secrets -----------------------------------------------------------------

def test_no_secret_is_printed_or_stored(aws):
    aws.options(retries=1)
    aws.engine.extra = 'log_level = "debug";'
    aws.engine.configure()
    aws.proxy.fault("ListKeys", "throttle", times=9)
    aws.proxy.fault("ListUsers", "cut")
    aws.scan(USERS, KEYS, GROUPS, BUCKETS, REPORT,
             target={"role": "audit", "accounts": [ACCOUNT, OTHER]})
    text = aws.everything()
    secret = aws.estate.keys["admin"][1]
    assert secret not in text
    # nor what signs, session tokens included
    tokens = {each.headers["x-amz-security-token"]
              for each in aws.proxy.requests
              if "x-amz-security-token" in each.headers}
    assert tokens and not [each for each in tokens if each[:40] in text]
    assert "AWS4-HMAC" not in text
