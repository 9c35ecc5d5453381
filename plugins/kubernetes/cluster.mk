# SPDX-License-Identifier: Apache-2.0
# The live source. What reads kubeconfigs and discovery needs no libcurl, and
# is tested in every build.
kube_access_sources = \
	plugins/kubernetes/discovery.h \
	plugins/kubernetes/discovery_list.c \
	plugins/kubernetes/discovery_parse.c \
	plugins/kubernetes/kubeconfig.c plugins/kubernetes/kubeconfig.h \
	plugins/kubernetes/kubeconfig_entry.c \
	plugins/kubernetes/kubeconfig_exec.c \
	plugins/kubernetes/kubeconfig_files.c
kubernetes_libs =
if WITH_CURL
kubernetes_sources += $(kube_access_sources) \
	plugins/kubernetes/auth.c plugins/kubernetes/auth.h \
	plugins/kubernetes/auth_exec.c \
	plugins/kubernetes/cluster.c plugins/kubernetes/cluster.h \
	plugins/kubernetes/cluster_error.c \
	plugins/kubernetes/cluster_probe.c \
	plugins/kubernetes/cluster_page.c \
	plugins/kubernetes/cluster_read.c plugins/kubernetes/cluster_read.h \
	plugins/kubernetes/discovery.c \
	plugins/kubernetes/discovery_cache.c
kubernetes_libs += sdk/kit/libscankit-http.la
else
kubernetes_sources += plugins/kubernetes/cluster_none.c
endif

if WITH_KUBERNETES
check_LTLIBRARIES += plugins/kubernetes/libaccess.la
plugins_kubernetes_libaccess_la_SOURCES = $(kube_access_sources) \
	plugins/kubernetes/kinds.c plugins/kubernetes/kinds.h
unit_tests += tests/unit/test_kube_config
tests_unit_test_kube_config_LDADD = plugins/kubernetes/libaccess.la $(LDADD)
unit_tests += tests/unit/test_kube_discovery
tests_unit_test_kube_discovery_LDADD = plugins/kubernetes/libaccess.la \
	$(LDADD)
fuzzers += tests/fuzz/fuzz_kubeconfig
tests_fuzz_fuzz_kubeconfig_LDADD = plugins/kubernetes/libaccess.la $(LDADD)
tests_fuzz_fuzz_kubeconfig_LDFLAGS = $(fuzz_ldflags)
endif
EXTRA_DIST += plugins/kubernetes/README
