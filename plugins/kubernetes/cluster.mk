# SPDX-License-Identifier: Apache-2.0
# The live source. Kubeconfigs are read without libcurl, so that they are
# tested in every build.
kube_config_sources = \
	plugins/kubernetes/kubeconfig.c plugins/kubernetes/kubeconfig.h \
	plugins/kubernetes/kubeconfig_entry.c \
	plugins/kubernetes/kubeconfig_exec.c \
	plugins/kubernetes/kubeconfig_files.c
kubernetes_libs =
if WITH_CURL
kubernetes_sources += $(kube_config_sources) \
	plugins/kubernetes/auth.c plugins/kubernetes/auth.h \
	plugins/kubernetes/auth_exec.c \
	plugins/kubernetes/cluster.c plugins/kubernetes/cluster.h \
	plugins/kubernetes/cluster_error.c \
	plugins/kubernetes/cluster_probe.c \
	plugins/kubernetes/cluster_read.c \
	plugins/kubernetes/discovery.c plugins/kubernetes/discovery.h \
	plugins/kubernetes/discovery_cache.c \
	plugins/kubernetes/discovery_parse.c
kubernetes_libs += sdk/kit/libscankit-http.la
else
kubernetes_sources += plugins/kubernetes/cluster_none.c
endif
