/* SPDX-License-Identifier: Apache-2.0 */
/* kinds_common.c - the resource types that every cluster has (Kubernetes API
 * reference 1.28), and OpenShift's that content asks for. */
#include "plugins/kubernetes/kinds.h"

static const struct {
    struct kube_resource resource;
    const char *shorts;
} kinds_common[] = {
    {{"", "v1", "pods", "Pod", true}, "po"},
    {{"", "v1", "services", "Service", true}, "svc"},
    {{"", "v1", "configmaps", "ConfigMap", true}, "cm"},
    {{"", "v1", "secrets", "Secret", true}, NULL},
    {{"", "v1", "serviceaccounts", "ServiceAccount", true}, "sa"},
    {{"", "v1", "namespaces", "Namespace", false}, "ns"},
    {{"", "v1", "nodes", "Node", false}, "no"},
    {{"", "v1", "endpoints", "Endpoints", true}, "ep"},
    {{"", "v1", "events", "Event", true}, "ev"},
    {{"", "v1", "limitranges", "LimitRange", true}, "limits"},
    {{"", "v1", "resourcequotas", "ResourceQuota", true}, "quota"},
    {{"", "v1", "persistentvolumes", "PersistentVolume", false}, "pv"},
    {{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true},
     "pvc"},
    {{"", "v1", "podtemplates", "PodTemplate", true}, NULL},
    {{"", "v1", "replicationcontrollers", "ReplicationController", true},
     "rc"},
    {{"apps", "v1", "deployments", "Deployment", true}, "deploy"},
    {{"apps", "v1", "daemonsets", "DaemonSet", true}, "ds"},
    {{"apps", "v1", "statefulsets", "StatefulSet", true}, "sts"},
    {{"apps", "v1", "replicasets", "ReplicaSet", true}, "rs"},
    {{"apps", "v1", "controllerrevisions", "ControllerRevision", true}, NULL},
    {{"batch", "v1", "jobs", "Job", true}, NULL},
    {{"batch", "v1", "cronjobs", "CronJob", true}, "cj"},
    {{"autoscaling", "v2", "horizontalpodautoscalers",
      "HorizontalPodAutoscaler", true}, "hpa"},
    {{"autoscaling", "v1", "horizontalpodautoscalers",
      "HorizontalPodAutoscaler", true}, "hpa"},
    {{"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true},
     "netpol"},
    {{"networking.k8s.io", "v1", "ingresses", "Ingress", true}, "ing"},
    {{"networking.k8s.io", "v1", "ingressclasses", "IngressClass", false},
     NULL},
    {{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true},
     "pdb"},
    {{"policy", "v1beta1", "podsecuritypolicies", "PodSecurityPolicy", false},
     "psp"},
    {{"rbac.authorization.k8s.io", "v1", "roles", "Role", true}, NULL},
    {{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true},
     NULL},
    {{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false},
     NULL},
    {{"rbac.authorization.k8s.io", "v1", "clusterrolebindings",
      "ClusterRoleBinding", false}, NULL},
    {{"storage.k8s.io", "v1", "storageclasses", "StorageClass", false}, "sc"},
    {{"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false},
     "pc"},
    {{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
      "ValidatingWebhookConfiguration", false}, NULL},
    {{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
      "MutatingWebhookConfiguration", false}, NULL},
    {{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
      "CustomResourceDefinition", false}, "crd,crds"},
    {{"apiregistration.k8s.io", "v1", "apiservices", "APIService", false},
     NULL},
    {{"certificates.k8s.io", "v1", "certificatesigningrequests",
      "CertificateSigningRequest", false}, "csr"},
    {{"config.openshift.io", "v1", "apiservers", "APIServer", false}, NULL},
    {{"config.openshift.io", "v1", "authentications", "Authentication",
      false}, NULL},
    {{"config.openshift.io", "v1", "clusteroperators", "ClusterOperator",
      false}, "co"},
    {{"config.openshift.io", "v1", "clusterversions", "ClusterVersion",
      false}, NULL},
    {{"config.openshift.io", "v1", "images", "Image", false}, NULL},
    {{"config.openshift.io", "v1", "infrastructures", "Infrastructure",
      false}, NULL},
    {{"config.openshift.io", "v1", "ingresses", "Ingress", false}, NULL},
    {{"config.openshift.io", "v1", "networks", "Network", false}, NULL},
    {{"config.openshift.io", "v1", "oauths", "OAuth", false}, NULL},
    {{"config.openshift.io", "v1", "projects", "Project", false}, NULL},
    {{"config.openshift.io", "v1", "proxies", "Proxy", false}, NULL},
    {{"config.openshift.io", "v1", "schedulers", "Scheduler", false}, NULL},
    {{"operator.openshift.io", "v1", "kubeapiservers", "KubeAPIServer",
      false}, NULL},
    {{"route.openshift.io", "v1", "routes", "Route", true}, NULL},
    {{"security.openshift.io", "v1", "securitycontextconstraints",
      "SecurityContextConstraints", false}, "scc"},
    {{"machineconfiguration.openshift.io", "v1", "machineconfigs",
      "MachineConfig", false}, "mc"},
    {{"machineconfiguration.openshift.io", "v1", "machineconfigpools",
      "MachineConfigPool", false}, "mcp"},
};

engine_status kube_kinds_add_common(struct kube_kinds *kinds,
                                    engine_error *err)
{
    const size_t count = sizeof(kinds_common) / sizeof(kinds_common[0]);
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < count; i++)
        status = kube_kinds_add(kinds, &kinds_common[i].resource, NULL,
                                kinds_common[i].shorts, err);
    return status;
}
