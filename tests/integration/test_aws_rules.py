# SPDX-License-Identifier: Apache-2.0
"""The starter rules for AWS: each has something that passes and something that
fails it, on an AWS that is played by moto (which verifies signatures), or,
where moto lacks an operation, on recorded answers. WHERE says which."""
import base64
import json
import sys
from types import SimpleNamespace

import pytest
import yaml

from support import SLOW, SOURCE, Engine, module, unavailable

sys.path.insert(0, str(SOURCE / "tests/services"))
import moto as played  # noqa: E402
from aws_recorded import Recorded  # noqa: E402

RULES = SOURCE / "conf/rules/aws"
CARELESS, CAREFUL = played.ACCOUNT, "111111111111"
REGIONS = ["us-east-1", "eu-west-1"]

# Rules about an account or a region: the careless account fails, the careful
# one passes.
ACCOUNTS = """
aws-iam-password-length aws-iam-password-reuse aws-iam-support-role
aws-ebs-encrypted-by-default aws-cloudtrail-all-regions
aws-cloudtrail-s3-writes aws-cloudtrail-s3-reads
aws-guardduty-enabled aws-securityhub-enabled
aws-alarm-unauthorized-calls aws-alarm-console-without-mfa aws-alarm-root-use
aws-alarm-iam-changes aws-alarm-cloudtrail-changes aws-alarm-sign-in-failures
aws-alarm-key-deletion aws-alarm-bucket-policy-changes
aws-alarm-config-changes aws-alarm-security-group-changes
aws-alarm-nacl-changes aws-alarm-gateway-changes aws-alarm-route-changes
aws-alarm-vpc-changes aws-alarm-organization-changes
""".split()

# Rules about resources: what fails and what passes, by name or id, or by the
# place of the id in what the estate printed.
RESOURCES = {
    "aws-iam-user-mfa": (["no-mfa", "idle-password"], ["with-mfa"]),
    "aws-iam-credentials-unused": (["idle-password", "old-key"], ["new-key"]),
    "aws-iam-one-active-key": (["two-keys"], ["new-key", "old-key"]),
    "aws-iam-keys-rotated": (["old-key", "two-keys"], ["new-key"]),
    "aws-iam-rights-through-groups": (["direct-rights"], ["new-key"]),
    "aws-iam-no-full-administrator-policy": (["everything"], ["listing"]),
    "aws-s3-tls-only": (["bad-bucket"], ["good-bucket"]),
    "aws-s3-mfa-delete": (["bad-bucket"], []),
    "aws-s3-public-access-blocked": (["bad-bucket"], ["good-bucket"]),
    "aws-ebs-snapshots-not-public": (
        ["snapshots.public"], ["snapshots.private"]),
    "aws-rds-encrypted": (["db-bad"], ["db-good"]),
    "aws-rds-minor-upgrades": (["db-bad"], ["db-good"]),
    "aws-rds-not-public": (["db-bad"], ["db-good"]),
    "aws-rds-snapshots-not-public": (["of-db-bad"], ["of-db-good"]),
    "aws-efs-encrypted": (["file_systems.False"], ["file_systems.True"]),
    "aws-cloudtrail-log-validation": (["lax"], ["all"]),
    "aws-cloudtrail-bucket-access-logged": (["lax"], ["all"]),
    "aws-cloudtrail-encrypted": (["lax"], ["all"]),
    "aws-kms-rotation": (["keys.not-rotated"], ["keys.rotated"]),
    "aws-vpc-flow-logs": (["network.vpc"], ["network.vpc-with-flow-log"]),
    "aws-nacl-admin-ports": ([], ["network.narrow-acl"]),
    "aws-sg-ssh-closed": (["network.ssh"], ["network.rdp", "network.web"]),
    "aws-sg-rdp-closed": (["network.rdp"], ["network.ssh", "network.web"]),
    "aws-sg-default-empty": (["network.default"], ["network.empty-default"]),
    "aws-ec2-imdsv2": (["instances.imdsv1"], ["instances.imdsv2"]),
    "aws-elb-tls-policy": (["listeners.8443"], ["listeners.443"]),
    "aws-lambda-not-public": (["open", "url"], ["closed"]),
}

SUMMARY = """<GetAccountSummaryResponse
 xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountSummaryResult>
<SummaryMap><entry><key>AccountMFAEnabled</key><value>{mfa}</value></entry>
<entry><key>AccountAccessKeysPresent</key><value>{keys}</value></entry>
</SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>"""
DEVICES = """<ListVirtualMFADevicesResponse
 xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListVirtualMFADevicesResult>
<IsTruncated>false</IsTruncated><VirtualMFADevices>{device}</VirtualMFADevices>
</ListVirtualMFADevicesResult></ListVirtualMFADevicesResponse>"""
DEVICE = ("<member><SerialNumber>arn:aws:iam::123456789012:mfa/telephone"
          "</SerialNumber><User><Arn>arn:aws:iam::123456789012:root</Arn>"
          "</User></member>")
OTHER = ("<member><SerialNumber>arn:aws:iam::123456789012:mfa/"
         "root-account-mfa-device</SerialNumber><User>"
         "<Arn>arn:aws:iam::123456789012:user/joe</Arn></User></member>")
REPORT = """<GetCredentialReportResponse
 xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetCredentialReportResult>
<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>
<GeneratedTime>2026-01-01T00:00:00Z</GeneratedTime>
</GetCredentialReportResult></GetCredentialReportResponse>"""
COLUMNS = ("user,arn,password_enabled,password_last_used,mfa_active,"
           "access_key_1_active,access_key_1_last_used_date,"
           "access_key_2_active,access_key_2_last_used_date\n")
CERTIFICATES = """<ListServerCertificatesResponse
 xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<ListServerCertificatesResult><IsTruncated>false</IsTruncated>
<ServerCertificateMetadataList><member><Path>/</Path>
<ServerCertificateName>web</ServerCertificateName>
<ServerCertificateId>ASCAEXAMPLE</ServerCertificateId>
<Arn>arn:aws:iam::123456789012:server-certificate/web</Arn>
<Expiration>{date}</Expiration></member></ServerCertificateMetadataList>
</ListServerCertificatesResult></ListServerCertificatesResponse>"""
ENTRY = """<item><cidrBlock>{cidr}</cidrBlock><egress>false</egress>
<protocol>6</protocol><ruleAction>allow</ruleAction>
<ruleNumber>100</ruleNumber><portRange><from>20</from><to>25</to></portRange>
</item>"""


def report(last_used):
    text = COLUMNS + ("<root_account>,arn:aws:iam::123456789012:root,"
                      f"not_supported,{last_used},true,false,N/A,false,N/A\n")
    return REPORT.format(content=base64.b64encode(text.encode()).decode())


def recorder(all_supported, last):
    return {
        "DescribeConfigurationRecorders": (200, {"ConfigurationRecorders": [{
            "name": "default",
            "recordingGroup": {"allSupported": all_supported}}]}),
        "DescribeConfigurationRecorderStatus": (200, {
            "ConfigurationRecordersStatus": [{
                "name": "default", "recording": True, "lastStatus": last}]})}


def snapshots(account):
    """Of a cluster of databases, which that account may restore."""
    result = "<{0}Response><{0}Result>{1}</{0}Result></{0}Response>"
    return {
        "DescribeDBClusterSnapshots": (200, result.format(
            "DescribeDBClusterSnapshots",
            "<DBClusterSnapshots><DBClusterSnapshot>"
            "<DBClusterSnapshotIdentifier>of-cluster"
            "</DBClusterSnapshotIdentifier></DBClusterSnapshot>"
            "</DBClusterSnapshots>")),
        "DescribeDBClusterSnapshotAttributes": (200, result.format(
            "DescribeDBClusterSnapshotAttributes",
            "<DBClusterSnapshotAttributesResult><DBClusterSnapshotAttributes>"
            "<DBClusterSnapshotAttribute><AttributeName>restore"
            "</AttributeName><AttributeValues><AttributeValue>"
            f"{account}</AttributeValue></AttributeValues>"
            "</DBClusterSnapshotAttribute></DBClusterSnapshotAttributes>"
            "</DBClusterSnapshotAttributesResult>"))}


def bucket(status, text):
    return {
        "GET /": (200, "<ListAllMyBucketsResult><Buckets><Bucket><Name>one"
                       "</Name></Bucket></Buckets></ListAllMyBucketsResult>"),
        "GET /one": (status, text)}


def versioning(delete):
    return bucket(200, "<VersioningConfiguration><Status>Enabled</Status>"
                       f"<MfaDelete>{delete}</MfaDelete>"
                       "</VersioningConfiguration>")


# What moto cannot have: (service, answers that fail, answers that pass).
RECORDED = {
    "aws-iam-root-no-access-key": (
        "IAM", {"GetAccountSummary": (200, SUMMARY.format(mfa=1, keys=1))},
        {"GetAccountSummary": (200, SUMMARY.format(mfa=1, keys=0))}),
    "aws-iam-root-mfa": (
        "IAM", {"GetAccountSummary": (200, SUMMARY.format(mfa=0, keys=0))},
        {"GetAccountSummary": (200, SUMMARY.format(mfa=1, keys=0))}),
    "aws-iam-root-hardware-mfa": (
        "IAM", {"GetAccountSummary": (200, SUMMARY.format(mfa=1, keys=0)),
                "ListVirtualMFADevices": (200, DEVICES.format(device=DEVICE))},
        {"GetAccountSummary": (200, SUMMARY.format(mfa=1, keys=0)),
         "ListVirtualMFADevices": (200, DEVICES.format(device=OTHER))}),
    "aws-iam-root-unused": (
        "IAM", {"GetCredentialReport": (200, report("2999-01-01T00:00:00Z"))},
        {"GetCredentialReport": (200, report("2020-01-01T00:00:00Z"))}),
    "aws-iam-server-certificates-valid": (
        "IAM", {"ListServerCertificates": (
            200, CERTIFICATES.format(date="2020-01-01T00:00:00Z"))},
        {"ListServerCertificates": (
            200, CERTIFICATES.format(date="2999-01-01T00:00:00Z"))}),
    "aws-iam-access-analyzer": (
        "ACCESSANALYZER", {"GET /analyzer": (200, {"analyzers": [
            {"status": "ACTIVE", "type": "ACCOUNT_UNUSED_ACCESS"}]})},
        {"GET /analyzer": (200, {"analyzers": [
            {"status": "ACTIVE", "type": "ACCOUNT"}]})}),
    "aws-config-recording": (
        "CONFIG_SERVICE", recorder(True, "FAILURE"),
        recorder(True, "Success")),
    "aws-rds-cluster-snapshots-not-public": (
        "RDS", snapshots("all"), snapshots("123456789012")),
    "aws-s3-mfa-delete": (
        "S3", versioning("Disabled"), versioning("Enabled")),
    "aws-s3-encrypted": (
        "S3", bucket(404, "<Error><Code>ServerSideEncryption"
                              "ConfigurationNotFoundError</Code></Error>"),
        bucket(200, "<ServerSideEncryptionConfiguration><Rule>"
                        "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>"
                        "aws:kms</SSEAlgorithm>"
                        "</ApplyServerSideEncryptionByDefault></Rule>"
                        "</ServerSideEncryptionConfiguration>")),
    "aws-nacl-admin-ports": tuple(["EC2"] + [{"DescribeNetworkAcls": (
        200, "<DescribeNetworkAclsResponse><networkAclSet><item>"
             "<networkAclId>acl-1</networkAclId><entrySet>"
             f"{ENTRY.format(cidr=cidr)}</entrySet></item></networkAclSet>"
             "</DescribeNetworkAclsResponse>")}
        for cidr in ("0.0.0.0/0", "192.0.2.0/24")]),
}


def rules():
    for path in sorted(RULES.glob("*.yaml")):
        yield from filter(None, yaml.safe_load_all(path.read_text()))


def aws_engine(folder):
    if not played.venv():
        unavailable("no moto: pip install moto, or `quickstart test`")
    engine = Engine(folder, plugins=("aws",), options={"aws": {"retries": 1}})
    engine.run("import", str(RULES), code=0)
    return engine


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """One scan of both accounts with all rules; what there is, and how many
    calls were made."""
    module("aws")
    folder = tmp_path_factory.mktemp("estate")
    engine = aws_engine(folder)
    program = SOURCE / "tests/services/aws_estate.py"
    with played.Moto(folder) as moto:
        moto.at(-100)
        moto.seed(program, moto.url, "old")
        moto.at(0)
        made = moto.seed(program, moto.url, "new",
                         SOURCE / "tests/fixtures/aws/filters.json")
        moto.signed()
        keys = moto.environment(made["reader"]["id"], made["reader"]["secret"])
        targets = []
        for more in ({"name": "careless"}, {
                "name": "careful",
                "role": f"arn:aws:iam::{CAREFUL}:role/auditor"}):
            targets += ["--target", json.dumps(
                {"type": "aws_account", "regions": REGIONS, **more})]
        before = moto.calls()
        scan = engine.scan(*targets, env=keys, timeout=300 * SLOW)
        assert scan.document, repr(scan.result)
        yield SimpleNamespace(scan=scan, made=made, keys=keys, folder=folder,
                              calls=moto.calls() - before)


def results(scan, rule_id):
    return [each for verdict in scan["results_by_rule"]
            if verdict["rule_id"] == rule_id
            for each in verdict["results"]]


def look_up(made, name):
    first, _, second = name.partition(".")
    return made[first][second] if second else name


def statuses_of(scan, rule_id, name):
    return {each["status"] for each in results(scan, rule_id)
            if name in (each["resource"].get("name"),
                        each["resource"].get("uid"))}


def test_every_rule_is_proven_in_one_way_at_least():
    known = {each["rule_id"] for each in rules()}
    proven = set(ACCOUNTS) | set(RESOURCES) | set(RECORDED)
    assert known == proven
    assert len(known) >= 40
    emulated = (set(ACCOUNTS) | set(RESOURCES)) - set(RECORDED)
    assert len(emulated) >= 40


@pytest.mark.parametrize("rule_id", ACCOUNTS)
def test_of_accounts(estate, rule_id):
    scan = estate.scan
    for account, status in ((CARELESS, "fail"), (CAREFUL, "pass")):
        found = {each["status"]: each for each in results(scan, rule_id)
                 if each["resource"]["namespace"] == account}
        assert set(found) == {status}, (account, found)


@pytest.mark.parametrize("rule_id", RESOURCES)
def test_of_resources(estate, rule_id):
    scan, made = estate.scan, estate.made
    for names, status in zip(RESOURCES[rule_id], ("fail", "pass")):
        for name in names:
            assert statuses_of(scan, rule_id, look_up(made, name)) == \
                {status}, (name, results(scan, rule_id))


@pytest.mark.parametrize("rule_id", RECORDED)
def test_of_recorded_answers(tmp_path, rule_id):
    module("aws")
    engine = aws_engine(tmp_path)
    service, bad, good = RECORDED[rule_id]
    identity = {"GetCallerIdentity": (
        200, "<GetCallerIdentityResponse><GetCallerIdentityResult>"
             f"<Arn>arn:aws:iam::{CARELESS}:user/x</Arn><UserId>X</UserId>"
             f"<Account>{CARELESS}</Account></GetCallerIdentityResult>"
             "</GetCallerIdentityResponse>")}
    for answers, status in ((bad, "fail"), (good, "pass")):
        more = {"GET /v20180820/configuration/publicAccessBlock": (404, "")}
        with Recorded({**identity, **more, **answers}) as aws:
            scan = engine.scan(
                "--rule", rule_id, "--target", json.dumps(
                    {"type": "aws_account", "regions": ["us-east-1"]}),
                env={"AWS_ACCESS_KEY_ID": "test",
                     "AWS_SECRET_ACCESS_KEY": "test",
                     "AWS_EC2_METADATA_DISABLED": "true",
                     "AWS_ENDPOINT_URL": aws.url}, timeout=120 * SLOW)
        found = {each["status"] for each in results(scan, rule_id)}
        assert found == {status}, json.dumps(scan["results_by_rule"])


def test_equal_calls_are_made_once(estate):
    counted = [each["rule_id"] for each in estate.scan["results_by_rule"]]
    assert len(counted) == 2 * len(list(rules()))
    assert estate.calls < 250, "60 rules, two accounts, two regions"
