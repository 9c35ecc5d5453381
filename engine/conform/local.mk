# SPDX-License-Identifier: Apache-2.0
# scan-conform, the worker in which "scan-engine conform" tries a scanner out;
# the command is in engine/cli.
pkglibexec_PROGRAMS += scan-conform
scan_conform_SOURCES = \
	engine/conform/check_failure.c \
	engine/conform/check_file.c \
	engine/conform/check_life.c \
	engine/conform/check_report.c \
	engine/conform/check_scan.c \
	engine/conform/checks.c engine/conform/checks.h \
	engine/conform/input.c \
	engine/conform/main.c \
	engine/conform/mock.c engine/conform/mock.h \
	engine/conform/mock_report.c \
	engine/conform/scene.c engine/conform/scene.h \
	engine/conform/symbols.c \
	engine/conform/usage.c engine/conform/usage.h
scan_conform_LDADD = engine/libenginecore.la
scan_conform_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
program_sources += engine/conform/checks.c engine/conform/checks.h

fuzzers += tests/fuzz/fuzz_symbols
tests_fuzz_fuzz_symbols_SOURCES = \
	engine/conform/symbols.c \
	tests/fuzz/fuzz_symbols.c
tests_fuzz_fuzz_symbols_LDFLAGS = $(fuzz_ldflags)
