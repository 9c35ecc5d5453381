# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/launch/conduct.c engine/launch/conduct.h \
	engine/launch/describe.c \
	engine/launch/effects.c \
	engine/launch/home.c \
	engine/launch/launcher.c engine/launch/launcher.h \
	engine/launch/launch_private.h \
	engine/launch/prepare.c \
	engine/launch/process.c \
	engine/launch/receive.c \
	engine/launch/task.c engine/launch/task.h \
	engine/launch/thread.c
