# SPDX-License-Identifier: Apache-2.0
oscap_sources = \
	plugins/oscap/import.c \
	plugins/oscap/options.c \
	plugins/oscap/oscap.c plugins/oscap/oscap.h \
	plugins/oscap/plan.c \
	plugins/oscap/probe.c \
	plugins/oscap/report.c plugins/oscap/report.h \
	plugins/oscap/scan.c \
	plugins/oscap/units.c

oscap_run_sources = \
	plugins/oscap/costs.c plugins/oscap/costs.h \
	plugins/oscap/run.c plugins/oscap/run.h \
	plugins/oscap/run_command.c plugins/oscap/run_command.h \
	plugins/oscap/ssh.c plugins/oscap/ssh.h \
	plugins/oscap/target.c plugins/oscap/target.h \
	plugins/oscap/watch.c plugins/oscap/watch.h
oscap_sources += $(oscap_run_sources)

include plugins/oscap/content.mk
include plugins/oscap/results.mk

if WITH_OSCAP
plugins_LTLIBRARIES += plugins/oscap.la
plugins_oscap_la_SOURCES = $(oscap_sources)
plugins_oscap_la_LIBADD = sdk/kit/libscankit-core.la $(XML_LIBS)
plugins_oscap_la_LDFLAGS = $(plugin_ldflags)

# Loaded into oscap, which knows no sanitizer: built without CFLAGS.
quickdir = $(pkglibdir)
quick_DATA = plugins/oscap/oscap-quick.so
plugins/oscap/oscap-quick.so: plugins/oscap/quick.c
	$(AM_V_CC)$(MKDIR_P) plugins/oscap && \
	$(CC) -std=c11 -O2 -fPIC -shared -nostdlib -Wl,-z,now,-z,relro \
	    -o $@ $(srcdir)/plugins/oscap/quick.c
CLEANFILES += plugins/oscap/oscap-quick.so
endif
EXTRA_DIST += plugins/oscap/quick.c

if WITH_OSCAP
check_LTLIBRARIES += plugins/oscap/librun.la
plugins_oscap_librun_la_SOURCES = $(oscap_run_sources)
unit_tests += plugins/oscap/test_run
plugins_oscap_test_run_LDADD = plugins/oscap/librun.la $(LDADD)
unit_tests += plugins/oscap/test_watch
plugins_oscap_test_watch_LDADD = plugins/oscap/librun.la $(LDADD)
unit_tests += plugins/oscap/test_costs
plugins_oscap_test_costs_LDADD = plugins/oscap/librun.la \
	plugins/oscap/libcontent.la $(LDADD) $(XML_LIBS)
endif
EXTRA_DIST += plugins/oscap/README
