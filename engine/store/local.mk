# SPDX-License-Identifier: Apache-2.0
core_sources += \
	engine/store/artifact_file.c engine/store/artifact_file.h \
	engine/store/sqlite.c engine/store/sqlite.h \
	engine/store/sqlite_artifact.c \
	engine/store/sqlite_find.c \
	engine/store/sqlite_function.c \
	engine/store/sqlite_link.c \
	engine/store/sqlite_schema.c \
	engine/store/sqlite_where.c \
	engine/store/sqlite_write.c \
	engine/store/store.c engine/store/store.h \
	engine/store/store_ops.h

if WITH_MONGODB
core_sources += \
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

unit_tests_mongodb = tests/unit/test_store_mongodb
tests_unit_test_store_mongodb_SOURCES = \
	tests/unit/store_suite.c tests/unit/test_store_mongodb.c
endif

unit_tests += \
	$(unit_tests_mongodb) \
	tests/unit/test_store \
	tests/unit/test_store_faults \
	tests/unit/test_store_sqlite

tests_unit_test_store_SOURCES = \
	tests/unit/store_suite.c tests/unit/store_suite.h \
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

fuzzers += tests/fuzz/fuzz_store
tests_fuzz_fuzz_store_LDFLAGS = $(fuzz_ldflags)
