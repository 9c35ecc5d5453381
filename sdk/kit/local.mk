# SPDX-License-Identifier: Apache-2.0
# Values and what is decided about them: no HTTP, no processes. Needs what the
# ground needs and libjq (configure.ac: JQ).
kit_expr_sources += \
	sdk/kit/expr.c sdk/kit/expr.h \
	sdk/kit/expr_private.h \
	sdk/kit/expr/jmespath.c \
	sdk/kit/expr/jmespath_array.c \
	sdk/kit/expr/jmespath_call.c \
	sdk/kit/expr/jmespath_decode.c \
	sdk/kit/expr/jmespath_eval.c \
	sdk/kit/expr/jmespath_lex.c \
	sdk/kit/expr/jmespath_net.c \
	sdk/kit/expr/jmespath_number.c \
	sdk/kit/expr/jmespath_object.c \
	sdk/kit/expr/jmespath_parse.c \
	sdk/kit/expr/jmespath_parse_inner.c \
	sdk/kit/expr/jmespath_parse_node.c sdk/kit/expr/jmespath_parser.h \
	sdk/kit/expr/jmespath_string.c \
	sdk/kit/expr/jmespath_text.c \
	sdk/kit/expr/jmespath_time.c \
	sdk/kit/expr/jmespath_value.c \
	sdk/kit/expr/jmespath_rests.c \
	sdk/kit/expr/jmespath_wants.c \
	sdk/kit/expr/jmespath.h \
	sdk/kit/expr/jmespath_functions.h \
	sdk/kit/expr/jq_split.c sdk/kit/expr/jq_split.h \
	sdk/kit/expr/yamlpath.c sdk/kit/expr/yamlpath.h \
	sdk/kit/expr/yamlpath_parse.c \
	sdk/kit/value.c sdk/kit/value.h \
	sdk/kit/value_bson.c \
	sdk/kit/value_copy.c sdk/kit/value_builder.c sdk/kit/value_builder.h \
	sdk/kit/value_mask.c sdk/kit/value_mask.h \
	sdk/kit/value_mask_private.h \
	sdk/kit/value_parser.c sdk/kit/value_parser.h \
	sdk/kit/value_parser_scalar.c \
	sdk/kit/value_scan.c sdk/kit/value_scan.h \
	sdk/kit/value_stream.c sdk/kit/value_stream.h \
	sdk/kit/value_write.c \
	sdk/kit/value_yaml.c sdk/kit/value_yaml_private.h \
	sdk/kit/value_yaml_tree.c
if WITH_JQ
kit_expr_sources += \
	sdk/kit/expr/jq.c \
	sdk/kit/expr/jq_machine.c sdk/kit/expr/jq_machine.h
unit_tests += tests/unit/test_jq
endif
unit_tests += \
	tests/unit/test_jmespath \
	tests/unit/test_value \
	tests/unit/test_value_stream \
	tests/unit/test_yamlpath

fuzzers += tests/fuzz/fuzz_jq_split
tests_fuzz_fuzz_jq_split_LDFLAGS = $(fuzz_ldflags)
fuzzers += tests/fuzz/fuzz_value_stream
tests_fuzz_fuzz_value_stream_LDFLAGS = $(fuzz_ldflags)
fuzzers += tests/fuzz/fuzz_value_yaml
tests_fuzz_fuzz_value_yaml_LDFLAGS = $(fuzz_ldflags)
fuzzers += tests/fuzz/fuzz_yamlpath
tests_fuzz_fuzz_yamlpath_LDFLAGS = $(fuzz_ldflags)

kit_sources += \
	sdk/kit/host.c \
	sdk/kit/host.h \
	sdk/kit/line.c sdk/kit/line.h \
	sdk/kit/process.c \
	sdk/kit/process.h \
	sdk/kit/process_private.h \
	sdk/kit/process_result.c \
	sdk/kit/process_start.c \
	sdk/kit/secret.c \
	sdk/kit/secret.h
unit_tests += \
	tests/unit/test_line \
	tests/unit/test_process \
	tests/unit/test_secret

# Checks: template.h, check.h.
kit_check_sources = \
	sdk/kit/check.c \
	sdk/kit/check.h \
	sdk/kit/check_condition.c \
	sdk/kit/check_content.c \
	sdk/kit/check_duration.c \
	sdk/kit/check_evidence.c \
	sdk/kit/check_field.c \
	sdk/kit/check_oval.c \
	sdk/kit/check_oval.h \
	sdk/kit/check_private.h \
	sdk/kit/check_record.c \
	sdk/kit/check_set.c \
	sdk/kit/check_shared.c \
	sdk/kit/check_table.c \
	sdk/kit/condition.c \
	sdk/kit/condition.h \
	sdk/kit/condition_private.h \
	sdk/kit/condition_quantity.c \
	sdk/kit/condition_quantity.h \
	sdk/kit/condition_test.c \
	sdk/kit/template.c sdk/kit/template.h \
	sdk/kit/template_fill.c \
	sdk/kit/template_private.h \
	sdk/kit/template_word.c
kit_expr_sources += $(kit_check_sources)
unit_tests += \
	tests/unit/test_check \
	tests/unit/test_check_set \
	tests/unit/test_condition \
	tests/unit/test_openshift \
	tests/unit/test_template
tests_unit_test_openshift_LDADD = $(LDADD) $(ARCHIVE_LIBS)
fuzzers += tests/fuzz/fuzz_check tests/fuzz/fuzz_template
fuzzers += tests/fuzz/fuzz_jmespath
tests_fuzz_fuzz_jmespath_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_check_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_template_LDFLAGS = $(fuzz_ldflags)
