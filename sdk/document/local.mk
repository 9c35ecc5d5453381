# SPDX-License-Identifier: Apache-2.0
# Needs yajl, libyaml and PCRE2 (configure.ac: YAJL, YAML, PCRE2).
ground_sources += \
	sdk/document/document.h \
	sdk/document/find.c \
	sdk/document/json_read.c \
	sdk/document/json_write.c \
	sdk/document/keys.c sdk/document/keys.h \
	sdk/document/match.h \
	sdk/document/number.c sdk/document/number.h \
	sdk/document/origin.c sdk/document/origin.h \
	sdk/document/path.c sdk/document/path.h sdk/document/plain.c \
	sdk/document/reader.c sdk/document/reader.h \
	sdk/document/reader_alias.c \
	sdk/document/utf8.c sdk/document/utf8.h \
	sdk/document/yaml_problem.c sdk/document/yaml_problem.h \
	sdk/document/yaml_read.c \
	sdk/document/yaml_scalar.c sdk/document/yaml_scalar.h \
	sdk/document/compare.c \
	sdk/document/match.c \
	sdk/document/match_compile.c sdk/document/match_compile.h \
	sdk/document/match_operators.c \
	sdk/document/match_regex.c \
	sdk/document/match_private.h \
	sdk/document/order.c \
	sdk/document/order.h \
	sdk/document/put.c sdk/document/put.h \
	sdk/document/ref.h \
	sdk/document/walk.c \
	sdk/document/walk.h
unit_tests += \
	tests/unit/test_document_json \
	tests/unit/test_document_order \
	tests/unit/test_document_yaml \
	tests/unit/test_match \
	tests/unit/test_table
fuzzers += tests/fuzz/fuzz_match
tests_fuzz_fuzz_match_LDFLAGS = $(fuzz_ldflags)
