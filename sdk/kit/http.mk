# SPDX-License-Identifier: Apache-2.0
# The planner: collect.h.
kit_sources += \
	sdk/kit/collect.c sdk/kit/collect.h \
	sdk/kit/collect_call.c \
	sdk/kit/collect_item.c \
	sdk/kit/collect_private.h
unit_tests += tests/unit/test_collect

# What talks HTTP stands on libcurl, which it loads when it is needed, and
# nothing else of the kit does. Plugins link both: sdk/kit/libscankit-http.la sdk/kit/libscankit-core.la
kit_http_sources = \
	sdk/kit/http.h \
	sdk/kit/http_answer.c \
	sdk/kit/http_client.c \
	sdk/kit/http_curl.c \
	sdk/kit/http_end.c \
	sdk/kit/http_error.c \
	sdk/kit/http_parse.c \
	sdk/kit/http_place.c \
	sdk/kit/http_private.h \
	sdk/kit/http_queue.c \
	sdk/kit/http_request.c \
	sdk/kit/http_try.c \
	sdk/kit/http_url.c
if WITH_CURL
noinst_LTLIBRARIES += sdk/kit/libscankit-http.la
sdk_kit_libscankit_http_la_SOURCES = $(kit_http_sources)
sdk_kit_libscankit_http_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-DCURL_SONAME='"$(CURL_SONAME)"'
endif

if WITH_CURL
check_LTLIBRARIES += tests/unit/libhttpstage.la
tests_unit_libhttpstage_la_SOURCES = \
	tests/unit/http_stage.c tests/unit/http_stage.h
http_test_libs = tests/unit/libhttpstage.la sdk/kit/libscankit-http.la \
	$(LDADD)
unit_tests += tests/unit/test_http
tests_unit_test_http_LDADD = $(http_test_libs)
unit_tests += tests/unit/test_http_faults
tests_unit_test_http_faults_LDADD = $(http_test_libs)
unit_tests += tests/unit/test_http_many
tests_unit_test_http_many_LDADD = $(http_test_libs)
unit_tests += tests/unit/test_http_tls
tests_unit_test_http_tls_LDADD = $(http_test_libs)
# Without libcurl, as on a machine that has none.
unit_tests += tests/unit/test_http_missing
tests_unit_test_http_missing_SOURCES = tests/unit/test_http_missing.c \
	$(kit_http_sources)
tests_unit_test_http_missing_CPPFLAGS = $(AM_CPPFLAGS) \
	-DCURL_SONAME='"libcurl-of-no-machine.so.4"'
fuzzers += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_http_LDADD = sdk/kit/libscankit-http.la $(LDADD)
endif
