# SPDX-License-Identifier: Apache-2.0
# What makes no calls, for the plugin and for tests.
azure_parts = \
	plugins/azure/certificate.c plugins/azure/certificate.h \
	plugins/azure/challenge.c \
	plugins/azure/identity.c plugins/azure/identity.h \
	plugins/azure/problem.c plugins/azure/problem.h \
	plugins/azure/request.c plugins/azure/request.h \
	plugins/azure/request_refuse.c \
	plugins/azure/request_type.c \
	plugins/azure/target.c plugins/azure/target.h \
	plugins/azure/versions.c plugins/azure/versions.h
azure_credentials = \
	plugins/azure/credentials.c plugins/azure/credentials.h \
	plugins/azure/credentials_cli.c \
	plugins/azure/credentials_client.c \
	plugins/azure/credentials_managed.c \
	plugins/azure/credentials_private.h
if WITH_AZURE
plugins_LTLIBRARIES += plugins/azure.la
plugins_azure_la_SOURCES = $(azure_parts) $(azure_credentials) \
	plugins/azure/azure.c plugins/azure/azure.h \
	plugins/azure/call.c \
	plugins/azure/fetch.c \
	plugins/azure/pager.c plugins/azure/pager.h \
	plugins/azure/probe.c \
	plugins/azure/scopes.c \
	plugins/azure/send.c \
	plugins/azure/send_versioned.c
plugins_azure_la_LIBADD = sdk/kit/cloud/libscankit-cloud.la \
	sdk/kit/libscankit-http.la sdk/kit/libscankit-expr.la \
	sdk/kit/libscankit-core.la $(CRYPTO_LIBS)
plugins_azure_la_LDFLAGS = $(plugin_ldflags)

check_LTLIBRARIES += plugins/azure/libparts.la
plugins_azure_libparts_la_SOURCES = $(azure_parts) $(azure_credentials) \
	plugins/azure/pager.c plugins/azure/pager.h
plugins_azure_libparts_la_LIBADD = $(CRYPTO_LIBS)
azure_test_libs = plugins/azure/libparts.la $(cloud_test_libs)
unit_tests += tests/unit/test_azure_parts
tests_unit_test_azure_parts_LDADD = $(azure_test_libs)
unit_tests += tests/unit/test_azure_pages
tests_unit_test_azure_pages_LDADD = $(azure_test_libs)
unit_tests += tests/unit/test_azure_credentials
tests_unit_test_azure_credentials_LDADD = $(azure_test_libs)
fuzzers += tests/fuzz/fuzz_azure
tests_fuzz_fuzz_azure_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_azure_LDADD = plugins/azure/libparts.la \
	sdk/kit/cloud/libscankit-cloud.la sdk/kit/libscankit-http.la $(LDADD)
endif
EXTRA_DIST += plugins/azure/README
