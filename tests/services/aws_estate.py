# SPDX-License-Identifier: Apache-2.0
"""An estate of two accounts in an AWS that is played (moto.py): one whose
owner did nothing, and one where all is as the starter rules want it; single
resources of both kinds in the first. Run by moto's own Python:

    aws_estate.py URL old       what has to be old (the server's clock is back)
    aws_estate.py URL new       the rest; prints the keys of a user who may read
"""
import json
import sys

import boto3

URL, WHEN = sys.argv[1], sys.argv[2]
CARELESS, CAREFUL = "123456789012", "111111111111"
REGIONS = ("us-east-1", "eu-west-1")
PASSWORD = "Correct-Horse-4-Battery"
ANYBODY = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
READ = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
LOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True,
          "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


class Account:
    """Clients of one account."""

    def __init__(self, number):
        self.number = number
        self.keys = {"aws_access_key_id": "test",
                     "aws_secret_access_key": "test"}
        if number != CARELESS:
            answer = boto3.client(
                "sts", endpoint_url=URL, region_name="us-east-1",
                **self.keys).assume_role(
                    RoleArn=f"arn:aws:iam::{number}:role/maker",
                    RoleSessionName="maker")["Credentials"]
            self.keys = {
                "aws_access_key_id": answer["AccessKeyId"],
                "aws_secret_access_key": answer["SecretAccessKey"],
                "aws_session_token": answer["SessionToken"]}

    def __call__(self, service, region="us-east-1"):
        return boto3.client(service, endpoint_url=URL, region_name=region,
                            **self.keys)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


# ---- identities ---------------------------------------------------------------

def old_users(account):
    iam = account("iam")
    for name in ("old-key", "two-keys", "idle-password"):
        iam.create_user(UserName=name)
    iam.create_access_key(UserName="old-key")
    iam.create_access_key(UserName="two-keys")
    iam.create_login_profile(UserName="idle-password", Password=PASSWORD)


def new_users(account):
    iam = account("iam")
    iam.create_access_key(UserName="two-keys")
    for name in ("new-key", "no-mfa", "with-mfa", "direct-rights"):
        iam.create_user(UserName=name)
    iam.create_access_key(UserName="new-key")
    for name in ("no-mfa", "with-mfa"):
        iam.create_login_profile(UserName=name, Password=PASSWORD)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="with-mfa")
    iam.enable_mfa_device(
        UserName="with-mfa",
        SerialNumber=device["VirtualMFADevice"]["SerialNumber"],
        AuthenticationCode1="123456", AuthenticationCode2="234567")
    iam.put_user_policy(UserName="direct-rights", PolicyName="direct",
                        PolicyDocument=policy({
                            "Effect": "Allow", "Action": "s3:ListBucket",
                            "Resource": "*"}))


def policies(account):
    iam = account("iam")
    iam.create_group(GroupName="operators")
    for name, action in (("everything", "*"), ("listing", "s3:List*")):
        made = iam.create_policy(PolicyName=name, PolicyDocument=policy({
            "Effect": "Allow", "Action": action, "Resource": "*"}))
        iam.attach_group_policy(GroupName="operators",
                                PolicyArn=made["Policy"]["Arn"])


def strict_identity(account):
    iam = account("iam")
    iam.update_account_password_policy(
        MinimumPasswordLength=16, PasswordReusePrevention=24)
    iam.create_role(RoleName="support", AssumeRolePolicyDocument=policy({
        "Effect": "Allow", "Principal": {"AWS": account.number},
        "Action": "sts:AssumeRole"}))
    iam.attach_role_policy(RoleName="support", PolicyArn=
                           "arn:aws:iam::aws:policy/AWSSupportAccess")


# ---- storage ------------------------------------------------------------------

def buckets(account, name, good):
    s3 = account("s3")
    s3.create_bucket(Bucket=name)
    if not good:
        return
    s3.put_bucket_policy(Bucket=name, Policy=policy({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}))
    s3.put_bucket_versioning(Bucket=name, MFA="123456789012 123456",
                             VersioningConfiguration={
                                 "Status": "Enabled", "MFADelete": "Enabled"})
    s3.put_public_access_block(Bucket=name,
                               PublicAccessBlockConfiguration=LOCKED)
    s3.put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": [{
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "AES256"}}]})


def volumes(account, region):
    ec2 = account("ec2", region)
    volume = ec2.create_volume(Size=1, AvailabilityZone=f"{region}a")
    out = {}
    for name in ("private", "public"):
        out[name] = ec2.create_snapshot(
            VolumeId=volume["VolumeId"])["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=out["public"], Attribute="createVolumePermission",
        OperationType="add", GroupNames=["all"])
    return out


def databases(account, region):
    rds = account("rds", region)
    for name, good in (("db-good", True), ("db-bad", False)):
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass="db.t3.micro",
            Engine="postgres", AllocatedStorage=10, MasterUsername="owner",
            MasterUserPassword=PASSWORD, StorageEncrypted=good,
            AutoMinorVersionUpgrade=good, PubliclyAccessible=not good)
        rds.create_db_snapshot(DBInstanceIdentifier=name,
                               DBSnapshotIdentifier=f"of-{name}")
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="of-db-bad", AttributeName="restore",
        ValuesToAdd=["all"])
    efs = account("efs", region)
    return {str(good): efs.create_file_system(
        CreationToken=str(good), Encrypted=good)["FileSystemId"]
            for good in (True, False)}


# ---- network ------------------------------------------------------------------

def groups(account, region):
    ec2 = account("ec2", region)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    out = {}
    for name, port in (("ssh", 22), ("rdp", 3389), ("web", 443)):
        out[name] = ec2.create_security_group(
            GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(
            GroupId=out[name],
            IpPermissions=[{**ANYBODY, "FromPort": port, "ToPort": port}])
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    for each in ec2.describe_security_groups(Filters=[
            {"Name": "vpc-id", "Values": [other]}])["SecurityGroups"]:
        out["empty-default"] = each["GroupId"]
        if each["IpPermissions"]:
            ec2.revoke_security_group_ingress(
                GroupId=each["GroupId"], IpPermissions=each["IpPermissions"])
        ec2.revoke_security_group_egress(
            GroupId=each["GroupId"], IpPermissions=each["IpPermissionsEgress"])
    ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[other], TrafficType="REJECT",
        LogDestinationType="s3", LogDestination="arn:aws:s3:::good-bucket")
    out["default"] = ec2.describe_security_groups(Filters=[
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "group-name", "Values": ["default"]}])[
            "SecurityGroups"][0]["GroupId"]
    out.update({"vpc": vpc, "vpc-with-flow-log": other})
    acl = ec2.create_network_acl(VpcId=other)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow",
        Egress=False, CidrBlock="10.0.0.0/8",
        PortRange={"From": 22, "To": 22})
    out["narrow-acl"] = acl
    return out


def instances(account, region):
    ec2 = account("ec2", region)
    image = ec2.register_image(Name="image")["ImageId"]
    out = {}
    for name, tokens in (("imdsv1", "optional"), ("imdsv2", "required")):
        out[name] = ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, MetadataOptions={
                "HttpTokens": tokens})["Instances"][0]["InstanceId"]
    return out


def balancers(account, region):
    ec2, elb = account("ec2", region), account("elbv2", region)
    subnets = [each["SubnetId"]
               for each in ec2.describe_subnets()["Subnets"]][:2]
    made = elb.create_load_balancer(Name="front", Subnets=subnets)[
        "LoadBalancers"][0]["LoadBalancerArn"]
    target = elb.create_target_group(
        Name="back", Protocol="HTTP", Port=80, VpcId=ec2.describe_vpcs()[
            "Vpcs"][0]["VpcId"])["TargetGroups"][0]["TargetGroupArn"]
    certificate = account("acm", region).request_certificate(
        DomainName="example.org")["CertificateArn"]
    out = {}
    for port, kind in ((443, "ELBSecurityPolicy-TLS13-1-2-2021-06"),
                       (8443, "ELBSecurityPolicy-2016-08")):
        out[str(port)] = elb.create_listener(
            LoadBalancerArn=made, Protocol="HTTPS", Port=port, SslPolicy=kind,
            Certificates=[{"CertificateArn": certificate}], DefaultActions=[
                {"Type": "forward", "TargetGroupArn": target}])[
                    "Listeners"][0]["ListenerArn"]
    return out


def functions(account, region):
    role = account("iam").create_role(
        RoleName="function", AssumeRolePolicyDocument=policy({
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"}}))["Role"]["Arn"]
    client = account("lambda", region)
    for name in ("closed", "open", "url"):
        client.create_function(
            FunctionName=name, Runtime="python3.12", Role=role,
            Handler="a.b", Code={"ZipFile": b"PK\5\6" + b"\0" * 18})
    client.add_permission(FunctionName="open", StatementId="all",
                          Action="lambda:InvokeFunction", Principal="*")
    client.add_permission(FunctionName="url", StatementId="all",
                          Action="lambda:InvokeFunctionUrl", Principal="*",
                          FunctionUrlAuthType="NONE")
    client.add_permission(
        FunctionName="closed", StatementId="one", Principal="s3.amazonaws.com",
        Action="lambda:InvokeFunction", SourceAccount=account.number)


def keys(account, region):
    kms = account("kms", region)
    out = {}
    for name in ("rotated", "not-rotated"):
        out[name] = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=out["rotated"])
    return out


# ---- what is recorded and watched ---------------------------------------------

FILTERS = json.load(open(sys.argv[3], encoding="utf-8")) \
    if len(sys.argv) > 3 else {}


def watched(account, region="us-east-1"):
    """A trail that records all, its log group, filters, alarms, recorders."""
    buckets(account, "trail-bucket", True)
    buckets(account, "access-logs", False)
    s3 = account("s3")
    s3.put_bucket_acl(Bucket="access-logs", ACL="log-delivery-write")
    s3.put_bucket_logging(
        Bucket="trail-bucket", BucketLoggingStatus={"LoggingEnabled": {
            "TargetBucket": "access-logs", "TargetPrefix": "a/"}})
    logs = account("logs", region)
    logs.create_log_group(logGroupName="trail")
    trail = account("cloudtrail", region)
    trail.create_trail(
        Name="all", S3BucketName="trail-bucket", IsMultiRegionTrail=True,
        EnableLogFileValidation=True, KmsKeyId="alias/trail",
        CloudWatchLogsLogGroupArn=(f"arn:aws:logs:{region}:{account.number}:"
                                   "log-group:trail:*"),
        CloudWatchLogsRoleArn=f"arn:aws:iam::{account.number}:role/support")
    trail.start_logging(Name="all")
    trail.put_event_selectors(TrailName="all", EventSelectors=[{
        "ReadWriteType": "All", "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object",
                           "Values": ["arn:aws:s3"]}]}])
    for name, pattern in FILTERS.items():
        logs.put_metric_filter(
            logGroupName="trail", filterName=name, filterPattern=pattern,
            metricTransformations=[{"metricName": name, "metricValue": "1",
                                    "metricNamespace": "trail"}])
        account("cloudwatch", region).put_metric_alarm(
            AlarmName=name, MetricName=name, Namespace="trail", Period=300,
            EvaluationPeriods=1, Threshold=1, Statistic="Sum",
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[f"arn:aws:sns:{region}:{account.number}:on-call"])


def services(account, region):
    account("ec2", region).enable_ebs_encryption_by_default()
    account("guardduty", region).create_detector(Enable=True)
    account("securityhub", region).enable_security_hub()
    config = account("config", region)
    config.put_configuration_recorder(ConfigurationRecorder={
        "name": "default", "recordingGroup": {"allSupported": True},
        "roleARN": f"arn:aws:iam::{account.number}:role/support"})
    config.put_delivery_channel(DeliveryChannel={
        "name": "default", "s3BucketName": "trail-bucket"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def reader(account):
    """A user who may do everything here and become auditor over there."""
    iam = account("iam")
    iam.create_user(UserName="scanner")
    iam.put_user_policy(UserName="scanner", PolicyName="read",
                        PolicyDocument=json.dumps(READ))
    made = iam.create_access_key(UserName="scanner")["AccessKey"]
    return {"id": made["AccessKeyId"], "secret": made["SecretAccessKey"]}


def auditor(account):
    iam = account("iam")
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=policy({
        "Effect": "Allow", "Principal": {"AWS": CARELESS},
        "Action": "sts:AssumeRole"}))
    iam.put_role_policy(RoleName="auditor", PolicyName="read",
                        PolicyDocument=json.dumps(READ))


def new(careless, careful):
    region = REGIONS[0]
    out = {}
    new_users(careless)
    policies(careless)
    buckets(careless, "bad-bucket", False)
    buckets(careless, "good-bucket", True)
    out["snapshots"] = volumes(careless, region)
    out["file_systems"] = databases(careless, region)
    out["network"] = groups(careless, region)
    out["instances"] = instances(careless, region)
    functions(careless, region)
    out["listeners"] = balancers(careless, region)
    out["keys"] = keys(careless, region)
    account_s3 = careless("cloudtrail", region)
    account_s3.create_trail(Name="lax", S3BucketName="bad-bucket",
                            IsMultiRegionTrail=False)
    strict_identity(careful)
    watched(careful)
    for each in REGIONS:
        services(careful, each)
    auditor(careful)
    out["reader"] = reader(careless)
    return out


if WHEN == "old":
    old_users(Account(CARELESS))
    print("null")
else:
    print(json.dumps(new(Account(CARELESS), Account(CAREFUL))))
