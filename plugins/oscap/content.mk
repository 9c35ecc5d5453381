# SPDX-License-Identifier: Apache-2.0
# Importing and compiling SCAP content; included by plugins/oscap/local.mk.
oscap_content_sources = \
	plugins/oscap/compile.c plugins/oscap/compile.h \
	plugins/oscap/compile_cache.c \
	plugins/oscap/compile_complete.c \
	plugins/oscap/compile_oval.c \
	plugins/oscap/compile_set.c \
	plugins/oscap/compile_xccdf.c \
	plugins/oscap/content.h \
	plugins/oscap/content_rules.c \
	plugins/oscap/fragments.c plugins/oscap/fragments.h \
	plugins/oscap/fragments_write.c \
	plugins/oscap/import_content.c \
	plugins/oscap/import_frameworks.c \
	plugins/oscap/import_locate.c \
	plugins/oscap/import_oval.c \
	plugins/oscap/import_private.h \
	plugins/oscap/import_benchmark.c \
	plugins/oscap/import_profile.c \
	plugins/oscap/import_refs.c \
	plugins/oscap/import_rule.c \
	plugins/oscap/import_text.c \
	plugins/oscap/import_value.c \
	plugins/oscap/import_xccdf.c \
	plugins/oscap/import_yaml.c plugins/oscap/import_yaml.h \
	plugins/oscap/import_yaml_source.c \
	plugins/oscap/import_yaml_write.c \
	plugins/oscap/shard.c plugins/oscap/shard.h \
	plugins/oscap/tailoring.c \
	plugins/oscap/xml.c plugins/oscap/xml.h \
	plugins/oscap/xml_write.c
oscap_sources += $(oscap_content_sources)

if WITH_OSCAP
# For the tests: a program cannot share objects with a plugin otherwise.
check_LTLIBRARIES += plugins/oscap/libcontent.la
plugins_oscap_libcontent_la_SOURCES = $(oscap_content_sources)
oscap_content_ldadd = plugins/oscap/libcontent.la $(LDADD) $(XML_LIBS)

unit_tests += plugins/oscap/test_content plugins/oscap/test_compile
plugins_oscap_test_content_SOURCES = plugins/oscap/test_content.c \
	plugins/oscap/test_bench.c plugins/oscap/test_bench.h
plugins_oscap_test_content_LDADD = $(oscap_content_ldadd)
plugins_oscap_test_compile_SOURCES = plugins/oscap/test_compile.c \
	plugins/oscap/test_bench.c plugins/oscap/test_bench.h
plugins_oscap_test_compile_LDADD = $(oscap_content_ldadd)

# Imports and compiles without the engine, for the equality tests.
check_PROGRAMS += tests/integration/oscap_content
tests_integration_oscap_content_LDADD = $(oscap_content_ldadd)

fuzzers += tests/fuzz/fuzz_xccdf_import
tests_fuzz_fuzz_xccdf_import_LDADD = $(oscap_content_ldadd)
tests_fuzz_fuzz_xccdf_import_LDFLAGS = $(fuzz_ldflags)
endif
