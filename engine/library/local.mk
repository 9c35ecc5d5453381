# SPDX-License-Identifier: Apache-2.0
# What the program and embedders have in common.
core_sources += \
	engine/library/native.c \
	engine/library/session.c engine/library/session.h

# The functions of engine.h; a library of its own, so that tests can link it
# beside the engine's inside, which libengine.so hides.
noinst_LTLIBRARIES += engine/library/libpublic.la
engine_library_libpublic_la_SOURCES = \
	engine/library/engine.c \
	engine/library/handle.c engine/library/handle.h \
	engine/library/handle_tell.c \
	engine/library/import.c \
	engine/library/json.c \
	engine/library/library.h \
	engine/library/manage.c \
	engine/library/query.c \
	engine/library/scanners.c
public_headers += include/engine/engine.h
pkgconfig_DATA += sdk/libengine.pc
EXTRA_DIST += sdk/libengine.pc.in

# Linked like any program that embeds: with libengine.so and what it exports.
# Without libtool's script around them, which Valgrind would look at instead.
library_test_ldflags = $(AM_LDFLAGS) -no-install
library_stage = tests/unit/library_stage.c tests/unit/library_stage.h
unit_tests += tests/unit/test_library
tests_unit_test_library_SOURCES = $(library_stage) tests/unit/test_library.c
tests_unit_test_library_LDFLAGS = $(library_test_ldflags)
tests_unit_test_library_LDADD = engine/libengine.la $(CMOCKA_LIBS)
unit_tests += tests/unit/test_library_scan
tests_unit_test_library_scan_SOURCES = \
	$(library_stage) tests/unit/test_library_scan.c
tests_unit_test_library_scan_LDFLAGS = $(library_test_ldflags)
tests_unit_test_library_scan_LDADD = engine/libengine.la $(CMOCKA_LIBS)
unit_tests += tests/unit/test_library_process
tests_unit_test_library_process_SOURCES = \
	$(library_stage) tests/unit/test_library_process.c
tests_unit_test_library_process_LDFLAGS = $(library_test_ldflags)
tests_unit_test_library_process_LDADD = engine/libengine.la $(CMOCKA_LIBS)
# With the hook that lets allocations fail, which libengine.so hides.
unit_tests += tests/unit/test_library_faults
tests_unit_test_library_faults_SOURCES = \
	$(library_stage) tests/unit/test_library_faults.c
tests_unit_test_library_faults_LDADD = engine/library/libpublic.la \
	engine/libenginecore.la $(CMOCKA_LIBS)
