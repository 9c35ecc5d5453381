# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/config/config.c \
	engine/config/config.h \
	engine/config/example.c \
	engine/config/nearest.c \
	engine/config/nearest.h \
	engine/config/option.c \
	engine/config/option.h \
	engine/config/places.c \
	engine/config/places.h \
	engine/config/plugins.c \
	engine/config/prescan.c \
	engine/config/prescan.h \
	engine/config/setting.c \
	engine/config/setting.h \
	engine/config/setting_bson.c \
	engine/config/tables.c \
	engine/config/user.c

unit_tests += tests/unit/test_config

fuzzers += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_ldflags)
