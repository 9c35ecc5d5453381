# SPDX-License-Identifier: Apache-2.0
"""What azure_fake.py knows: two subscriptions, in the shapes of Azure's REST
API reference. All of GOOD complies with the starter rules. In BAD the last
resource of every list does not, which is on its second page; the same holds
for two tenants and what Microsoft Graph says of them. EDGE and the tenants of
TENANT_CASES have what is easily judged wrongly, with the right verdict."""
import copy
import datetime

GOOD = "11111111-aaaa-4111-8111-111111111111"
BAD = "22222222-bbbb-4222-8222-222222222222"
EDGE = "66666666-ffff-4666-8666-666666666666"
TENANT_GOOD = "33333333-cccc-4333-8333-333333333333"
TENANT_BAD = "44444444-dddd-4444-8444-444444444444"

APPROVED = [{"properties": {"privateLinkServiceConnectionState":
                            {"status": "Approved"}}}]


def days_ago(days):
    when = (datetime.datetime.now(datetime.timezone.utc)
            - datetime.timedelta(days=days))
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def nsg(*rules):
    return {"securityRules": [{"name": f"r{number}", "properties": rule}
                              for number, rule in enumerate(rules)]}


def allow(port, protocol="Tcp", source="*", **more):
    return {"access": "Allow", "direction": "Inbound", "protocol": protocol,
            "sourceAddressPrefix": source, "destinationPortRange": port,
            **more}


# type: (properties of a good one, of a bad one, children, of a good and a bad
# resource around properties). A child is {path: (good, bad)}; a list is a list
# of (name, properties).
TYPES = {
    "Microsoft.Storage/storageAccounts": (
        {"supportsHttpsTrafficOnly": True,
         "encryption": {"requireInfrastructureEncryption": True,
                        "keySource": "Microsoft.Keyvault"},
         "keyCreationTime": {"key1": days_ago(10), "key2": days_ago(20)},
         "publicNetworkAccess": "Disabled",
         "networkAcls": {"defaultAction": "Deny",
                         "bypass": "Logging, AzureServices"},
         "privateEndpointConnections": APPROVED,
         "minimumTlsVersion": "TLS1_2",
         "allowCrossTenantReplication": False,
         "allowBlobPublicAccess": False},
        {"supportsHttpsTrafficOnly": False,
         "encryption": {"keySource": "Microsoft.Storage"},
         "keyCreationTime": {"key1": days_ago(10), "key2": days_ago(200)},
         "publicNetworkAccess": "Enabled",
         "networkAcls": {"defaultAction": "Allow", "bypass": "None"},
         "privateEndpointConnections": [],
         "minimumTlsVersion": "TLS1_0",
         "allowCrossTenantReplication": True,
         "allowBlobPublicAccess": True},
        {"blobServices/default": (
            {"deleteRetentionPolicy": {"enabled": True, "days": 7},
             "containerDeleteRetentionPolicy": {"enabled": True}},
            {"deleteRetentionPolicy": {"enabled": False}})}),
    "Microsoft.Sql/servers": (
        {}, {},
        {"auditingSettings/default": (
            {"state": "Enabled", "retentionDays": 120},
            {"state": "Disabled", "retentionDays": 120}),
         "firewallRules": (
             [("office", {"startIpAddress": "192.0.2.1",
                          "endIpAddress": "192.0.2.9"})],
             [("office", {"startIpAddress": "192.0.2.1",
                          "endIpAddress": "192.0.2.9"}),
              ("all", {"startIpAddress": "0.0.0.0",
                       "endIpAddress": "255.255.255.255"})]),
         "encryptionProtector/current": ({"serverKeyType": "AzureKeyVault"},
                                         {"serverKeyType": "ServiceManaged"}),
         "administrators": ([("ActiveDirectory", {"login": "admins"})], []),
         "databases": ([("master", {}), ("one", {}), ("two", {})],
                       [("master", {}), ("one", {}), ("open", {})]),
         "databases/master/transparentDataEncryption/current": (
             {"state": "Disabled"}, {"state": "Disabled"}),
         "databases/one/transparentDataEncryption/current": (
             {"state": "Enabled"}, {"state": "Enabled"}),
         "databases/two/transparentDataEncryption/current": (
             {"state": "Enabled"}, {"state": "Enabled"}),
         "databases/open/transparentDataEncryption/current": (
             {"state": "Disabled"}, {"state": "Disabled"})}),
    "Microsoft.DBforPostgreSQL/flexibleServers": (
        {}, {},
        {"configurations": (
            [(name, {"value": value}) for name, value in (
                ("log_checkpoints", "on"), ("log_connections", "on"),
                ("log_disconnections", "on"),
                ("connection_throttle.enable", "on"),
                ("require_secure_transport", "on"),
                ("logfiles.retention_days", "7"))],
            [(name, {"value": value}) for name, value in (
                ("log_checkpoints", "off"), ("log_connections", "off"),
                ("log_disconnections", "off"),
                ("connection_throttle.enable", "off"),
                ("require_secure_transport", "off"),
                ("logfiles.retention_days", "3"))]),
         "firewallRules": (
             [("office", {"startIpAddress": "192.0.2.1",
                          "endIpAddress": "192.0.2.9"})],
             [("AllowAllAzureServices", {"startIpAddress": "0.0.0.0",
                                         "endIpAddress": "0.0.0.0"})])}),
    "Microsoft.DBforMySQL/flexibleServers": (
        {}, {},
        {"configurations": (
            [("require_secure_transport", {"value": "ON"}),
             ("tls_version", {"value": "TLSv1.2,TLSv1.3"}),
             ("audit_log_enabled", {"value": "ON"})],
            [("require_secure_transport", {"value": "OFF"}),
             ("tls_version", {"value": "TLSv1,TLSv1.2"}),
             ("audit_log_enabled", {"value": "OFF"})])}),
    "Microsoft.DocumentDB/databaseAccounts": (
        {"isVirtualNetworkFilterEnabled": True, "disableLocalAuth": True,
         "privateEndpointConnections": APPROVED},
        {"isVirtualNetworkFilterEnabled": False, "disableLocalAuth": False},
        {}),
    "Microsoft.Network/networkSecurityGroups": (
        nsg(allow("22", source="10.0.0.0/8"), allow("3389", source="192.0.2.7"),
            allow("53", "Udp", "VirtualNetwork"), allow("8080"),
            {"access": "Deny", "direction": "Inbound", "protocol": "*",
             "sourceAddressPrefix": "*", "destinationPortRange": "*"}),
        nsg(allow("20-25"), allow("3389", "*"), allow("53", "Udp", "Internet"),
            allow(None, source=None,
                  sourceAddressPrefixes=["10.0.0.0/8", "0.0.0.0/0"],
                  destinationPortRanges=["443", "3000-4000"])),
        {}),
    "Microsoft.Network/virtualNetworks": ({}, {}, {}),
    "Microsoft.Network/networkWatchers": (
        {"provisioningState": "Succeeded"}, {"provisioningState": "Failed"},
        {"flowLogs": (
            [("f1", {"enabled": True,
                     "retentionPolicy": {"enabled": True, "days": 90}}),
             ("f2", {"enabled": True,
                     "retentionPolicy": {"enabled": True, "days": 0}})],
            [("f1", {"enabled": True,
                     "retentionPolicy": {"enabled": True, "days": 30}})])}),
    "Microsoft.Compute/virtualMachines": (
        {"storageProfile": {"osDisk": {"managedDisk": {"id": "/d"}},
                            "dataDisks": [{"managedDisk": {"id": "/e"}}]},
         "securityProfile": {"securityType": "TrustedLaunch", "uefiSettings":
                             {"secureBootEnabled": True, "vTpmEnabled": True}}},
        {"storageProfile": {"osDisk": {"managedDisk": {"id": "/d"}},
                            "dataDisks": [{"vhd": {"uri": "https://x"}}]}},
        {}),
    "Microsoft.Compute/disks": (
        {"encryption": {"type": "EncryptionAtRestWithCustomerKey"},
         "networkAccessPolicy": "DenyAll"},
        {"encryption": {"type": "EncryptionAtRestWithPlatformKey"},
         "networkAccessPolicy": "AllowAll"},
        {}),
    "Microsoft.KeyVault/vaults": (
        {"enableSoftDelete": True, "enablePurgeProtection": True,
         "enableRbacAuthorization": True,
         "privateEndpointConnections": APPROVED},
        {"enableSoftDelete": True, "enableRbacAuthorization": False},
        {"keys": ([("k1", {"attributes": {"enabled": True, "exp": 2000000000}}),
                   ("off", {"attributes": {"enabled": False}})],
                  [("k1", {"attributes": {"enabled": True}})]),
         "secrets": ([("s1", {"attributes": {"enabled": True,
                                             "exp": 2000000000}})],
                     [("s1", {"attributes": {"enabled": True}})]),
         "providers/Microsoft.Insights/diagnosticSettings": (
             [("d", {"logs": [{"categoryGroup": "audit", "enabled": True}]})],
             [("d", {"logs": [{"categoryGroup": "audit", "enabled": False}]})
              ])}),
    "Microsoft.Web/sites": (
        {"httpsOnly": True, "clientCertEnabled": True,
         "clientCertMode": "Required"},
        {"httpsOnly": False, "clientCertEnabled": True,
         "clientCertMode": "Optional"},
        {"config/web": (
            {"minTlsVersion": "1.2", "http20Enabled": True,
             "ftpsState": "FtpsOnly"},
            {"minTlsVersion": "1.0", "http20Enabled": False,
             "ftpsState": "AllAllowed"}),
         "config/authsettingsV2": (
             {"platform": {"enabled": True}, "globalValidation": {
                 "unauthenticatedClientAction": "RedirectToLoginPage"}},
             {"platform": {"enabled": False}})}),
}

PLANS = ("VirtualMachines", "AppServices", "SqlServers",
         "SqlServerVirtualMachines", "OpenSourceRelationalDatabases",
         "StorageAccounts", "Containers", "CosmosDbs", "KeyVaults", "Arm")
ALERTS = ("Microsoft.Authorization/policyAssignments/write",
          "Microsoft.Authorization/policyAssignments/delete",
          "Microsoft.Network/networkSecurityGroups/write",
          "Microsoft.Network/networkSecurityGroups/delete",
          "Microsoft.Security/securitySolutions/write",
          "Microsoft.Security/securitySolutions/delete",
          "Microsoft.Sql/servers/firewallRules/write",
          "Microsoft.Sql/servers/firewallRules/delete",
          "Microsoft.Network/publicIPAddresses/write",
          "Microsoft.Network/publicIPAddresses/delete")
GROUPS = {"actionGroups": [{"actionGroupId": "/subscriptions/x/soc"}]}
ACTIVITY = ("Administrative", "Alert", "Policy", "Security")


def resource(subscription, kind, name, properties, good):
    item = {"id": f"/subscriptions/{subscription}/resourceGroups/rg/providers/"
                  f"{kind}/{name}", "name": name, "type": kind,
            "location": "westeurope", "properties": copy.deepcopy(properties)}
    if kind == "Microsoft.Web/sites" and good:
        item["identity"] = {"type": "SystemAssigned"}
    if kind == "Microsoft.Compute/disks" and name != "loose":
        item["managedBy"] = "/subscriptions/x/vm"
    if kind == "Microsoft.Network/virtualNetworks" and not good:
        item["location"] = "northeurope"  # where no watcher is
    return item


def child(answers, parent, path, value):
    """A list, or one thing."""
    where = f"{parent['id']}/{path}"
    kind = path.split("/")[0]
    if isinstance(value, list):
        answers[where.lower()] = [
            {"id": f"{where}/{name}", "name": name,
             "type": f"{parent['type']}/{kind}", "location": "westeurope",
             "properties": copy.deepcopy(properties)}
            for name, properties in value]
    else:
        answers[where.lower()] = {"id": where, "name": path.split("/")[-1],
                                  "properties": copy.deepcopy(value)}


def resources(answers, subscription):
    for kind, (good, bad, children) in TYPES.items():
        names = ["a1", "a2", "a3"]
        if kind == "Microsoft.Compute/disks":
            names = ["a1", "a2", "loose"]
        items = []
        for name in names + ([] if subscription == GOOD else ["zbad"]):
            fine = subscription == GOOD or not (
                name == "zbad" or (name == "loose"))
            item = resource(subscription, kind, name, good if fine else bad,
                            fine)
            items.append(item)
            for path, values in children.items():
                child(answers, item, path, values[0 if fine else 1])
        answers[f"/subscriptions/{subscription}/providers/{kind}".lower()
                ] = items
    # audited, but the audits are gone after a month
    answers[f"/subscriptions/{BAD}/resourcegroups/rg/providers/microsoft.sql/"
            "servers/a2/auditingsettings/default"] = {
        "properties": {"state": "Enabled", "retentionDays": 30}}


def settings(answers, subscription):
    good = subscription == GOOD
    base = f"/subscriptions/{subscription}"

    def put(path, items):
        answers[f"{base}/providers/{path}".lower()] = items

    put("Microsoft.Security/pricings",
        [{"name": name, "properties": {"pricingTier":
                                       "Standard" if good else "Free"}}
         for name in PLANS])
    put("Microsoft.Security/securityContacts",
        [{"name": "default", "properties": {
            "emails": "soc@example.org" if good else "",
            "isEnabled": True, "notificationsSources": [
                {"sourceType": "Alert", "minimalSeverity": "Low"}]}}])
    put("Microsoft.Insights/activityLogAlerts",
        [{"name": f"alert{number}", "properties": {
            "enabled": good, "scopes": [base], "actions": GROUPS,
            "condition": {"allOf": [
                {"field": "category", "equals": "Administrative"},
                {"field": "operationName", "equals": operation}]}}}
         for number, operation in enumerate(ALERTS)])
    put("Microsoft.Insights/diagnosticSettings",
        [{"name": "export", "properties": {"logs": [
            {"category": name, "enabled": good or name != "Policy"}
            for name in ACTIVITY]}}])
    put("Microsoft.Authorization/roleDefinitions",
        [{"id": f"{base}/providers/Microsoft.Authorization/roleDefinitions/r",
          "name": "r", "properties": {
              "roleName": "helper", "type": "CustomRole",
              "assignableScopes": [base],
              "permissions": [{"actions": ["*/read"] if good else ["*"]}]}}])
    put("Microsoft.Authorization/locks",
        [{"name": "keep", "properties": {"level": "CanNotDelete"}}]
        if good else [])
    put("Microsoft.Authorization/permissions",
        [{"actions": ["*/read"], "notActions": []}] if good else
        [{"actions": ["Microsoft.Storage/*"], "notActions": []}])
    answers[f"{base}/providers"] = [
        {"namespace": kind.split("/")[0], "registrationState": "Registered",
         "resourceTypes": [{"resourceType": kind.split("/", 1)[1],
                            "apiVersions": ["2024-01-01-preview",
                                            "2023-03-03", "2020-02-02"]}]}
        for kind in TYPES]


CONDITIONAL = "/v1.0/identity/conditionalaccess/policies"
AUTHORIZATION = "/v1.0/policies/authorizationpolicy"


def access(conditions=None, controls=None):
    """A conditional access policy: everybody needs a second factor."""
    return {"state": "enabled", "conditions": {
        "users": {"includeUsers": ["All"], "excludeUsers": ["break-glass"]},
        "applications": {"includeApplications": ["All"]},
        "clientAppTypes": ["all"], "signInRiskLevels": [],
        "userRiskLevels": [], "platforms": None, "locations": None,
        "devices": None, **(conditions or {})},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"],
                          "termsOfUse": [], **(controls or {})}}


def consent(policies, **more):
    return {"defaultUserRolePermissions": {
        "permissionGrantPoliciesAssigned": policies}, **more}


def directory(good):
    """Microsoft Graph, of one tenant."""
    assigned = "ManagePermissionGrantsForSelf.microsoft-user-default-low"
    guests = ("2af84b1e-32c8-42b7-82bc-daa82404023b" if good
              else "10dae51f-b6af-4016-8d66-8c2a99b929b3")
    return {
        AUTHORIZATION: {
            "allowInvitesFrom": "none" if good else "everyone",
            "guestUserRoleId": guests,
            "defaultUserRolePermissions": {
                "allowedToCreateTenants": not good,
                "allowedToCreateApps": not good,
                "permissionGrantPoliciesAssigned": [] if good else [assigned]}},
        "/v1.0/policies/identitysecuritydefaultsenforcementpolicy": {
            "isEnabled": False},
        CONDITIONAL: [
            {"state": "disabled"}, access({"users": {"includeUsers": ["x"]}}),
            {**access(), "state": "enabled" if good else "disabled"}],
    }


def tenant(which):
    """Microsoft Graph, of this tenant."""
    answers = directory(which == TENANT_GOOD)
    if which in TENANT_CASES:
        _, _, _, path, answer = TENANT_CASES[which]
        answers[path] = answer
    return answers


# {tenant: (rule, verdict, what it is, path, answer)}
TENANT_CASES = {
    f"{number:08d}-7777-4777-8777-777777777777": case
    for number, case in enumerate((
        *(("entra-user-consent", verdict, what, AUTHORIZATION, answer)
          for verdict, what, answer in (
              ("fail", "lower-case", consent(
                  ["managePermissionGrantsForSelf.microsoft-user-default-low"]
              )),
              ("fail", "of-the-tenant", consent(
                  [], permissionGrantPolicyIdsAssignedToDefaultUserRole=[
                      "managePermissionGrantsForSelf.some"])),
              ("pass", "owned-resources", consent(
                  ["ManagePermissionGrantsForOwnedResource.x"])),
              ("fail", "unknown", {"id": "authorizationPolicy"}))),
        *(("entra-security-defaults", verdict, what, CONDITIONAL, [answer])
          for verdict, what, answer in (
              ("fail", "one-application", access(
                  {"applications": {"includeApplications": ["a"]}})),
              ("fail", "browsers", access({"clientAppTypes": ["browser"]})),
              ("pass", "all-clients", access(
                  {"clientAppTypes": [
                      "browser", "mobileAppsAndDesktopClients",
                      "exchangeActiveSync", "other"]})),
              ("fail", "risk", access({"signInRiskLevels": ["high"]})),
              ("fail", "one-platform", access(
                  {"platforms": {"includePlatforms": ["android"]}})),
              ("fail", "trusted-places", access(
                  {"locations": {"includeLocations": ["All"],
                                 "excludeLocations": ["AllTrusted"]}})),
              ("pass", "every-place", access(
                  {"locations": {"includeLocations": ["All"],
                                 "excludeLocations": []}})),
              ("fail", "some-devices", access(
                  {"devices": {"deviceFilter": {"mode": "exclude"}}})),
              ("fail", "or-a-device", access(
                  None, {"builtInControls": ["mfa", "compliantDevice"]})),
              ("pass", "and-a-device", access(
                  None, {"builtInControls": ["mfa", "compliantDevice"],
                         "operator": "AND"})),
              ("fail", "or-terms", access(None, {"termsOfUse": ["t"]})),
              ("pass", "strength", access(
                  None, {"builtInControls": [],
                         "authenticationStrength": {"id": "s"}})))),
    ))}


def ranges(*pairs):
    return [(f"r{number}", {"startIpAddress": start, "endIpAddress": end})
            for number, (start, end) in enumerate(pairs)]


def opened(port, source="*", **more):
    return nsg(allow(port, source=source, **more))


# (rule, type, [(verdict, name, properties, children)])
CASES = (
    ("storage-key-rotation", "Microsoft.Storage/storageAccounts", [
        ("fail", "second-key-unknown",
         {"keyCreationTime": {"key1": days_ago(1), "key2": None}}, {}),
        ("fail", "old-key",
         {"keyCreationTime": {"key1": days_ago(1), "key2": days_ago(91)}}, {}),
        ("pass", "keys-off", {"allowSharedKeyAccess": False,
                              "keyCreationTime": None}, {})]),
    ("storage-soft-delete", "Microsoft.Storage/storageAccounts", [
        (None, "files", {}, {})]),
    ("sql-firewall", "Microsoft.Sql/servers", [
        ("fail", "nearly-all", {}, {"firewallRules": ranges(
            ("0.0.0.1", "255.255.255.255"))}),
        ("fail", "halves", {}, {"firewallRules": ranges(
            ("1.0.0.0", "127.255.255.255"))}),
        ("fail", "all-of-azure", {}, {"firewallRules": ranges(
            ("0.0.0.0", "0.0.0.0"))}),
        ("pass", "offices", {}, {"firewallRules": ranges(
            ("10.255.255.0", "11.0.0.9"), ("192.0.2.1", "192.0.2.1"))}),
        ("pass", "not-public", {"publicNetworkAccess": "Disabled"},
         {"firewallRules": ranges(("0.0.0.0", "255.255.255.255"))}),
        ("pass", "no-rules", {}, {"firewallRules": []})]),
    ("postgresql-azure-services", "Microsoft.DBforPostgreSQL/flexibleServers",
     [("fail", "nearly-all", {}, {"firewallRules": ranges(
         ("0.0.0.1", "255.255.255.255"))}),
      ("pass", "not-public", {"network": {"publicNetworkAccess": "Disabled"}},
       {"firewallRules": ranges(("0.0.0.0", "0.0.0.0"))})]),
    ("cosmos-firewall", "Microsoft.DocumentDB/databaseAccounts", [
        ("pass", "addresses", {"ipRules": [
            {"ipAddressOrRange": "192.0.2.1"},
            {"ipAddressOrRange": "198.51.100.0/24"}]}, {}),
        ("fail", "all-of-azure", {"ipRules": [
            {"ipAddressOrRange": "192.0.2.1"},
            {"ipAddressOrRange": "0.0.0.0"}],
            "isVirtualNetworkFilterEnabled": True}, {}),
        ("fail", "everything", {"ipRules": [
            {"ipAddressOrRange": "0.0.0.0/0"}]}, {}),
        ("fail", "halves", {"ipRules": [
            {"ipAddressOrRange": "0.0.0.0/1"},
            {"ipAddressOrRange": "128.0.0.0/1"}]}, {}),
        ("pass", "not-public", {"publicNetworkAccess": "Disabled"}, {}),
        ("fail", "nothing", {"ipRules": []}, {})]),
    *((f"nsg-{name}", "Microsoft.Network/networkSecurityGroups", [
        ("fail", f"{name}-among-ports", opened(
            "", destinationPortRanges=[port, "8080"]), {}),
        ("pass", f"{name}-not-among-ports", opened(
            "", destinationPortRanges=["8080"]), {}),
        ("pass", f"{name}-some-networks", opened(
            port, "", sourceAddressPrefixes=["10.0.0.0/8"]), {})])
      for name, port in (("ssh", "22"), ("rdp", "3389"), ("http", "443"))),
    ("web-auth", "Microsoft.Web/sites", [
        ("fail", "anonymous-too", {}, {"config/authsettingsV2": {
            "platform": {"enabled": True}, "globalValidation": {
                "unauthenticatedClientAction": "AllowAnonymous"}}}),
        ("pass", "asked", {}, {"config/authsettingsV2": {
            "platform": {"enabled": True}, "globalValidation": {
                "unauthenticatedClientAction": "Return401"}}})]),
    ("custom-owner", "Microsoft.Authorization/roleDefinitions", [
        (verdict, name, {"assignableScopes": [scope], "permissions": [
            {"actions": ["*"]}]}, {}) for verdict, name, scope in (
                ("fail", "of-a-group", "/providers/microsoft.management/"
                 "managementGroups/mg"),
                ("fail", "of-it", f"/subscriptions/{EDGE}"),
                ("pass", "of-less",
                 f"/subscriptions/{EDGE}/resourceGroups/rg"))]),
)


def operation(name, field="operationName"):
    return {"field": field, "equals": name}


# [(rule, verdict, members of the alert, conditions)], one for each operation
ALERT_CASES = [(rule, verdict, members, [
    {"field": "category", "equals": "Administrative"}, *conditions])
    for rule, verdict, members, conditions in (
    ("policy-assignment-write", "fail", {"actions": {"actionGroups": []}},
     [operation(ALERTS[0])]),
    ("policy-assignment-delete", "fail", {},
     [operation(ALERTS[1]), {"field": "caller", "equals": "x@example.org"}]),
    ("nsg-write", "pass", {},
     [{"anyOf": [operation("Microsoft.Network/x/write"),
                 operation(ALERTS[2])]}]),
    ("nsg-delete", "fail", {},
     [operation(ALERTS[3]), {"anyOf": [{"field": "status",
                                        "equals": "Failed"}]}]),
    ("security-solution-write", "pass", {},
     [{"field": "operationName", "containsAny": ["x", ALERTS[4]]}]),
    ("security-solution-delete", "fail", {},
     [operation("Microsoft.Security/securitySolutions/read")]),
    ("sql-firewall-write", "pass", {},
     [operation(ALERTS[6]), operation("Microsoft.Sql/servers/firewallRules",
                                      "resourceType")]),
    ("sql-firewall-delete", "fail", {},
     [operation(ALERTS[7]), operation("Microsoft.Sql/servers",
                                      "resourceGroup")]),
    ("public-ip-write", "fail", {"scopes": [
        f"/subscriptions/{EDGE}/resourceGroups/rg"]}, [operation(ALERTS[8])]),
    ("public-ip-delete", "fail", {"enabled": False}, [operation(ALERTS[9])]))]


def edges(answers):
    base = f"/subscriptions/{EDGE}"
    for _, kind, cases in CASES:
        items = answers.setdefault(f"{base}/providers/{kind}".lower(), [])
        for _, name, properties, children in cases:
            item = resource(EDGE, kind, name, properties, True)
            if name == "files":
                item["kind"] = "FileStorage"
            items.append(item)
            for path, value in children.items():
                child(answers, item, path, value)
    answers[f"{base}/providers/microsoft.insights/activitylogalerts"] = [
        {"name": rule, "properties": {
            "enabled": True, "scopes": [base], "actions": GROUPS,
            "condition": {"allOf": conditions}, **members}}
        for rule, _, members, conditions in ALERT_CASES]


def estate():
    """{path in lower case: a list, or one answer}."""
    answers = {}
    for subscription in (GOOD, BAD):
        resources(answers, subscription)
        settings(answers, subscription)
    edges(answers)
    answers["/subscriptions"] = [
        {"id": f"/subscriptions/{each}", "subscriptionId": each,
         "displayName": name, "state": "Enabled", "tenantId": TENANT_GOOD}
        for each, name in ((GOOD, "good"), (BAD, "bad"))]
    answers["/providers/microsoft.management/managementgroups/mg/descendants"
            ] = [
        {"name": "below", "type": "Microsoft.Management/managementGroups"},
        *({"name": each, "type": "Microsoft.Management/managementGroups/"
           "subscriptions", "properties": {"displayName": name}}
          for each, name in ((GOOD, "good"), (BAD, "bad")))]
    return answers
