# SPDX-License-Identifier: Apache-2.0
# Made by "scan-engine config example"; test_config checks that it is current.
examplesdir = $(docdir)/examples
dist_examples_DATA = conf/engine.conf

# Starter rules, by scanner.
awsrulesdir = $(pkgdatadir)/rules/aws
dist_awsrules_DATA = conf/rules/aws/iam.yaml conf/rules/aws/logging.yaml \
	conf/rules/aws/monitoring.yaml conf/rules/aws/network.yaml \
	conf/rules/aws/storage.yaml
