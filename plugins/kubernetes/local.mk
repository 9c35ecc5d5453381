# SPDX-License-Identifier: Apache-2.0
kubernetes_sources = \
	plugins/kubernetes/dump.c \
	plugins/kubernetes/dump_file.c \
	plugins/kubernetes/dump_manifests.c plugins/kubernetes/dump.h \
	plugins/kubernetes/foreach.c plugins/kubernetes/foreach.h \
	plugins/kubernetes/foreach_judge.c \
	plugins/kubernetes/judge.c plugins/kubernetes/judge.h \
	plugins/kubernetes/judge_look.c \
	plugins/kubernetes/kinds.c plugins/kubernetes/kinds.h \
	plugins/kubernetes/kinds_common.c \
	plugins/kubernetes/kubernetes.c plugins/kubernetes/kubernetes.h \
	plugins/kubernetes/namespaces.c \
	plugins/kubernetes/options.c \
	plugins/kubernetes/path.c plugins/kubernetes/path.h \
	plugins/kubernetes/plan.c \
	plugins/kubernetes/platform.c plugins/kubernetes/platform.h \
	plugins/kubernetes/probe.c \
	plugins/kubernetes/read.c plugins/kubernetes/read.h \
	plugins/kubernetes/reads.c \
	plugins/kubernetes/record.c plugins/kubernetes/record.h \
	plugins/kubernetes/record_load.c \
	plugins/kubernetes/report.c plugins/kubernetes/report.h \
	plugins/kubernetes/rule.c plugins/kubernetes/rule.h \
	plugins/kubernetes/rule_objects.c \
	plugins/kubernetes/rule_selector.c plugins/kubernetes/rule_selector.h \
	plugins/kubernetes/scan.c \
	plugins/kubernetes/seen.c plugins/kubernetes/seen.h \
	plugins/kubernetes/selector.c plugins/kubernetes/selector.h \
	plugins/kubernetes/share.c \
	plugins/kubernetes/source.c plugins/kubernetes/source.h

include plugins/kubernetes/cluster.mk

if WITH_KUBERNETES
plugins_LTLIBRARIES += plugins/kubernetes.la
plugins_kubernetes_la_SOURCES = $(kubernetes_sources)
plugins_kubernetes_la_LIBADD = $(kubernetes_libs) sdk/kit/libscankit-expr.la \
	sdk/kit/libscankit-core.la
plugins_kubernetes_la_LDFLAGS = $(plugin_ldflags)
endif
EXTRA_DIST += plugins/kubernetes/CONTENT

# For the tests: what knows no host and no check.
check_LTLIBRARIES += plugins/kubernetes/libread.la
plugins_kubernetes_libread_la_SOURCES = \
	plugins/kubernetes/dump_file.c \
	plugins/kubernetes/dump_manifests.c plugins/kubernetes/dump.h \
	plugins/kubernetes/kinds.c plugins/kubernetes/kinds.h \
	plugins/kubernetes/kinds_common.c \
	plugins/kubernetes/path.c plugins/kubernetes/path.h \
	plugins/kubernetes/read.c plugins/kubernetes/read.h \
	plugins/kubernetes/record.c plugins/kubernetes/record.h \
	plugins/kubernetes/record_load.c \
	plugins/kubernetes/seen.c plugins/kubernetes/seen.h \
	plugins/kubernetes/selector.c plugins/kubernetes/selector.h
kube_read_ldadd = plugins/kubernetes/libread.la $(LDADD)
unit_tests += tests/unit/test_kube_parts tests/unit/test_kube_read
tests_unit_test_kube_parts_LDADD = $(kube_read_ldadd)
tests_unit_test_kube_read_LDADD = $(kube_read_ldadd)
fuzzers += tests/fuzz/fuzz_kube_path
tests_fuzz_fuzz_kube_path_LDADD = $(kube_read_ldadd)
tests_fuzz_fuzz_kube_path_LDFLAGS = $(fuzz_ldflags)


# And what makes verdicts of them, without any source.
check_LTLIBRARIES += plugins/kubernetes/librule.la
plugins_kubernetes_librule_la_SOURCES = \
	plugins/kubernetes/foreach.c plugins/kubernetes/foreach.h \
	plugins/kubernetes/foreach_judge.c \
	plugins/kubernetes/judge.c plugins/kubernetes/judge.h \
	plugins/kubernetes/judge_look.c \
	plugins/kubernetes/namespaces.c \
	plugins/kubernetes/plan.c \
	plugins/kubernetes/platform.c plugins/kubernetes/platform.h \
	plugins/kubernetes/reads.c \
	plugins/kubernetes/report.c plugins/kubernetes/report.h \
	plugins/kubernetes/rule.c plugins/kubernetes/rule.h \
	plugins/kubernetes/rule_objects.c \
	plugins/kubernetes/rule_selector.c plugins/kubernetes/rule_selector.h \
	plugins/kubernetes/scan.c \
	plugins/kubernetes/share.c
fuzzers += tests/fuzz/fuzz_kube_rule
tests_fuzz_fuzz_kube_rule_LDADD = plugins/kubernetes/librule.la $(kube_read_ldadd)
tests_fuzz_fuzz_kube_rule_LDFLAGS = $(fuzz_ldflags)

EXTRA_DIST += plugins/kubernetes/README
