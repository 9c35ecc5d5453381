# SPDX-License-Identifier: Apache-2.0
# What the programs share: scan-engine, and scan-remote, which asks daemons.
cli_sources = \
	engine/cli/benchmarks.c \
	engine/cli/cli.h \
	engine/cli/commands.h \
	engine/cli/example.c \
	engine/cli/help.c \
	engine/cli/import.c \
	engine/cli/list.c \
	engine/cli/list.h \
	engine/cli/options.c \
	engine/cli/output.c \
	engine/cli/output.h \
	engine/cli/plan.c \
	engine/cli/plan.h \
	engine/cli/plugins.c \
	engine/cli/progress.c \
	engine/cli/progress.h \
	engine/cli/program.c \
	engine/cli/remote.c \
	engine/cli/remote.h \
	engine/cli/request.c \
	engine/cli/request.h \
	engine/cli/rules.c \
	engine/cli/scan.c \
	engine/cli/scans.c \
	engine/cli/session.c \
	engine/cli/session.h \
	engine/cli/signals.c \
	engine/cli/signals.h \
	engine/cli/xccdf.c
program_sources += $(cli_sources) engine/cli/commands.c \
	engine/cli/conform.c \
	engine/cli/conform.h \
	engine/cli/conform_input.c \
	engine/cli/conform_run.c \
	engine/cli/eval.c \
	engine/cli/main.c
