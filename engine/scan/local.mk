core_sources += \
	engine/scan/ask.c \
	engine/scan/collect.c \
	engine/scan/collect_result.c \
	engine/scan/deliver.c engine/scan/deliver.h \
	engine/scan/deliver_spool.c \
	engine/scan/dispatch.c \
	engine/scan/document.c \
	engine/scan/feed.c \
	engine/scan/found.c engine/scan/found.h \
	engine/scan/group.c \
	engine/scan/leftover.c \
	engine/scan/manage.c \
	engine/scan/record.c \
	engine/scan/request.c \
	engine/scan/resolve.c \
	engine/scan/results.c engine/scan/results.h \
	engine/scan/run.h \
	engine/scan/scan.c engine/scan/scan.h \
	engine/scan/secret.c engine/scan/secret.h \
	engine/scan/summary.c \
	engine/scan/undo.c \
	engine/scan/verdict.c engine/scan/verdict.h \
	engine/scan/warning.c

unit_tests += tests/unit/test_deliver tests/unit/test_scan
unit_tests += tests/unit/test_scan_faults
tests_unit_test_scan_faults_SOURCES = \
	tests/unit/conduct_stage.c tests/unit/conduct_stage.h \
	tests/unit/test_scan_faults.c
unit_tests += tests/unit/test_results
tests_unit_test_results_SOURCES = \
	tests/unit/store_suite.c tests/unit/test_results.c
