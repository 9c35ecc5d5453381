# SPDX-License-Identifier: Apache-2.0
"""The same findings as Cloud Custodian on the same estate: for each rule that
can be written as a policy of it, what the policy finds is what fails the rule.
Where both differ DIFFERENCES says what, and why ours is kept."""
import json
import subprocess
import sys

import pytest

from support import SLOW, SOURCE
from test_aws_rules import CARELESS, REGIONS, estate, results  # noqa: F401

sys.path.insert(0, str(SOURCE / "tests/services"))
import moto as played  # noqa: E402

ACCOUNT = {"resource": "aws.account"}
S3 = {"resource": "aws.s3", "conditions": [{"region": REGIONS[0]}]}
USER, GROUP = {"resource": "aws.iam-user"}, {"resource": "aws.security-group"}
TRAIL, RDS = {"resource": "aws.cloudtrail"}, {"resource": "aws.rds"}


def credential(key, value, **more):
    return {"type": "credential", "key": key, "value": value, **more}


# rule: (member with the id of what was found, policy)
POLICIES = {
    "aws-iam-password-length": (None, {**ACCOUNT, "filters": [{"not": [
        {"type": "password-policy", "key": "MinimumPasswordLength",
         "value": 14, "op": "gte"}]}]}),
    "aws-iam-user-mfa": ("UserName", {**USER, "filters": [
        credential("password_enabled", True),
        credential("mfa_active", False)]}),
    "aws-iam-one-active-key": ("UserName", {**USER, "filters": [
        credential("access_keys", 2, value_type="size")]}),
    "aws-iam-keys-rotated": ("UserName", {**USER, "filters": [
        credential("access_keys.active", True),
        credential("access_keys.last_rotated", 90, value_type="age",
                   op="gt")]}),
    "aws-iam-rights-through-groups": ("UserName", {**USER, "filters": [
        {"or": [{"type": "policy", "key": "PolicyName", "value": "present"},
                {"type": "has-inline-policy", "value": True}]}]}),
    "aws-iam-no-full-administrator-policy": ("PolicyName", {
        "resource": "aws.iam-policy", "filters": ["used", "has-allow-all"]}),
    "aws-s3-tls-only": ("Name", {**S3, "filters": [{"not": [
        {"type": "has-statement", "statements": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}]}]}),
    "aws-s3-mfa-delete": ("Name", {**S3, "filters": [
        {"type": "value", "key": "Versioning.MFADelete", "op": "ne",
         "value": "Enabled"}]}),
    "aws-s3-public-access-blocked": ("Name", {**S3, "filters": [
        "check-public-block"]}),
    "aws-ebs-snapshots-not-public": ("SnapshotId", {
        "resource": "aws.ebs-snapshot", "filters": [
            {"type": "cross-account", "everyone_only": True}]}),
    "aws-rds-encrypted": ("DBInstanceIdentifier", {
        **RDS, "filters": [{"StorageEncrypted": False}]}),
    "aws-rds-minor-upgrades": ("DBInstanceIdentifier", {
        **RDS, "filters": [{"AutoMinorVersionUpgrade": False}]}),
    "aws-rds-not-public": ("DBInstanceIdentifier", {
        **RDS, "filters": [{"PubliclyAccessible": True}]}),
    "aws-efs-encrypted": ("FileSystemId", {
        "resource": "aws.efs", "filters": [{"Encrypted": False}]}),
    "aws-cloudtrail-log-validation": ("Name", {
        **TRAIL, "filters": [{"LogFileValidationEnabled": False}]}),
    "aws-cloudtrail-encrypted": ("Name", {
        **TRAIL, "filters": [{"KmsKeyId": "absent"}]}),
    "aws-kms-rotation": ("KeyId", {
        "resource": "aws.kms-key", "filters": [
            {"KeyManager": "CUSTOMER"}, {"KeyState": "Enabled"},
            {"type": "key-rotation-status", "key": "KeyRotationEnabled",
             "value": False}]}),
    "aws-vpc-flow-logs": ("VpcId", {
        "resource": "aws.vpc", "filters": [
            {"type": "flow-logs", "enabled": False}]}),
    "aws-sg-ssh-closed": ("GroupId", {**GROUP, "filters": [
        {"type": "ingress", "Ports": [22],
         "Cidr": {"value": "0.0.0.0/0"}}]}),
    "aws-sg-rdp-closed": ("GroupId", {**GROUP, "filters": [
        {"type": "ingress", "Ports": [3389],
         "Cidr": {"value": "0.0.0.0/0"}}]}),
    "aws-sg-default-empty": ("GroupId", {**GROUP, "filters": [
        {"GroupName": "default"}, {"or": [
            {"not": [{"IpPermissions": []}]},
            {"not": [{"IpPermissionsEgress": []}]}]}]}),
    "aws-ec2-imdsv2": ("InstanceId", {
        "resource": "aws.ec2", "filters": [
            {"MetadataOptions.HttpTokens": "optional"}]}),
    "aws-lambda-not-public": ("FunctionName", {
        "resource": "aws.lambda", "filters": [
            {"type": "cross-account", "everyone_only": True}]}),
}

# rule: ids that only one of both finds, and why
DIFFERENCES = {}


@pytest.fixture(scope="module")
def findings(estate):  # noqa: F811
    """What every policy found: {rule: set of ids}."""
    folder = estate.folder / "custodian"
    policies = estate.folder / "policies.json"
    policies.write_text(json.dumps({"policies": [
        {"name": rule, **policy} for rule, (_, policy) in POLICIES.items()]}))
    regions = [word for each in REGIONS for word in ("-r", each)]
    run = subprocess.run(
        [played.venv() / "bin/custodian", "run", "--cache-period", "0", "-s",
         folder, *regions, policies],
        env={"PATH": "/usr/bin:/bin", "HOME": str(estate.folder),
             **estate.keys},
        cwd=estate.folder, capture_output=True, text=True,
        timeout=300 * SLOW, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    out = {}
    for rule, (member, _) in POLICIES.items():
        files = list(folder.glob(f"**/{rule}/resources.json"))
        assert files, f"{rule} was not run"
        out[rule] = {each[member] if member else CARELESS
                     for path in files for each in json.loads(path.read_text())}
    return out


@pytest.mark.parametrize("rule_id", POLICIES)
def test_the_same_is_found(estate, findings, rule_id):  # noqa: F811
    ours = set()
    for each in results(estate.scan, rule_id):
        resource = each["resource"]
        if each["status"] == "fail" and resource["namespace"] == CARELESS:
            ours.add(CARELESS if POLICIES[rule_id][0] is None else
                     resource["uid"] if POLICIES[rule_id][0] in (
                         "SnapshotId", "VpcId",
                         "GroupId", "InstanceId") else resource["name"])
    differ = DIFFERENCES.get(rule_id, ({}, ""))[0]
    assert ours ^ findings[rule_id] == set(differ), (ours, findings[rule_id])
