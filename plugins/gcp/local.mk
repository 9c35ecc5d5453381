# SPDX-License-Identifier: Apache-2.0
# What makes no calls by itself, for the plugin and for tests. Signing for
# workloads at AWS is AWS's own (plugins/aws/access.mk).
gcp_parts = $(aws_sign_sources) \
	plugins/gcp/credentials.c plugins/gcp/credentials.h \
	plugins/gcp/credentials_aws.c \
	plugins/gcp/credentials_external.c \
	plugins/gcp/credentials_fetch.c \
	plugins/gcp/credentials_file.c \
	plugins/gcp/credentials_private.h \
	plugins/gcp/failure.c plugins/gcp/failure.h \
	plugins/gcp/request.c plugins/gcp/request.h \
	plugins/gcp/request_may.c \
	plugins/gcp/target.c plugins/gcp/target.h \
	plugins/gcp/whole.c
if WITH_GCP
plugins_LTLIBRARIES += plugins/gcp.la
plugins_gcp_la_SOURCES = $(gcp_parts) \
	plugins/gcp/call.c \
	plugins/gcp/gcp.c plugins/gcp/gcp.h \
	plugins/gcp/probe.c \
	plugins/gcp/provider.c \
	plugins/gcp/refusal.c \
	plugins/gcp/scopes.c \
	plugins/gcp/walk.c
plugins_gcp_la_LIBADD = sdk/kit/cloud/libscankit-cloud.la \
	sdk/kit/libscankit-http.la sdk/kit/libscankit-expr.la \
	sdk/kit/libscankit-core.la $(CRYPTO_LIBS)
plugins_gcp_la_LDFLAGS = $(plugin_ldflags)

check_LTLIBRARIES += plugins/gcp/libparts.la
plugins_gcp_libparts_la_SOURCES = $(gcp_parts)
plugins_gcp_libparts_la_LIBADD = $(CRYPTO_LIBS)
gcp_test_libs = plugins/gcp/libparts.la $(cloud_test_libs)
unit_tests += tests/unit/test_gcp_parts
tests_unit_test_gcp_parts_LDADD = $(gcp_test_libs)
fuzzers += tests/fuzz/fuzz_gcp_files
tests_fuzz_fuzz_gcp_files_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_gcp_files_LDADD = plugins/gcp/libparts.la \
	sdk/kit/cloud/libscankit-cloud.la sdk/kit/libscankit-http.la $(LDADD)
endif
EXTRA_DIST += plugins/gcp/README
