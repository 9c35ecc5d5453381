# SPDX-License-Identifier: Apache-2.0
kubernetes_sources += plugins/kubernetes/cluster_none.c
