# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/plugin/loader.c engine/plugin/loader.h \
	engine/plugin/ops.c \
	engine/plugin/options.c engine/plugin/options.h \
	engine/plugin/path.c \
	engine/plugin/registry.c engine/plugin/registry.h

unit_tests += tests/unit/test_loader tests/unit/test_registry
