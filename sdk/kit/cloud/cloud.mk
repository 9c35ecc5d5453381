# SPDX-License-Identifier: Apache-2.0
# What scanners of clouds share. Plugins link, in this order:
# sdk/kit/cloud/libscankit-cloud.la sdk/kit/libscankit-http.la
# sdk/kit/libscankit-expr.la sdk/kit/libscankit-core.la
kit_cloud_sources = \
	sdk/kit/cloud/blame.c \
	sdk/kit/cloud/call.c \
	sdk/kit/cloud/call_pump.c \
	sdk/kit/cloud/cloud.c \
	sdk/kit/cloud/cloud.h \
	sdk/kit/cloud/cloud_private.h \
	sdk/kit/cloud/evidence.c \
	sdk/kit/cloud/fan.c \
	sdk/kit/cloud/guard.c \
	sdk/kit/cloud/guard.h \
	sdk/kit/cloud/judge.c \
	sdk/kit/cloud/jwt.c \
	sdk/kit/cloud/jwt.h \
	sdk/kit/cloud/noun.c \
	sdk/kit/cloud/options.c \
	sdk/kit/cloud/options.h \
	sdk/kit/cloud/pages.c \
	sdk/kit/cloud/place.c \
	sdk/kit/cloud/plan.c \
	sdk/kit/cloud/report.c \
	sdk/kit/cloud/rule_call.c \
	sdk/kit/cloud/rule_check.c \
	sdk/kit/cloud/rule_read.c \
	sdk/kit/cloud/rule_rests.c \
	sdk/kit/cloud/run.c \
	sdk/kit/cloud/scope.c \
	sdk/kit/cloud/splice.c \
	sdk/kit/cloud/subject.c \
	sdk/kit/cloud/token.c \
	sdk/kit/cloud/token.h \
	sdk/kit/cloud/token_mask.c \
	sdk/kit/cloud/token_private.h \
	sdk/kit/cloud/variables.c \
	sdk/kit/cloud/visit.c \
	sdk/kit/cloud/visit_call.c
if WITH_CURL
noinst_LTLIBRARIES += sdk/kit/cloud/libscankit-cloud.la
sdk_kit_cloud_libscankit_cloud_la_SOURCES = $(kit_cloud_sources)
sdk_kit_cloud_libscankit_cloud_la_LIBADD = $(CRYPTO_LIBS)

check_LTLIBRARIES += tests/unit/libcloudstage.la
tests_unit_libcloudstage_la_SOURCES = \
	tests/unit/cloud_stage.c tests/unit/cloud_stage.h
unit_tests += tests/unit/test_cloud
tests_unit_test_cloud_LDADD = $(cloud_stage_libs)
unit_tests += tests/unit/test_cloud_calls
tests_unit_test_cloud_calls_LDADD = $(cloud_stage_libs)
unit_tests += tests/unit/test_cloud_verdicts
tests_unit_test_cloud_verdicts_LDADD = $(cloud_stage_libs)
unit_tests += tests/unit/test_cloud_ends
tests_unit_test_cloud_ends_LDADD = $(cloud_stage_libs)
unit_tests += tests/unit/test_cloud_rests
tests_unit_test_cloud_rests_LDADD = $(cloud_stage_libs)
unit_tests += tests/unit/test_cloud_variables
tests_unit_test_cloud_variables_LDADD = $(cloud_stage_libs)
unit_tests += tests/unit/test_cloud_pages
tests_unit_test_cloud_pages_LDADD = $(cloud_test_libs)
cloud_stage_libs = tests/unit/libcloudstage.la $(cloud_test_libs)

cloud_test_libs = sdk/kit/cloud/libscankit-cloud.la $(http_test_libs)
unit_tests += tests/unit/test_cloud_guard
tests_unit_test_cloud_guard_LDADD = $(cloud_test_libs)
unit_tests += tests/unit/test_cloud_jwt
tests_unit_test_cloud_jwt_LDADD = $(cloud_test_libs)
unit_tests += tests/unit/test_cloud_token
tests_unit_test_cloud_token_LDADD = $(cloud_test_libs)
fuzzers += tests/fuzz/fuzz_cloud_rule
tests_fuzz_fuzz_cloud_rule_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_cloud_rule_LDADD = $(cloud_stage_libs)
fuzzers += tests/fuzz/fuzz_cloud_guard
tests_fuzz_fuzz_cloud_guard_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_cloud_guard_LDADD = sdk/kit/cloud/libscankit-cloud.la \
	sdk/kit/libscankit-http.la $(LDADD)
endif
