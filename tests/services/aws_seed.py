# SPDX-License-Identifier: Apache-2.0
"""Fills moto with a small estate for tests/integration/test_aws.py, and prints
the keys that were made as JSON. Run by tests/services/moto.py."""
import json

import boto3

OWN, OTHER, THIRD = "123456789012", "111111111111", "222222222222"
ALL = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole",
     "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}}]})


def policy(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": "*"}]})


def user(iam, name, document):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own",
                        PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


def account(keys, number):
    """An account with `number` users, a role for audits, groups and buckets."""
    session = boto3.Session(**keys)
    iam = session.client("iam")
    iam.create_role(RoleName="audit", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="audit", PolicyName="all", PolicyDocument=ALL)
    for each in range(number):
        iam.create_user(UserName=f"user-{each}")
    for region in ("us-east-1", "eu-west-1"):
        ec2 = session.client("ec2", region_name=region)
        for each in range(3):
            group = ec2.create_security_group(
                GroupName=f"group-{each}", Description="x")["GroupId"]
            if each == 0:
                ec2.authorize_security_group_ingress(
                    GroupId=group, IpPermissions=[{
                        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                        "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    return session


def buckets(session):
    for name, region in (("plain-us", "us-east-1"), ("safe-eu", "eu-west-1"),
                         ("dotted.name", "eu-west-1")):
        s3 = session.client("s3", region_name=region)
        s3.create_bucket(Bucket=name, **(
            {} if region == "us-east-1" else {"CreateBucketConfiguration": {
                "LocationConstraint": region}}))
        if name == "safe-eu":
            s3.put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_policy(Bucket=name, Policy=policy("s3:GetObject"))


def main():
    sts = boto3.client("sts")
    own = account({}, 5)
    buckets(own)
    iam = own.client("iam")
    organizations = own.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = {}
    for name in ("second", "third"):
        made[name] = organizations.create_account(
            AccountName=name, Email=f"{name}@example.com")[
                "CreateAccountStatus"]["AccountId"]
    for number in (OTHER, *made.values()):
        keys = sts.assume_role(RoleArn=f"arn:aws:iam::{number}:role/any",
                               RoleSessionName="seed")["Credentials"]
        account({"aws_access_key_id": keys["AccessKeyId"],
                 "aws_secret_access_key": keys["SecretAccessKey"],
                 "aws_session_token": keys["SessionToken"]}, 2)
    print(json.dumps({
        "admin": user(iam, "admin", ALL),
        "narrow": user(iam, "narrow", policy(
            "iam:ListUsers", "ec2:DescribeRegions", "s3:ListAllMyBuckets",
            "sts:*")),
        "nobody": user(iam, "nobody", policy("sts:*")),
        "accounts": made}))


main()
