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
