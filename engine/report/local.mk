# SPDX-License-Identifier: Apache-2.0
report_sources = \
	engine/report/formats.h \
	engine/report/json.c \
	engine/report/report.c \
	engine/report/report.h \
	engine/report/summary.c \
	engine/report/table.c \
	engine/report/table.h \
	engine/report/text.c \
	engine/report/text.h
program_sources += $(report_sources)

unit_tests += tests/unit/test_report
tests_unit_test_report_SOURCES = tests/unit/test_report.c $(report_sources)
