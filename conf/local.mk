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
