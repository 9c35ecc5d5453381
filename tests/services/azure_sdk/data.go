// SPDX-License-Identifier: Apache-2.0

// Storage accounts, databases, key vaults.
package main

import (
	"context"
	"time"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	vaultfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/mysql/armmysqlflexibleservers"
	mysqlfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/mysql/armmysqlflexibleservers/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/sql/armsql"
	sqlfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/sql/armsql/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
	storagefake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/fake"
)

var location = p("westeurope")

// fine says whether a resource, by its name, is in order.
func (e *estate) fine(name string) bool { return e.good || name == "a1" || name == "a2" }

func daysAgo(days int) *time.Time { return p(time.Now().UTC().AddDate(0, 0, -days)) }

func storageAccount(e *estate, name string, good bool) *armstorage.Account {
	account := &armstorage.Account{
		ID: e.id("Microsoft.Storage/storageAccounts", name), Name: &name,
		Location: location, Kind: p(armstorage.KindStorageV2),
		Properties: &armstorage.AccountProperties{
			EnableHTTPSTrafficOnly: &good,
			Encryption: &armstorage.Encryption{
				RequireInfrastructureEncryption: &good,
				KeySource: either(good, armstorage.KeySourceMicrosoftKeyvault,
					armstorage.KeySourceMicrosoftStorage)},
			KeyCreationTime: &armstorage.KeyCreationTime{
				Key1: daysAgo(10), Key2: either(good, *daysAgo(20), *daysAgo(200))},
			PublicNetworkAccess: either(good, armstorage.PublicNetworkAccessDisabled,
				armstorage.PublicNetworkAccessEnabled),
			NetworkRuleSet: &armstorage.NetworkRuleSet{
				DefaultAction: either(good, armstorage.DefaultActionDeny,
					armstorage.DefaultActionAllow),
				Bypass: either(good, armstorage.BypassAzureServices,
					armstorage.BypassNone)},
			MinimumTLSVersion: either(good, armstorage.MinimumTLSVersionTLS12,
				armstorage.MinimumTLSVersionTLS10),
			AllowCrossTenantReplication: p(!good),
			AllowBlobPublicAccess:       p(!good)}}
	status := either(good, armstorage.PrivateEndpointServiceConnectionStatusApproved,
		armstorage.PrivateEndpointServiceConnectionStatusPending)
	account.Properties.PrivateEndpointConnections = []*armstorage.PrivateEndpointConnection{{
		Properties: &armstorage.PrivateEndpointConnectionProperties{
			PrivateLinkServiceConnectionState: &armstorage.PrivateLinkServiceConnectionState{
				Status: status}}}}
	return account
}

func storage(e *estate) {
	accounts := named(e, func(name string, good bool) *armstorage.Account {
		return storageAccount(e, name, good)
	})
	serve := &struct {
		AccountsServer     storagefake.AccountsServer
		BlobServicesServer storagefake.BlobServicesServer
	}{}
	serve.AccountsServer.NewListPager = func(
		*armstorage.AccountsClientListOptions,
	) azfake.PagerResponder[armstorage.AccountsClientListResponse] {
		return pages(accounts, func(items []*armstorage.Account) (r armstorage.AccountsClientListResponse) {
			r.Value = items
			return
		})
	}
	serve.BlobServicesServer.GetServiceProperties = func(
		_ context.Context, _, account string, _ *armstorage.BlobServicesClientGetServicePropertiesOptions,
	) (azfake.Responder[armstorage.BlobServicesClientGetServicePropertiesResponse], azfake.ErrorResponder) {
		on := &armstorage.DeleteRetentionPolicy{Enabled: p(e.fine(account)), Days: p[int32](7)}
		r := armstorage.BlobServicesClientGetServicePropertiesResponse{}
		r.BlobServiceProperties.BlobServiceProperties = &armstorage.BlobServicePropertiesProperties{
			DeleteRetentionPolicy: on, ContainerDeleteRetentionPolicy: on}
		return one(r)
	}
	page, err := must(armstorage.NewAccountsClient(e.sub, credential, e.options(func() do {
		return storagefake.NewAccountsServerTransport(&serve.AccountsServer).Do
	}))).NewListPager(nil).NextPage(background)
	noted(e, page, err)
	for _, account := range accounts {
		got, err := must(armstorage.NewBlobServicesClient(e.sub, credential, e.options(func() do {
			return storagefake.NewBlobServicesServerTransport(&serve.BlobServicesServer).Do
		}))).GetServiceProperties(background, group, *account.Name, nil)
		noted(e, got, err)
	}
}

func sqlServer(e *estate, serve *sqlServers) {
	serve.ServerBlobAuditingPoliciesServer.Get = func(
		_ context.Context, _, name string, _ *armsql.ServerBlobAuditingPoliciesClientGetOptions,
	) (azfake.Responder[armsql.ServerBlobAuditingPoliciesClientGetResponse], azfake.ErrorResponder) {
		r := armsql.ServerBlobAuditingPoliciesClientGetResponse{}
		r.Properties = &armsql.ServerBlobAuditingPolicyProperties{
			State: either(e.fine(name), armsql.BlobAuditingPolicyStateEnabled,
				armsql.BlobAuditingPolicyStateDisabled), RetentionDays: p[int32](120)}
		return one(r)
	}
	serve.FirewallRulesServer.NewListByServerPager = func(
		_, name string, _ *armsql.FirewallRulesClientListByServerOptions,
	) azfake.PagerResponder[armsql.FirewallRulesClientListByServerResponse] {
		rule := func(rule, start, end string) *armsql.FirewallRule {
			return &armsql.FirewallRule{Name: &rule, Properties: &armsql.ServerFirewallRuleProperties{
				StartIPAddress: &start, EndIPAddress: &end}}
		}
		rules := []*armsql.FirewallRule{rule("r1", "192.0.2.1", "192.0.2.9"),
			rule("r2", "198.51.100.1", "198.51.100.1")}
		if !e.fine(name) {
			rules = append(rules, rule("r3", "0.0.0.0", "255.255.255.255"))
		}
		return pages(rules, func(items []*armsql.FirewallRule) (r armsql.FirewallRulesClientListByServerResponse) {
			r.Value = items
			return
		})
	}
	serve.EncryptionProtectorsServer.Get = func(
		_ context.Context, _, name string, _ armsql.EncryptionProtectorName, _ *armsql.EncryptionProtectorsClientGetOptions,
	) (azfake.Responder[armsql.EncryptionProtectorsClientGetResponse], azfake.ErrorResponder) {
		r := armsql.EncryptionProtectorsClientGetResponse{}
		r.Properties = &armsql.EncryptionProtectorProperties{ServerKeyType: either(
			e.fine(name), armsql.ServerKeyTypeAzureKeyVault, armsql.ServerKeyTypeServiceManaged)}
		return one(r)
	}
	serve.ServerAzureADAdministratorsServer.NewListByServerPager = func(
		_, name string, _ *armsql.ServerAzureADAdministratorsClientListByServerOptions,
	) azfake.PagerResponder[armsql.ServerAzureADAdministratorsClientListByServerResponse] {
		var admins []*armsql.ServerAzureADAdministrator
		if e.fine(name) {
			admins = append(admins, &armsql.ServerAzureADAdministrator{
				Name: p("ActiveDirectory"), Properties: &armsql.AdministratorProperties{
					AdministratorType: p(armsql.AdministratorTypeActiveDirectory), Login: p("admins")}})
		}
		return pages(admins, func(items []*armsql.ServerAzureADAdministrator) (
			r armsql.ServerAzureADAdministratorsClientListByServerResponse) {
			r.Value = items
			return
		})
	}
}

var databases = []string{"master", "one", "two"}

func sqlDatabases(e *estate, serve *sqlServers) {
	serve.DatabasesServer.NewListByServerPager = func(
		_, name string, _ *armsql.DatabasesClientListByServerOptions,
	) azfake.PagerResponder[armsql.DatabasesClientListByServerResponse] {
		items := []*armsql.Database{}
		for _, each := range databases {
			items = append(items, &armsql.Database{Name: p(each), Location: location,
				ID: e.id("Microsoft.Sql/servers", name+"/databases/"+each)})
		}
		return pages(items, func(items []*armsql.Database) (r armsql.DatabasesClientListByServerResponse) {
			r.Value = items
			return
		})
	}
	serve.TransparentDataEncryptionsServer.Get = func(
		_ context.Context, _, name, database string, _ armsql.TransparentDataEncryptionName,
		_ *armsql.TransparentDataEncryptionsClientGetOptions,
	) (azfake.Responder[armsql.TransparentDataEncryptionsClientGetResponse], azfake.ErrorResponder) {
		r := armsql.TransparentDataEncryptionsClientGetResponse{}
		r.Properties = &armsql.TransparentDataEncryptionProperties{State: either(
			e.fine(name) || database == "one", armsql.TransparentDataEncryptionStateEnabled,
			armsql.TransparentDataEncryptionStateDisabled)}
		return one(r)
	}
}

// sqlServers are the fakes that are needed: all of a module take minutes to
// compile.
type sqlServers struct {
	DatabasesServer                   sqlfake.DatabasesServer
	EncryptionProtectorsServer        sqlfake.EncryptionProtectorsServer
	FirewallRulesServer               sqlfake.FirewallRulesServer
	ServerAzureADAdministratorsServer sqlfake.ServerAzureADAdministratorsServer
	ServerBlobAuditingPoliciesServer  sqlfake.ServerBlobAuditingPoliciesServer
	ServersServer                     sqlfake.ServersServer
	TransparentDataEncryptionsServer  sqlfake.TransparentDataEncryptionsServer
}

func sql(e *estate) {
	servers := named(e, func(name string, good bool) *armsql.Server {
		return &armsql.Server{ID: e.id("Microsoft.Sql/servers", name), Name: &name, Location: location,
			Properties: &armsql.ServerProperties{
				PublicNetworkAccess: p(armsql.ServerNetworkAccessFlagEnabled)}}
	})
	serve := &sqlServers{}
	serve.ServersServer.NewListPager = func(
		*armsql.ServersClientListOptions) azfake.PagerResponder[armsql.ServersClientListResponse] {
		return pages(servers, func(items []*armsql.Server) (r armsql.ServersClientListResponse) {
			r.Value = items
			return
		})
	}
	sqlServer(e, serve)
	sqlDatabases(e, serve)
	page, err := must(armsql.NewServersClient(e.sub, credential, e.options(func() do {
		return sqlfake.NewServersServerTransport(&serve.ServersServer).Do
	}))).NewListPager(nil).NextPage(background)
	noted(e, page, err)
	for _, server := range servers {
		name := *server.Name
		auditing, err := must(armsql.NewServerBlobAuditingPoliciesClient(e.sub, credential, e.options(func() do {
			return sqlfake.NewServerBlobAuditingPoliciesServerTransport(&serve.ServerBlobAuditingPoliciesServer).Do
		}))).Get(background, group, name, nil)
		noted(e, auditing, err)
		rules, err := must(armsql.NewFirewallRulesClient(e.sub, credential, e.options(func() do {
			return sqlfake.NewFirewallRulesServerTransport(&serve.FirewallRulesServer).Do
		}))).NewListByServerPager(group, name, nil).NextPage(background)
		noted(e, rules, err)
		protector, err := must(armsql.NewEncryptionProtectorsClient(e.sub, credential, e.options(func() do {
			return sqlfake.NewEncryptionProtectorsServerTransport(&serve.EncryptionProtectorsServer).Do
		}))).Get(background, group, name,
			armsql.EncryptionProtectorNameCurrent, nil)
		noted(e, protector, err)
		admins, err := must(armsql.NewServerAzureADAdministratorsClient(e.sub, credential, e.options(func() do {
			return sqlfake.NewServerAzureADAdministratorsServerTransport(&serve.ServerAzureADAdministratorsServer).Do
		}))).NewListByServerPager(
			group, name, nil).NextPage(background)
		noted(e, admins, err)
		list, err := must(armsql.NewDatabasesClient(e.sub, credential, e.options(func() do {
			return sqlfake.NewDatabasesServerTransport(&serve.DatabasesServer).Do
		}))).NewListByServerPager(group, name, nil).NextPage(background)
		noted(e, list, err)
		for _, database := range databases[1:] {
			tde, err := must(armsql.NewTransparentDataEncryptionsClient(e.sub, credential, e.options(func() do {
				return sqlfake.NewTransparentDataEncryptionsServerTransport(&serve.TransparentDataEncryptionsServer).Do
			}))).Get(background, group, name, database,
				armsql.TransparentDataEncryptionNameCurrent, nil)
			noted(e, tde, err)
		}
	}
}

// mysqlServers are the fakes that are needed: all of a module take minutes to
// compile.
type mysqlServers struct {
	ConfigurationsServer mysqlfake.ConfigurationsServer
	ServersServer        mysqlfake.ServersServer
}

func mysql(e *estate) {
	servers := named(e, func(name string, good bool) *armmysqlflexibleservers.Server {
		return &armmysqlflexibleservers.Server{
			ID: e.id("Microsoft.DBforMySQL/flexibleServers", name), Name: &name, Location: location}
	})
	serve := &mysqlServers{}
	serve.ServersServer.NewListPager = func(*armmysqlflexibleservers.ServersClientListOptions,
	) azfake.PagerResponder[armmysqlflexibleservers.ServersClientListResponse] {
		return pages(servers, func(items []*armmysqlflexibleservers.Server) (
			r armmysqlflexibleservers.ServersClientListResponse) {
			r.Value = items
			return
		})
	}
	serve.ConfigurationsServer.NewListByServerPager = func(
		_, name string, _ *armmysqlflexibleservers.ConfigurationsClientListByServerOptions,
	) azfake.PagerResponder[armmysqlflexibleservers.ConfigurationsClientListByServerResponse] {
		good := e.fine(name)
		set := func(name, value, other string) *armmysqlflexibleservers.Configuration {
			return &armmysqlflexibleservers.Configuration{Name: &name,
				Properties: &armmysqlflexibleservers.ConfigurationProperties{Value: either(good, value, other)}}
		}
		return pages([]*armmysqlflexibleservers.Configuration{
			set("tls_version", "TLSv1.2,TLSv1.3", "TLSv1,TLSv1.2"),
			set("audit_log_enabled", "ON", "OFF"), set("require_secure_transport", "ON", "OFF"),
		}, func(items []*armmysqlflexibleservers.Configuration) (
			r armmysqlflexibleservers.ConfigurationsClientListByServerResponse) {
			r.Value = items
			return
		})
	}
	page, err := must(armmysqlflexibleservers.NewServersClient(e.sub, credential, e.options(func() do {
		return mysqlfake.NewServersServerTransport(&serve.ServersServer).Do
	}))).NewListPager(nil).NextPage(background)
	noted(e, page, err)
	for _, server := range servers {
		list, err := must(armmysqlflexibleservers.NewConfigurationsClient(e.sub, credential, e.options(func() do {
			return mysqlfake.NewConfigurationsServerTransport(&serve.ConfigurationsServer).Do
		}))).NewListByServerPager(group, *server.Name, nil).NextPage(background)
		noted(e, list, err)
	}
}

func vault(e *estate, name string, good bool) *armkeyvault.Vault {
	properties := &armkeyvault.VaultProperties{
		EnableSoftDelete: p(true), EnableRbacAuthorization: &good,
		PrivateEndpointConnections: []*armkeyvault.PrivateEndpointConnectionItem{{
			Properties: &armkeyvault.PrivateEndpointConnectionProperties{
				PrivateLinkServiceConnectionState: &armkeyvault.PrivateLinkServiceConnectionState{
					Status: either(good, armkeyvault.PrivateEndpointServiceConnectionStatusApproved,
						armkeyvault.PrivateEndpointServiceConnectionStatusRejected)}}}}}
	if good { // false is never said: the member is not there
		properties.EnablePurgeProtection = &good
	}
	return &armkeyvault.Vault{ID: e.id("Microsoft.KeyVault/vaults", name), Name: &name,
		Location: location, Properties: properties}
}

// keyvaultServers are the fakes that are needed: all of a module take minutes to
// compile.
type keyvaultServers struct {
	KeysServer    vaultfake.KeysServer
	SecretsServer vaultfake.SecretsServer
	VaultsServer  vaultfake.VaultsServer
}

func keyvault(e *estate) {
	vaults := named(e, func(name string, good bool) *armkeyvault.Vault { return vault(e, name, good) })
	until := time.Unix(2000000000, 0)
	serve := &keyvaultServers{}
	serve.VaultsServer.NewListBySubscriptionPager = func(*armkeyvault.VaultsClientListBySubscriptionOptions,
	) azfake.PagerResponder[armkeyvault.VaultsClientListBySubscriptionResponse] {
		return pages(vaults, func(items []*armkeyvault.Vault) (r armkeyvault.VaultsClientListBySubscriptionResponse) {
			r.Value = items
			return
		})
	}
	serve.KeysServer.NewListPager = func(_, name string, _ *armkeyvault.KeysClientListOptions,
	) azfake.PagerResponder[armkeyvault.KeysClientListResponse] {
		key := func(key string, on, ends bool) *armkeyvault.Key {
			attributes := &armkeyvault.KeyAttributes{Enabled: &on}
			if ends {
				attributes.Expires = p(until.Unix())
			}
			return &armkeyvault.Key{Name: &key, ID: e.id("Microsoft.KeyVault/vaults", name+"/keys/"+key),
				Properties: &armkeyvault.KeyProperties{Attributes: attributes}}
		}
		return pages([]*armkeyvault.Key{key("k1", true, true), key("off", false, false),
			key("k3", true, e.fine(name))}, func(items []*armkeyvault.Key) (r armkeyvault.KeysClientListResponse) {
			r.Value = items
			return
		})
	}
	serve.SecretsServer.NewListPager = func(_, name string, _ *armkeyvault.SecretsClientListOptions,
	) azfake.PagerResponder[armkeyvault.SecretsClientListResponse] {
		secret := func(secret string, on, ends bool) *armkeyvault.Secret {
			attributes := &armkeyvault.SecretAttributes{Enabled: &on}
			if ends {
				attributes.Expires = &until
			}
			return &armkeyvault.Secret{Name: &secret, ID: e.id("Microsoft.KeyVault/vaults", name+"/secrets/"+secret),
				Properties: &armkeyvault.SecretProperties{Attributes: attributes}}
		}
		return pages([]*armkeyvault.Secret{secret("s1", true, true), secret("off", false, false),
			secret("s3", true, e.fine(name))}, func(items []*armkeyvault.Secret) (r armkeyvault.SecretsClientListResponse) {
			r.Value = items
			return
		})
	}
	page, err := must(armkeyvault.NewVaultsClient(e.sub, credential, e.options(func() do {
		return vaultfake.NewVaultsServerTransport(&serve.VaultsServer).Do
	}))).NewListBySubscriptionPager(nil).NextPage(background)
	noted(e, page, err)
	for _, vault := range vaults {
		keys, err := must(armkeyvault.NewKeysClient(e.sub, credential, e.options(func() do {
			return vaultfake.NewKeysServerTransport(&serve.KeysServer).Do
		}))).NewListPager(group, *vault.Name, nil).NextPage(background)
		noted(e, keys, err)
		secrets, err := must(armkeyvault.NewSecretsClient(e.sub, credential, e.options(func() do {
			return vaultfake.NewSecretsServerTransport(&serve.SecretsServer).Do
		}))).NewListPager(group, *vault.Name, nil).NextPage(background)
		noted(e, secrets, err)
	}
}
