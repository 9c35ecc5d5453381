# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/worker/check.c \
	engine/worker/describe.c \
	engine/worker/frames.c engine/worker/frames.h \
	engine/worker/host.c \
	engine/worker/host_get.c \
	engine/worker/host_register.c \
	engine/worker/host_report.c \
	engine/worker/limits.c \
	engine/worker/socket.c \
	engine/worker/sweep.c engine/worker/sweep.h \
	engine/worker/take.c \
	engine/worker/watch.c \
	engine/worker/worker.c engine/worker/worker.h \
	engine/worker/worker_private.h

unit_tests += tests/unit/test_frames tests/unit/test_worker
