# SPDX-License-Identifier: Apache-2.0
# Reading what oscap wrote; included by plugins/oscap/local.mk.
oscap_results_sources = \
	plugins/oscap/evidence.c plugins/oscap/evidence.h \
	plugins/oscap/evidence_definition.c \
	plugins/oscap/evidence_parts.c \
	plugins/oscap/evidence_private.h \
	plugins/oscap/evidence_read.c \
	plugins/oscap/results.c plugins/oscap/results.h \
	plugins/oscap/results_reader.c plugins/oscap/results_reader.h
oscap_sources += $(oscap_results_sources)

if WITH_OSCAP
# For the tests: a program cannot share objects with a plugin otherwise.
check_LTLIBRARIES += plugins/oscap/libresults.la
plugins_oscap_libresults_la_SOURCES = $(oscap_results_sources)
oscap_results_ldadd = plugins/oscap/libresults.la $(LDADD) $(XML_LIBS)

unit_tests += plugins/oscap/test_results plugins/oscap/test_evidence
plugins_oscap_test_results_LDADD = $(oscap_results_ldadd)
plugins_oscap_test_evidence_LDADD = $(oscap_results_ldadd)

fuzzers += tests/fuzz/fuzz_xccdf_results
tests_fuzz_fuzz_xccdf_results_LDADD = $(oscap_results_ldadd)
tests_fuzz_fuzz_xccdf_results_LDFLAGS = $(fuzz_ldflags)
endif
