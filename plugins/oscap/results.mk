# SPDX-License-Identifier: Apache-2.0
# Reading what oscap wrote; included by plugins/oscap/local.mk.
oscap_results_sources = \
	plugins/oscap/evidence.c plugins/oscap/evidence.h \
	plugins/oscap/evidence_parts.c \
	plugins/oscap/evidence_private.h \
	plugins/oscap/evidence_read.c \
	plugins/oscap/results.c plugins/oscap/results.h \
	plugins/oscap/results_reader.c plugins/oscap/results_reader.h
oscap_sources += $(oscap_results_sources)

if WITH_OSCAP
unit_tests += plugins/oscap/test_results plugins/oscap/test_evidence
plugins_oscap_test_results_SOURCES = \
	plugins/oscap/test_results.c $(oscap_results_sources)
plugins_oscap_test_results_LDADD = $(LDADD) $(XML_LIBS)
plugins_oscap_test_evidence_SOURCES = \
	plugins/oscap/test_evidence.c $(oscap_results_sources)
plugins_oscap_test_evidence_LDADD = $(LDADD) $(XML_LIBS)

fuzzers += tests/fuzz/fuzz_xccdf_results
tests_fuzz_fuzz_xccdf_results_SOURCES = \
	tests/fuzz/fuzz_xccdf_results.c $(oscap_results_sources)
tests_fuzz_fuzz_xccdf_results_LDADD = $(LDADD) $(XML_LIBS)
tests_fuzz_fuzz_xccdf_results_LDFLAGS = $(fuzz_ldflags)
endif
