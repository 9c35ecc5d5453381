# SPDX-License-Identifier: Apache-2.0
# The client of the daemon: a program of its own, beside scan-worker, and the
# only one that links libcurl.
remote_sources = \
	engine/remote/ask.c \
	engine/remote/fetch.c \
	engine/remote/find.c \
	engine/remote/follow.c \
	engine/remote/http.c \
	engine/remote/http.h \
	engine/remote/main.c \
	engine/remote/open.c \
	engine/remote/page.c \
	engine/remote/page.h \
	engine/remote/remote.h \
	engine/remote/rules.c \
	engine/remote/scan.c \
	engine/remote/scans.c \
	engine/remote/spool.c \
	engine/remote/sse.c \
	engine/remote/sse.h \
	engine/remote/token.c \
	engine/remote/url.c \
	engine/remote/url.h

if WITH_REMOTE
pkglibexec_PROGRAMS += scan-remote
scan_remote_SOURCES = $(remote_sources) $(cli_sources) $(report_sources)
scan_remote_LDADD = engine/libenginecore.la $(CURL_LIBS)
scan_remote_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)

remote_readers = engine/remote/page.c engine/remote/sse.c engine/remote/url.c
unit_tests += tests/unit/test_remote
tests_unit_test_remote_SOURCES = tests/unit/test_remote.c $(remote_readers)
tests_unit_test_remote_LDADD = $(LDADD) $(CURL_LIBS)

fuzzers += tests/fuzz/fuzz_remote
tests_fuzz_fuzz_remote_SOURCES = tests/fuzz/fuzz_remote.c $(remote_readers)
tests_fuzz_fuzz_remote_LDADD = $(LDADD) $(CURL_LIBS)
tests_fuzz_fuzz_remote_LDFLAGS = $(fuzz_ldflags)
endif
