// SPDX-License-Identifier: Apache-2.0

// Subscriptions, networks, machines, and what watches them.
package main

import (
	"context"
	"strings"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	rolefake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v5"
	computefake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v5/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"
	monitorfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v6"
	networkfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v6/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
	subscriptionsfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/security/armsecurity"
	securityfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/security/armsecurity/fake"
)

// subscriptionsOfServers are the fakes that are needed: all of a module take minutes to
// compile.
type subscriptionsOfServers struct {
	Server subscriptionsfake.Server
}

func subscriptionsOf(e *estate) {
	items := []*armsubscriptions.Subscription{}
	for _, sub := range []string{gone, good, bad} {
		items = append(items, &armsubscriptions.Subscription{
			ID: p("/subscriptions/" + sub), SubscriptionID: p(sub), DisplayName: p("subscription " + sub[:4]),
			State: either(sub != gone, armsubscriptions.SubscriptionStateEnabled,
				armsubscriptions.SubscriptionStateDeleted)})
	}
	serve := &subscriptionsOfServers{}
	serve.Server.NewListPager = func(*armsubscriptions.ClientListOptions,
	) azfake.PagerResponder[armsubscriptions.ClientListResponse] {
		return pages(items, func(items []*armsubscriptions.Subscription) (r armsubscriptions.ClientListResponse) {
			r.Value = items
			return
		})
	}
	page, err := must(armsubscriptions.NewClient(credential, e.options(func() do {
		return subscriptionsfake.NewServerTransport(&serve.Server).Do
	}))).NewListPager(nil).NextPage(background)
	noted(e, page, err)
}

func allow(protocol armnetwork.SecurityRuleProtocol, source string, ports ...string) *armnetwork.SecurityRule {
	rule := &armnetwork.SecurityRulePropertiesFormat{
		Access:    p(armnetwork.SecurityRuleAccessAllow),
		Direction: p(armnetwork.SecurityRuleDirectionInbound), Protocol: &protocol,
		SourceAddressPrefix: &source}
	if len(ports) == 1 {
		rule.DestinationPortRange = &ports[0]
	}
	for i := range ports {
		if len(ports) > 1 {
			rule.DestinationPortRanges = append(rule.DestinationPortRanges, &ports[i])
		}
	}
	return &armnetwork.SecurityRule{Name: p("r"), Properties: rule}
}

func securityGroup(e *estate, name string, good bool) *armnetwork.SecurityGroup {
	rules := []*armnetwork.SecurityRule{
		allow(armnetwork.SecurityRuleProtocolTCP, "10.0.0.0/8", "22"),
		allow(armnetwork.SecurityRuleProtocolUDP, "VirtualNetwork", "53"),
		allow(armnetwork.SecurityRuleProtocolTCP, "*", "8080")}
	if !good {
		anywhere := allow(armnetwork.SecurityRuleProtocolTCP, "", "443", "3000-4000")
		anywhere.Properties.SourceAddressPrefix = nil
		anywhere.Properties.SourceAddressPrefixes = []*string{p("10.0.0.0/8"), p("0.0.0.0/0")}
		rules = append(rules, anywhere,
			allow(armnetwork.SecurityRuleProtocolAsterisk, "Internet", "20-25"),
			allow(armnetwork.SecurityRuleProtocolUDP, "*", "53"))
	}
	return &armnetwork.SecurityGroup{ID: e.id("Microsoft.Network/networkSecurityGroups", name), Name: &name,
		Location: location, Properties: &armnetwork.SecurityGroupPropertiesFormat{SecurityRules: rules}}
}

func flowLogs(e *estate, watcher string) []*armnetwork.FlowLog {
	flow := func(name string, days int32) *armnetwork.FlowLog {
		return &armnetwork.FlowLog{Name: &name, Location: location,
			ID: e.id("Microsoft.Network/networkWatchers", watcher+"/flowLogs/"+name),
			Properties: &armnetwork.FlowLogPropertiesFormat{Enabled: p(true),
				RetentionPolicy: &armnetwork.RetentionPolicyParameters{Enabled: p(true), Days: &days}}}
	}
	return []*armnetwork.FlowLog{flow("f1", 90), flow("f2", 0), flow("f3", *either[int32](e.fine(watcher), 120, 30))}
}

func networkLists(e *estate, serve *networkServers, watchers []*armnetwork.Watcher) {
	serve.SecurityGroupsServer.NewListAllPager = func(*armnetwork.SecurityGroupsClientListAllOptions,
	) azfake.PagerResponder[armnetwork.SecurityGroupsClientListAllResponse] {
		groups := named(e, func(name string, good bool) *armnetwork.SecurityGroup { return securityGroup(e, name, good) })
		return pages(groups, func(items []*armnetwork.SecurityGroup) (r armnetwork.SecurityGroupsClientListAllResponse) {
			r.Value = items
			return
		})
	}
	serve.WatchersServer.NewListAllPager = func(*armnetwork.WatchersClientListAllOptions,
	) azfake.PagerResponder[armnetwork.WatchersClientListAllResponse] {
		return pages(watchers, func(items []*armnetwork.Watcher) (r armnetwork.WatchersClientListAllResponse) {
			r.Value = items
			return
		})
	}
	serve.FlowLogsServer.NewListPager = func(_, watcher string, _ *armnetwork.FlowLogsClientListOptions,
	) azfake.PagerResponder[armnetwork.FlowLogsClientListResponse] {
		return pages(flowLogs(e, watcher), func(items []*armnetwork.FlowLog) (r armnetwork.FlowLogsClientListResponse) {
			r.Value = items
			return
		})
	}
	serve.VirtualNetworksServer.NewListAllPager = func(*armnetwork.VirtualNetworksClientListAllOptions,
	) azfake.PagerResponder[armnetwork.VirtualNetworksClientListAllResponse] {
		networks := named(e, func(name string, good bool) *armnetwork.VirtualNetwork {
			return &armnetwork.VirtualNetwork{ID: e.id("Microsoft.Network/virtualNetworks", name), Name: &name,
				Location: either(name == "a1", *location, "northeurope")}
		})
		return pages(networks, func(items []*armnetwork.VirtualNetwork) (r armnetwork.VirtualNetworksClientListAllResponse) {
			r.Value = items
			return
		})
	}
}

// networkServers are the fakes that are needed: all of a module take minutes to
// compile.
type networkServers struct {
	FlowLogsServer        networkfake.FlowLogsServer
	SecurityGroupsServer  networkfake.SecurityGroupsServer
	VirtualNetworksServer networkfake.VirtualNetworksServer
	WatchersServer        networkfake.WatchersServer
}

func network(e *estate) {
	watchers := named(e, func(name string, good bool) *armnetwork.Watcher {
		return &armnetwork.Watcher{ID: e.id("Microsoft.Network/networkWatchers", name), Name: &name,
			Location: either(name == "a3", "northeurope", *location), // one there, which is on where all is good
			Properties: &armnetwork.WatcherPropertiesFormat{ProvisioningState: either(
				good, armnetwork.ProvisioningStateSucceeded, armnetwork.ProvisioningStateFailed)}}
	})
	serve := &networkServers{}
	networkLists(e, serve, watchers)
	groups, err := must(armnetwork.NewSecurityGroupsClient(e.sub, credential, e.options(func() do {
		return networkfake.NewSecurityGroupsServerTransport(&serve.SecurityGroupsServer).Do
	}))).NewListAllPager(nil).NextPage(background)
	noted(e, groups, err)
	page, err := must(armnetwork.NewWatchersClient(e.sub, credential, e.options(func() do {
		return networkfake.NewWatchersServerTransport(&serve.WatchersServer).Do
	}))).NewListAllPager(nil).NextPage(background)
	noted(e, page, err)
	networks, err := must(armnetwork.NewVirtualNetworksClient(e.sub, credential, e.options(func() do {
		return networkfake.NewVirtualNetworksServerTransport(&serve.VirtualNetworksServer).Do
	}))).NewListAllPager(nil).NextPage(background)
	noted(e, networks, err)
	for _, watcher := range watchers {
		flows, err := must(armnetwork.NewFlowLogsClient(e.sub, credential, e.options(func() do {
			return networkfake.NewFlowLogsServerTransport(&serve.FlowLogsServer).Do
		}))).NewListPager(group, *watcher.Name, nil).NextPage(background)
		noted(e, flows, err)
	}
}

func machine(e *estate, name string, good bool) *armcompute.VirtualMachine {
	managed := &armcompute.ManagedDiskParameters{ID: e.id("Microsoft.Compute/disks", name)}
	data := &armcompute.DataDisk{Lun: p[int32](0), ManagedDisk: managed}
	properties := &armcompute.VirtualMachineProperties{StorageProfile: &armcompute.StorageProfile{
		OSDisk: &armcompute.OSDisk{ManagedDisk: managed}, DataDisks: []*armcompute.DataDisk{data}}}
	if good {
		properties.SecurityProfile = &armcompute.SecurityProfile{
			SecurityType: p(armcompute.SecurityTypesTrustedLaunch),
			UefiSettings: &armcompute.UefiSettings{SecureBootEnabled: p(true), VTpmEnabled: p(true)}}
	} else {
		data.ManagedDisk = nil
		data.Vhd = &armcompute.VirtualHardDisk{URI: p("https://x.example/y.vhd")}
	}
	return &armcompute.VirtualMachine{ID: e.id("Microsoft.Compute/virtualMachines", name), Name: &name,
		Location: location, Properties: properties}
}

func disk(e *estate, name string, attached, good bool) *armcompute.Disk {
	disk := &armcompute.Disk{ID: e.id("Microsoft.Compute/disks", name), Name: &name, Location: location,
		Properties: &armcompute.DiskProperties{
			Encryption: &armcompute.Encryption{Type: either(good,
				armcompute.EncryptionTypeEncryptionAtRestWithPlatformAndCustomerKeys,
				armcompute.EncryptionTypeEncryptionAtRestWithPlatformKey)},
			NetworkAccessPolicy: either(good, armcompute.NetworkAccessPolicyDenyAll,
				armcompute.NetworkAccessPolicyAllowAll)}}
	if attached {
		disk.ManagedBy = e.id("Microsoft.Compute/virtualMachines", name)
	}
	return disk
}

// computeServers are the fakes that are needed: all of a module take minutes to
// compile.
type computeServers struct {
	DisksServer           computefake.DisksServer
	VirtualMachinesServer computefake.VirtualMachinesServer
}

func compute(e *estate) {
	serve := &computeServers{}
	serve.VirtualMachinesServer.NewListAllPager = func(*armcompute.VirtualMachinesClientListAllOptions,
	) azfake.PagerResponder[armcompute.VirtualMachinesClientListAllResponse] {
		machines := named(e, func(name string, good bool) *armcompute.VirtualMachine { return machine(e, name, good) })
		return pages(machines, func(items []*armcompute.VirtualMachine) (r armcompute.VirtualMachinesClientListAllResponse) {
			r.Value = items
			return
		})
	}
	serve.DisksServer.NewListPager = func(*armcompute.DisksClientListOptions,
	) azfake.PagerResponder[armcompute.DisksClientListResponse] {
		disks := []*armcompute.Disk{disk(e, "a1", true, true), disk(e, "loose1", false, true),
			disk(e, "a3", true, e.good), disk(e, "loose3", false, e.good)}
		return pages(disks, func(items []*armcompute.Disk) (r armcompute.DisksClientListResponse) {
			r.Value = items
			return
		})
	}
	machines, err := must(armcompute.NewVirtualMachinesClient(e.sub, credential, e.options(func() do {
		return computefake.NewVirtualMachinesServerTransport(&serve.VirtualMachinesServer).Do
	}))).NewListAllPager(nil).NextPage(background)
	noted(e, machines, err)
	disks, err := must(armcompute.NewDisksClient(e.sub, credential, e.options(func() do {
		return computefake.NewDisksServerTransport(&serve.DisksServer).Do
	}))).NewListPager(nil).NextPage(background)
	noted(e, disks, err)
}

// What is watched: names as the pricings page of the REST API has them.
var plans = []string{"VirtualMachines", "AppServices", "SqlServers", "SqlServerVirtualMachines",
	"OpenSourceRelationalDatabases", "StorageAccounts", "Containers", "CosmosDbs", "KeyVaults", "Arm"}

// securityServers are the fakes that are needed: all of a module take minutes to
// compile.
type securityServers struct {
	ContactsServer securityfake.ContactsServer
	PricingsServer securityfake.PricingsServer
}

func security(e *estate) {
	serve := &securityServers{}
	serve.PricingsServer.List = func(context.Context, string, *armsecurity.PricingsClientListOptions,
	) (azfake.Responder[armsecurity.PricingsClientListResponse], azfake.ErrorResponder) {
		r := armsecurity.PricingsClientListResponse{}
		for _, plan := range plans {
			r.Value = append(r.Value, &armsecurity.Pricing{Name: p(plan), Properties: &armsecurity.PricingProperties{
				PricingTier: either(e.good, armsecurity.PricingTierStandard, armsecurity.PricingTierFree)}})
		}
		return one(r)
	}
	serve.ContactsServer.NewListPager = func(*armsecurity.ContactsClientListOptions,
	) azfake.PagerResponder[armsecurity.ContactsClientListResponse] {
		contact := &armsecurity.Contact{Name: p("default"), Properties: &armsecurity.ContactProperties{
			Emails: p("soc@example.org"), IsEnabled: &e.good,
			NotificationsSources: []armsecurity.NotificationsSourceClassification{
				&armsecurity.NotificationsSourceAlert{SourceType: p(armsecurity.SourceTypeAlert),
					MinimalSeverity: p(armsecurity.MinimalSeverityLow)}}}}
		return pages([]*armsecurity.Contact{contact}, func(items []*armsecurity.Contact) (
			r armsecurity.ContactsClientListResponse) {
			r.Value = items
			return
		})
	}
	pricings, err := must(armsecurity.NewPricingsClient(credential, e.options(func() do {
		return securityfake.NewPricingsServerTransport(&serve.PricingsServer).Do
	}))).List(background, "subscriptions/"+e.sub, nil)
	noted(e, pricings, err)
	contacts, err := must(armsecurity.NewContactsClient(e.sub, credential, e.options(func() do {
		return securityfake.NewContactsServerTransport(&serve.ContactsServer).Do
	}))).NewListPager(nil).NextPage(background)
	noted(e, contacts, err)
}

// What alerts are about: operations of the resource providers.
var operations = []string{
	"Microsoft.Authorization/policyAssignments/write", "Microsoft.Authorization/policyAssignments/delete",
	"Microsoft.Network/networkSecurityGroups/write", "Microsoft.Network/networkSecurityGroups/delete",
	"Microsoft.Security/securitySolutions/write", "Microsoft.Security/securitySolutions/delete",
	"Microsoft.Sql/servers/firewallRules/write", "Microsoft.Sql/servers/firewallRules/delete",
	"Microsoft.Network/publicIPAddresses/write", "Microsoft.Network/publicIPAddresses/delete"}

func alerts(e *estate) []*armmonitor.ActivityLogAlertResource {
	items := []*armmonitor.ActivityLogAlertResource{}
	for _, operation := range operations {
		items = append(items, &armmonitor.ActivityLogAlertResource{Location: p("global"),
			Name: p(strings.ReplaceAll(operation, "/", "-")), Properties: &armmonitor.AlertRuleProperties{
				Enabled: &e.good, Scopes: []*string{p("/subscriptions/" + e.sub)},
				Actions: &armmonitor.ActionList{ActionGroups: []*armmonitor.ActivityLogAlertActionGroup{{
					ActionGroupID: e.id("Microsoft.Insights/actionGroups", "soc")}}},
				Condition: &armmonitor.AlertRuleAllOfCondition{AllOf: []*armmonitor.AlertRuleAnyOfOrLeafCondition{
					{Field: p("category"), Equals: p("Administrative")},
					{Field: p("operationName"), Equals: p(operation)}}}}})
	}
	return items
}

func setting(name string, logs ...*armmonitor.LogSettings) *armmonitor.DiagnosticSettingsResource {
	return &armmonitor.DiagnosticSettingsResource{Name: &name, Properties: &armmonitor.DiagnosticSettings{
		Logs: logs, WorkspaceID: p("/subscriptions/x")}}
}

// diagnosticSettings of a subscription, or of a vault
func diagnosticSettings(e *estate, resource string) []*armmonitor.DiagnosticSettingsResource {
	parts := strings.Split(strings.Trim(resource, "/"), "/")
	if len(parts) > 2 {
		return []*armmonitor.DiagnosticSettingsResource{setting("audit", &armmonitor.LogSettings{
			CategoryGroup: p("audit"), Enabled: p(e.fine(parts[len(parts)-1]))})}
	}
	logs := []*armmonitor.LogSettings{}
	for _, category := range []string{"Administrative", "Alert", "Policy", "Security"} {
		logs = append(logs, &armmonitor.LogSettings{Category: p(category),
			Enabled: p(e.good || category != "Policy")})
	}
	return []*armmonitor.DiagnosticSettingsResource{setting("export", logs...)}
}

// monitorServers are the fakes that are needed: all of a module take minutes to
// compile.
type monitorServers struct {
	ActivityLogAlertsServer  monitorfake.ActivityLogAlertsServer
	DiagnosticSettingsServer monitorfake.DiagnosticSettingsServer
}

func monitor(e *estate) {
	serve := &monitorServers{}
	serve.ActivityLogAlertsServer.NewListBySubscriptionIDPager = func(
		*armmonitor.ActivityLogAlertsClientListBySubscriptionIDOptions,
	) azfake.PagerResponder[armmonitor.ActivityLogAlertsClientListBySubscriptionIDResponse] {
		return pages(alerts(e), func(items []*armmonitor.ActivityLogAlertResource) (
			r armmonitor.ActivityLogAlertsClientListBySubscriptionIDResponse) {
			r.Value = items
			return
		})
	}
	serve.DiagnosticSettingsServer.NewListPager = func(resource string, _ *armmonitor.DiagnosticSettingsClientListOptions,
	) azfake.PagerResponder[armmonitor.DiagnosticSettingsClientListResponse] {
		return pages(diagnosticSettings(e, resource), func(items []*armmonitor.DiagnosticSettingsResource) (
			r armmonitor.DiagnosticSettingsClientListResponse) {
			r.Value = items
			return
		})
	}
	page, err := must(armmonitor.NewActivityLogAlertsClient(e.sub, credential, e.options(func() do {
		return monitorfake.NewActivityLogAlertsServerTransport(&serve.ActivityLogAlertsServer).Do
	}))).NewListBySubscriptionIDPager(nil).NextPage(background)
	noted(e, page, err)
	for _, resource := range []string{"/subscriptions/" + e.sub, *e.id("Microsoft.KeyVault/vaults", "a1"),
		*e.id("Microsoft.KeyVault/vaults", "a2"), *e.id("Microsoft.KeyVault/vaults", "a3")} {
		settings, err := must(armmonitor.NewDiagnosticSettingsClient(credential, e.options(func() do {
			return monitorfake.NewDiagnosticSettingsServerTransport(&serve.DiagnosticSettingsServer).Do
		}))).NewListPager(resource[1:], nil).NextPage(background)
		noted(e, settings, err)
	}
}

// authorizationServers are the fakes that are needed: all of a module take minutes to
// compile.
type authorizationServers struct {
	RoleDefinitionsServer rolefake.RoleDefinitionsServer
}

func authorization(e *estate) {
	role := func(name string, actions ...string) *armauthorization.RoleDefinition {
		permission := &armauthorization.Permission{}
		for i := range actions {
			permission.Actions = append(permission.Actions, &actions[i])
		}
		return &armauthorization.RoleDefinition{Name: &name,
			ID: p("/subscriptions/" + e.sub + "/providers/Microsoft.Authorization/roleDefinitions/" + name),
			Properties: &armauthorization.RoleDefinitionProperties{RoleName: p("role " + name),
				RoleType: p("CustomRole"), AssignableScopes: []*string{p("/subscriptions/" + e.sub)},
				Permissions: []*armauthorization.Permission{permission}}}
	}
	serve := &authorizationServers{}
	serve.RoleDefinitionsServer.NewListPager = func(string, *armauthorization.RoleDefinitionsClientListOptions,
	) azfake.PagerResponder[armauthorization.RoleDefinitionsClientListResponse] {
		return pages([]*armauthorization.RoleDefinition{role("r1", "*/read"),
			role("r2", "Microsoft.Compute/*"), role("r3", *either(e.good, "*/read", "*"))},
			func(items []*armauthorization.RoleDefinition) (r armauthorization.RoleDefinitionsClientListResponse) {
				r.Value = items
				return
			})
	}
	page, err := must(armauthorization.NewRoleDefinitionsClient(credential, e.options(func() do {
		return rolefake.NewRoleDefinitionsServerTransport(&serve.RoleDefinitionsServer).Do
	}))).NewListPager("subscriptions/"+e.sub,
		&armauthorization.RoleDefinitionsClientListOptions{Filter: p("type eq 'CustomRole'")}).NextPage(background)
	noted(e, page, err)
}
