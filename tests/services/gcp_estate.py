# SPDX-License-Identifier: Apache-2.0
"""Two projects of Google Cloud, as its APIs answer: "good-project" complies
with every starter rule, "bad-project" with none. test_gcp.py compares names
and types of everything here with Google's discovery documents."""
from datetime import datetime, timedelta, timezone

GOOD, BAD = "good-project", "bad-project"
NUMBER = {GOOD: "111111111111", BAD: "222222222222"}
ZONE = "https://www.googleapis.com/compute/v1/projects/{p}/zones/us-east1-b"


def days_ago(days):
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def policy(good, project):
    own = f"serviceAccount:app@{project}.iam.gserviceaccount.com"
    if good:
        return {"version": 1, "etag": "BwY=", "bindings": [
            {"role": "roles/viewer", "members": [own, "user:eve@example.com"]},
            {"role": "roles/owner", "members": ["group:admins@example.com"]},
            {"role": "roles/iam.serviceAccountAdmin",
             "members": ["user:eve@example.com"]},
            {"role": "roles/cloudkms.admin",
             "members": ["user:eve@example.com"]}],
            "auditConfigs": [{"service": "allServices", "auditLogConfigs": [
                {"logType": "ADMIN_READ"}, {"logType": "DATA_READ"},
                {"logType": "DATA_WRITE"}]}]}
    return {"version": 1, "etag": "BwY=", "bindings": [
        {"role": "roles/storage.admin", "members": [own]},
        {"role": "roles/iam.serviceAccountUser",
         "members": ["user:joe@gmail.com"]},
        {"role": "roles/iam.serviceAccountAdmin",
         "members": ["user:joe@gmail.com"]},
        {"role": "roles/cloudkms.admin", "members": ["user:joe@gmail.com"]},
        {"role": "roles/cloudkms.cryptoKeyDecrypter",
         "members": ["user:joe@gmail.com"]}]}


def instance(good, project, name):
    metadata = {"block-project-ssh-keys": "TRUE"} if good else {
        "serial-port-enable": "1"}
    interface = {"name": "nic0", "networkIP": "10.0.0.2"}
    if not good:
        interface["accessConfigs"] = [{"type": "ONE_TO_ONE_NAT",
                                       "natIP": "203.0.113.9"}]
    zone = ZONE.format(p=project)
    return {
        "kind": "compute#instance", "name": name, "zone": zone,
        "selfLink": f"{zone}/instances/{name}", "status": "RUNNING",
        "canIpForward": not good, "networkInterfaces": [interface],
        "metadata": {"items": [{"key": key, "value": value}
                               for key, value in metadata.items()]},
        "serviceAccounts": [{
            "email": (f"app@{project}.iam.gserviceaccount.com" if good else
                      f"{NUMBER[project]}-compute@developer."
                      "gserviceaccount.com"),
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
        "shieldedInstanceConfig": {"enableVtpm": good,
                                   "enableIntegrityMonitoring": good},
        "confidentialInstanceConfig": {"enableConfidentialCompute": good}}


def gke_node(project):
    return {**instance(False, project, "gke-node"),
            "labels": {"goog-gke-node": ""},
            "metadata": {"items": []},
            "shieldedInstanceConfig": {"enableVtpm": True,
                                       "enableIntegrityMonitoring": True}}


def compute(good, project):
    at = f"https://www.googleapis.com/compute/v1/projects/{project}"
    world = ["10.0.0.0/8"] if good else ["0.0.0.0/0"]

    def firewall(name, port, **more):
        return {"name": name, "direction": "INGRESS", "disabled": False,
                "selfLink": f"{at}/global/firewalls/{name}",
                "sourceRanges": world,
                "allowed": [{"IPProtocol": "tcp", "ports": [port]}], **more}

    none = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none"}}
    subnet = {"name": "sub", "purpose": "PRIVATE",
              "region": f"{at}/regions/us-east1",
              "selfLink": f"{at}/regions/us-east1/subnetworks/sub"}
    service = {"name": "web", "protocol": "HTTPS",
               "selfLink": f"{at}/global/backendServices/web"}
    if good:
        subnet["logConfig"] = service["logConfig"] = {"enable": True}
    network = {"name": "main" if good else "default",
               "selfLink": f"{at}/global/networks/main"}
    if not good:
        network["IPv4Range"] = "10.240.0.0/16"
    return {
        "global/firewalls": {"items": [
            firewall("ssh", "20-25"), firewall("rdp", "3389"),
            firewall("off", "22", disabled=True, sourceRanges=["0.0.0.0/0"]),
            {"name": "out", "direction": "EGRESS",
             "selfLink": f"{at}/global/firewalls/out",
             "destinationRanges": ["0.0.0.0/0"],
             "allowed": [{"IPProtocol": "all"}]}]},
        "global/networks": {"items": [network]},
        "aggregated/subnetworks": {"items": {
            "regions/us-east1": {"subnetworks": [subnet, {
                **subnet, "name": "proxy",
                "purpose": "REGIONAL_MANAGED_PROXY"}]},
            "regions/us-west1": none}},
        "aggregated/backendServices": {"items": {
            "global": {"backendServices": [service, {
                "name": "tcp", "protocol": "TCP",
                "selfLink": f"{at}/global/backendServices/tcp"}]},
            "regions/us-east1": none, "regions/us-west1": none}},
        "aggregated/instances": {"items": {
            "zones/us-east1-b": {"instances": [
                instance(good, project, "one"), gke_node(project)]},
            "zones/us-east1-c": none,
            "zones/us-west1-a": {"instances": [
                instance(good, project, "two")]}}},
        "": {"name": project, "selfLink": at, "commonInstanceMetadata": {
            "items": [{"key": "enable-oslogin",
                       "value": "TRUE" if good else "false"}]}}}


FLAGS = {
    "POSTGRES_15": {"log_connections": ("on", "off"),
                    "log_disconnections": ("on", "off"),
                    "log_statement": ("ddl", "none"),
                    "log_min_duration_statement": ("-1", "250"),
                    "cloudsql.enable_pgaudit": ("on", "off")},
    "MYSQL_8_0": {"skip_show_database": ("on", "off"),
                  "local_infile": ("off", "on")},
    "SQLSERVER_2019_STANDARD": {
        "external scripts enabled": ("off", "on"),
        "cross db ownership chaining": ("off", "on"),
        "remote access": ("off", "on"),
        "contained database authentication": ("off", "on")}}


def database(good, project, version):
    name = version.split("_")[0].lower()
    address = {"ipv4Enabled": not good, "sslMode": "ENCRYPTED_ONLY" if good
               else "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
               "authorizedNetworks": [] if good else [
                   {"name": "all", "value": "0.0.0.0/0"}]}
    return {
        "name": name, "databaseVersion": version, "region": "us-east1",
        "instanceType": "CLOUD_SQL_INSTANCE", "state": "RUNNABLE",
        "selfLink": "https://sqladmin.googleapis.com/v1/projects/"
                    f"{project}/instances/{name}",
        "ipAddresses": [{"type": "PRIVATE" if good else "PRIMARY",
                         "ipAddress": "10.1.1.1"}],
        "settings": {"ipConfiguration": address,
                     "backupConfiguration": {"enabled": good},
                     "databaseFlags": [
                         {"name": flag, "value": values[not good]}
                         for flag, values in FLAGS[version].items()]}}


FILTERS = {
    "owners": '(protoPayload.methodName="SetIamPolicy" AND '
              'ProjectOwnershipInvitee) OR (x="roles/owner")',
    "audit": 'protoPayload.methodName="SetIamPolicy" AND '
             'protoPayload.serviceData.policyDelta.auditConfigDeltas:*',
    "roles": 'resource.type="iam_role" AND (protoPayload.methodName='
             '"google.iam.admin.v1.CreateRole" OR x="DeleteRole")',
    "firewall": 'resource.type="gce_firewall_rule" AND (protoPayload.'
                'methodName:"compute.firewalls.patch")',
    "routes": 'resource.type="gce_route" AND (protoPayload.methodName:'
              '"compute.routes.delete")',
    "networks": 'resource.type="gce_network" AND (protoPayload.methodName:'
                '"compute.networks.insert")',
    "buckets": 'resource.type="gcs_bucket" AND protoPayload.methodName='
               '"storage.setIamPermissions"',
    "sql": 'protoPayload.methodName="cloudsql.instances.update"'}


def logging(good, project):
    sinks = [{"name": "_Default", "destination": "logging.googleapis.com/"
              f"projects/{project}/locations/global/buckets/_Default"},
             {"name": "archive", "destination": "storage.googleapis.com/"
              f"{project}-logs"}]
    if not good:
        sinks[1]["filter"] = "severity>=ERROR"
    metrics = [{"name": name, "filter": text}
               for name, text in FILTERS.items()]
    alerts = [{"displayName": name, "enabled": True,
               "notificationChannels": [f"projects/{project}/"
                                        "notificationChannels/1"] if good
               else [],
               "conditions": [{"conditionThreshold": {
                   "filter": 'metric.type="logging.googleapis.com/user/'
                             f'{name}" AND resource.type="global"'}}]}
              for name in FILTERS]
    return sinks, metrics, alerts


def api_keys(good, project):
    restrictions = {"apiTargets": [{"service": "maps.googleapis.com"}],
                    "serverKeyRestrictions": {"allowedIps": ["192.0.2.1"]}}
    return {"keys": [{
        "name": f"projects/{project}/locations/global/keys/k{n}",
        "displayName": f"key {n}",
        "createTime": days_ago(10 if good else 200),
        **({"restrictions": restrictions} if good else {})}
        for n in range(3)]}


def dns(good, project):
    algorithm = "rsasha256" if good else "rsasha1"
    return {
        f"dns/v1/projects/{project}/managedZones": {"managedZones": [
            {"name": "zone", "dnsName": "example.com.",
             "visibility": "public", "dnssecConfig": {
                 "state": "on" if good else "off", "defaultKeySpecs": [
                     {"keyType": "keySigning", "algorithm": algorithm},
                     {"keyType": "zoneSigning", "algorithm": algorithm}]}},
            {"name": "inside", "dnsName": "corp.", "visibility": "private"}]},
        f"dns/v1/projects/{project}/policies": {"policies": [
            {"name": "log", "enableLogging": good, "networks": [
                {"networkUrl": "https://www.googleapis.com/compute/v1/"
                 f"projects/{project}/global/networks/"
                 + ("main" if good else "default")}]}]}}


def storage(good, project):
    names = [f"{project}-data", f"{project}-logs", f"{project}-more"]
    answers = {"storage/v1/b?" + project: {"items": [
        {"name": name, "location": "EU", "id": name,
         "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
         "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": good}}}
        for name in names]}}
    for name in names:
        answers[f"storage/v1/b/{name}/iam"] = {"bindings": [
            {"role": "roles/storage.objectViewer",
             "members": ["user:eve@example.com"] if good or
             name != names[0] else ["allUsers"]}]}
        answers[f"storage/v1/b/{name}"] = {
            "name": name, "retentionPolicy": {"retentionPeriod": "86400",
                                              "isLocked": good}}
    return answers


def kms(good, project):
    answers = {}
    at = f"projects/{project}/locations"
    answers[f"v1/{at}"] = {"locations": [
        {"name": f"{at}/{place}", "locationId": place}
        for place in ("global", "europe-west1", "us-east1")]}
    for place in ("global", "europe-west1", "us-east1"):
        ring = f"{at}/{place}/keyRings/ring"
        answers[f"v1/{at}/{place}/keyRings"] = (
            {"keyRings": [{"name": ring}]} if place != "global" else {})
        members = ["user:eve@example.com" if good else
                   "allAuthenticatedUsers"]
        answers[f"v1/{ring}:getIamPolicy"] = {"etag": "ACAB", "bindings": [
            {"role": "roles/cloudkms.viewer", "members": members}]}
        key = f"{ring}/cryptoKeys/key"
        answers[f"v1/{ring}/cryptoKeys"] = {"cryptoKeys": [{
            "name": key, "purpose": "ENCRYPT_DECRYPT",
            "primary": {"state": "ENABLED"},
            "rotationPeriod": "7776000s" if good else "31536000s"}]}
        answers[f"v1/{key}:getIamPolicy"] = {"etag": "ACAB", "bindings": [
            {"role": "roles/cloudkms.cryptoKeyDecrypter",
             "members": members}]}
    return answers


def accounts(good, project):
    answers = {}
    emails = [f"{name}@{project}.iam.gserviceaccount.com"
              for name in ("app", "job", "web")]
    names = [f"projects/{project}/serviceAccounts/{email}"
             for email in emails]
    answers[f"v1/projects/{project}/serviceAccounts"] = {"accounts": [
        {"name": name, "email": email, "displayName": email[:3]}
        for name, email in zip(names, emails)]}
    for name in names:
        # the good project's keys are off, and young
        answers[f"v1/{name}/keys"] = {"keys": [
            {"name": f"{name}/keys/1", "keyType": "USER_MANAGED",
             "disabled": good,
             "validAfterTime": days_ago(10 if good else 400)}]}
    return answers


def bigquery(good, project):
    at = f"bigquery/v2/projects/{project}/datasets"
    answers = {at: {"datasets": [
        {"id": f"{project}:d{n}", "location": "EU",
         "datasetReference": {"projectId": project, "datasetId": f"d{n}"}}
        for n in range(3)]}}
    for n in range(3):
        answers[f"{at}/d{n}"] = {
            "id": f"{project}:d{n}", "access": [
                {"role": "READER", "userByEmail": "eve@example.com"}
                if good else
                {"role": "READER", "specialGroup": "allAuthenticatedUsers"}],
            **({"defaultEncryptionConfiguration": {"kmsKeyName": "projects/k"}}
               if good else {})}
    return answers


def estate():
    """{(API, path): answer}"""
    found = {}
    for project in (GOOD, BAD):
        good = project == GOOD
        sinks, metrics, alerts = logging(good, project)
        at = f"projects/{project}"
        for path, answer in compute(good, project).items():
            found["compute", f"compute/v1/{at}" + (path and "/" + path)] = (
                answer)
        for api, answers in (("dns", dns(good, project)),
                             ("storage", storage(good, project)),
                             ("cloudkms", kms(good, project)),
                             ("iam", accounts(good, project)),
                             ("bigquery", bigquery(good, project))):
            for path, answer in answers.items():
                found[api, path] = answer
        found["sqladmin", f"v1/{at}/instances"] = {"items": [
            database(good, project, version) for version in FLAGS]}
        found["cloudresourcemanager", f"v1/{at}:getIamPolicy"] = policy(
            good, project)
        found["apikeys", f"v2/{at}/locations/global/keys"] = api_keys(
            good, project)
        found["logging", f"v2/{at}/sinks"] = {"sinks": sinks}
        found["logging", f"v2/{at}/metrics"] = {"metrics": metrics}
        found["monitoring", f"v3/{at}/alertPolicies"] = {
            "alertPolicies": alerts}
        found["serviceusage", f"v1/{at}/services/cloudasset.googleapis.com"] = {
            "name": f"projects/{NUMBER[project]}/services/"
                    "cloudasset.googleapis.com",
            "state": "ENABLED" if good else "DISABLED"}
    return found
