# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/rules/rules.h engine/rules/rules_private.h \
	engine/rules/archive.c engine/rules/archive.h \
	engine/rules/batch.c \
	engine/rules/bundle.c \
	engine/rules/choose.c \
	engine/rules/commit.c \
	engine/rules/content.c \
	engine/rules/declare.c \
	engine/rules/detect.c \
	engine/rules/each.c \
	engine/rules/filter.c \
	engine/rules/find.c \
	engine/rules/frameworks.c \
	engine/rules/known.c \
	engine/rules/load.c \
	engine/rules/load_native.c \
	engine/rules/manifest.c engine/rules/manifest.h \
	engine/rules/near.c \
	engine/rules/normalise.c \
	engine/rules/nothing.c \
	engine/rules/order.c \
	engine/rules/path.c \
	engine/rules/pick.c \
	engine/rules/profile.c \
	engine/rules/read.c \
	engine/rules/report.c \
	engine/rules/resolve.c \
	engine/rules/select.c \
	engine/rules/selection.c \
	engine/rules/suffix.c \
	engine/rules/template_form.c engine/rules/template_form.h \
	engine/rules/template_form_variables.c \
	engine/rules/texts.c \
	engine/rules/validate.c \
	engine/rules/variables.c

unit_tests += \
	tests/unit/test_rules_import \
	tests/unit/test_rules_normalise \
	tests/unit/test_rules_select
