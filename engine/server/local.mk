# SPDX-License-Identifier: Apache-2.0
# The daemon; a library of its own, so that tests can link it.
if WITH_SERVER
AM_CPPFLAGS += -DSCAN_ENGINE_SERVER=1 $(MICROHTTPD_CFLAGS)
noinst_LTLIBRARIES += engine/server/libengineserver.la
server_libs += engine/server/libengineserver.la
engine_server_libengineserver_la_LIBADD = $(MICROHTTPD_LIBS) $(ARCHIVE_LIBS)
engine_server_libengineserver_la_SOURCES = \
	engine/server/admit.c \
	engine/server/answer.c \
	engine/server/archive.c \
	engine/server/events.c \
	engine/server/form.c \
	engine/server/handlers_archive.c engine/server/handlers_archive.h \
	engine/server/handlers_catalog.c \
	engine/server/handlers_execute.c \
	engine/server/handlers_misc.c \
	engine/server/handlers_rules.c \
	engine/server/handlers_scans.c \
	engine/server/handlers_xccdf.c \
	engine/server/http.c engine/server/http.h \
	engine/server/http_message.c engine/server/http_message.h \
	engine/server/listen.c \
	engine/server/openapi.c \
	engine/server/pool.c \
	engine/server/private.h \
	engine/server/queue.c engine/server/queue_private.h \
	engine/server/queue_claim.c \
	engine/server/rate.c \
	engine/server/recover.c \
	engine/server/request.c \
	engine/server/response.c \
	engine/server/results.c \
	engine/server/routes.c \
	engine/server/runner.c \
	engine/server/scan_view.c engine/server/scan_view.h \
	engine/server/schemas.c engine/server/schemas.h \
	engine/server/server.c engine/server/server.h \
	engine/server/tokens.c \
	engine/server/xccdf.h \
	engine/server/xccdf_benchmark.c \
	engine/server/xccdf_collect.c \
	engine/server/xccdf_content.c \
	engine/server/xccdf_made.h \
	engine/server/xccdf_rule.c \
	engine/server/xccdf_tailoring.c \
	engine/server/xccdf_text.c

program_sources += engine/cli/serve.c engine/cli/token.c
dist_man_MANS += doc/scan-engine-serve.1
systemddir = $(prefix)/lib/systemd/system
systemd_DATA = conf/scan-engine.service
CLEANFILES += conf/scan-engine.service
conf/scan-engine.service: conf/scan-engine.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && \
	  sed 's|[@]bindir[@]|$(bindir)|' $(top_srcdir)/conf/scan-engine.service.in >$@

unit_tests += tests/unit/test_server
tests_unit_test_server_LDADD = engine/server/libengineserver.la $(LDADD)

fuzzers += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_request_LDADD = engine/server/libengineserver.la $(LDADD)
endif
