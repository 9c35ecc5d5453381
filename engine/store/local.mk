# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/store/artifact_file.c engine/store/artifact_file.h \
	engine/store/spool.c engine/store/spool.h \
	engine/store/spool_private.h \
	engine/store/spool_read.c \
	engine/store/sqlite.c engine/store/sqlite.h \
	engine/store/sqlite_artifact.c \
	engine/store/sqlite_count.c \
	engine/store/sqlite_find.c \
	engine/store/sqlite_function.c \
	engine/store/sqlite_link.c \
	engine/store/sqlite_list.c \
	engine/store/sqlite_schema.c \
	engine/store/sqlite_where.c \
	engine/store/sqlite_transaction.c \
	engine/store/sqlite_write.c \
	engine/store/store.c engine/store/store.h \
	engine/store/store_module.c engine/store/store_module.h \
	engine/store/store_ops.h

# A module, so that only who uses it pays for libmongoc when a program starts.
if WITH_MONGODB
noinst_LTLIBRARIES += engine/store/libmongodb.la
engine_store_libmongodb_la_LIBADD = $(MONGOC_LIBS)
engine_store_libmongodb_la_SOURCES = \
	engine/store/mongodb.c engine/store/mongodb.h \
	engine/store/mongodb_artifact.c \
	engine/store/mongodb_count.c \
	engine/store/mongodb_filter.c \
	engine/store/mongodb_find.c \
	engine/store/mongodb_gather.c \
	engine/store/mongodb_link.c \
	engine/store/mongodb_pending.c \
	engine/store/mongodb_schema.c \
	engine/store/mongodb_send.c \
	engine/store/mongodb_swap.c \
	engine/store/mongodb_write.c

pkglib_LTLIBRARIES += engine/store/store-mongodb.la
engine_store_store_mongodb_la_SOURCES = \
	engine/store/artifact_file.c \
	engine/store/mongodb_module.c
engine_store_store_mongodb_la_LIBADD = \
	engine/store/libmongodb.la sdk/libground.la
engine_store_store_mongodb_la_LDFLAGS = $(AM_LDFLAGS) $(DEFS_LDFLAGS) \
	-module -avoid-version -shared \
	-export-symbols-regex '^scan_engine_store_module$$'

unit_tests_mongodb = tests/unit/test_store_mongodb
tests_unit_test_store_mongodb_SOURCES = \
	tests/unit/store_suite.c tests/unit/test_store_mongodb.c
tests_unit_test_store_mongodb_LDADD = engine/store/libmongodb.la $(LDADD)
endif

unit_tests += \
	$(unit_tests_mongodb) \
	tests/unit/test_spool \
	tests/unit/test_store \
	tests/unit/test_store_faults \
	tests/unit/test_store_module \
	tests/unit/test_store_sqlite

tests_unit_test_store_SOURCES = \
	tests/unit/store_suite.c tests/unit/store_suite.h \
	tests/unit/store_suite_list.c \
	tests/unit/store_suite_path.c \
	tests/unit/store_suite_process.c \
	tests/unit/store_suite_query.c \
	tests/unit/store_suite_run.c \
	tests/unit/store_suite_tests.c tests/unit/store_suite_tests.h \
	tests/unit/store_suite_transaction.c \
	tests/unit/test_store.c
tests_unit_test_store_faults_SOURCES = \
	tests/unit/store_suite.c tests/unit/test_store_faults.c
tests_unit_test_store_sqlite_SOURCES = \
	tests/unit/store_suite.c tests/unit/test_store_sqlite.c

# A module of another release, which is refused.
check_LTLIBRARIES += tests/unit/store_module_other.la
tests_unit_store_module_other_la_SOURCES = tests/unit/store_module_other.c
tests_unit_store_module_other_la_LDFLAGS = $(AM_LDFLAGS) -module \
	-avoid-version -shared -rpath /nowhere

fuzzers += tests/fuzz/fuzz_store
tests_fuzz_fuzz_store_LDFLAGS = $(fuzz_ldflags)

fuzzers += tests/fuzz/fuzz_spool
tests_fuzz_fuzz_spool_LDFLAGS = $(fuzz_ldflags)
