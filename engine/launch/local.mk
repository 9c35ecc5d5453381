# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/launch/budget.c \
	engine/launch/conduct.c engine/launch/conduct.h \
	engine/launch/describe.c \
	engine/launch/effects.c \
	engine/launch/environment.c \
	engine/launch/home.c \
	engine/launch/launcher.c engine/launch/launcher.h \
	engine/launch/launch_private.h \
	engine/launch/prepare.c \
	engine/launch/process.c \
	engine/launch/receive.c \
	engine/launch/show.c \
	engine/launch/task.c engine/launch/task.h \
	engine/launch/thread.c

unit_tests += tests/unit/test_conduct
tests_unit_test_conduct_SOURCES = \
	tests/unit/conduct_stage.c tests/unit/conduct_stage.h \
	tests/unit/test_conduct.c
unit_tests += tests/unit/test_conduct_zoo
tests_unit_test_conduct_zoo_SOURCES = \
	tests/unit/conduct_stage.c tests/unit/conduct_stage.h \
	tests/unit/test_conduct_zoo.c
unit_tests += tests/unit/test_budget
tests_unit_test_budget_SOURCES = \
	tests/unit/conduct_stage.c tests/unit/conduct_stage.h \
	tests/unit/test_budget.c
unit_tests += tests/unit/test_drop
tests_unit_test_drop_SOURCES = \
	tests/unit/conduct_stage.c tests/unit/conduct_stage.h \
	tests/unit/test_drop.c
