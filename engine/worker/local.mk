# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/worker/check.c \
	engine/worker/confine.c engine/worker/confine.h \
	engine/worker/confine_landlock.c \
	engine/worker/confine_path.c \
	engine/worker/confine_private.h \
	engine/worker/confine_seccomp.c \
	engine/worker/describe.c \
	engine/worker/frames.c engine/worker/frames.h \
	engine/worker/host.c \
	engine/worker/host_get.c \
	engine/worker/host_register.c \
	engine/worker/host_report.c \
	engine/worker/keeper.c \
	engine/worker/limits.c \
	engine/worker/ring.c engine/worker/ring.h \
	engine/worker/socket.c \
	engine/worker/sweep.c engine/worker/sweep.h \
	engine/worker/take.c \
	engine/worker/user.c \
	engine/worker/watch.c \
	engine/worker/weigh.c engine/worker/weigh.h \
	engine/worker/worker.c engine/worker/worker.h \
	engine/worker/worker_private.h

unit_tests += tests/unit/test_frames tests/unit/test_ring
unit_tests += tests/unit/test_worker
unit_tests += tests/unit/test_confine
tests_unit_test_confine_SOURCES = \
	tests/unit/conduct_stage.c tests/unit/conduct_stage.h \
	tests/unit/test_confine.c
