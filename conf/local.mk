# SPDX-License-Identifier: Apache-2.0
# Made by "scan-engine config example"; test_config checks that it is current.
examplesdir = $(docdir)/examples
dist_examples_DATA = conf/engine.conf

# Starter rules, by scanner.
awsrulesdir = $(pkgdatadir)/rules/aws
dist_awsrules_DATA = conf/rules/aws/iam.yaml conf/rules/aws/logging.yaml \
	conf/rules/aws/monitoring.yaml conf/rules/aws/network.yaml \
	conf/rules/aws/storage.yaml
azurerulesdir = $(pkgdatadir)/rules/azure
dist_azurerules_DATA = conf/rules/azure/compute.yaml \
	conf/rules/azure/database.yaml conf/rules/azure/defender.yaml \
	conf/rules/azure/identity.yaml conf/rules/azure/keyvault.yaml \
	conf/rules/azure/logging.yaml conf/rules/azure/network.yaml \
	conf/rules/azure/storage.yaml conf/rules/azure/web.yaml
gcprulesdir = $(pkgdatadir)/rules/gcp
dist_gcprules_DATA = conf/rules/gcp/bigquery.yaml \
	conf/rules/gcp/compute.yaml conf/rules/gcp/database.yaml \
	conf/rules/gcp/iam.yaml conf/rules/gcp/kms.yaml \
	conf/rules/gcp/logging.yaml conf/rules/gcp/network.yaml \
	conf/rules/gcp/storage.yaml

# The same as archives, each with a manifest.
rulesdir = $(pkgdatadir)/rules
rules_DATA = conf/rules/aws.tar.gz conf/rules/azure.tar.gz \
	conf/rules/gcp.tar.gz
CLEANFILES += $(rules_DATA)
EXTRA_DIST += conf/rules/bundle
make_bundle = $(AM_V_GEN)$(MKDIR_P) conf/rules && \
	$(SHELL) $(srcdir)/conf/rules/bundle scan-engine-$(1) \
	  $(PACKAGE_VERSION) Apache-2.0 $@ $(2:%=$(srcdir)/%)
conf/rules/aws.tar.gz: $(dist_awsrules_DATA) conf/rules/bundle
	$(call make_bundle,aws,$(dist_awsrules_DATA))
conf/rules/azure.tar.gz: $(dist_azurerules_DATA) conf/rules/bundle
	$(call make_bundle,azure,$(dist_azurerules_DATA))
conf/rules/gcp.tar.gz: $(dist_gcprules_DATA) conf/rules/bundle
	$(call make_bundle,gcp,$(dist_gcprules_DATA))
