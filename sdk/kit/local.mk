# SPDX-License-Identifier: Apache-2.0
kit_sources += \
	sdk/kit/host.c \
	sdk/kit/host.h \
	sdk/kit/process.c \
	sdk/kit/process.h \
	sdk/kit/process_private.h \
	sdk/kit/process_start.c \
	sdk/kit/secret.c \
	sdk/kit/secret.h
unit_tests += \
	tests/unit/test_process \
	tests/unit/test_secret

# Checks: template.h, check.h.
kit_check_sources = \
	sdk/kit/template.c sdk/kit/template.h \
	sdk/kit/template_private.h \
	sdk/kit/template_word.c
kit_sources += $(kit_check_sources)
unit_tests += tests/unit/test_template
fuzzers += tests/fuzz/fuzz_template
tests_fuzz_fuzz_template_LDFLAGS = $(fuzz_ldflags)
