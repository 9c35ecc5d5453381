# SPDX-License-Identifier: Apache-2.0
"""Objects for Kubernetes servers of the tests, as real workloads have them.

Pod `number` is the same on every server: VARIANTS kinds of them follow each
other, in NAMESPACES in turn, and what is wrong with some is in FLAWS. So a test
knows how many of N pods a rule must find.
"""
import copy

VARIANTS = 20
NAMESPACES = [f"team-{number:02}" for number in range(10)]

# What only the pods of these variants (number % VARIANTS) have.
FLAWS = {"privileged": 3, "host_network": 5, "run_as_root": 7,
         "latest_image": 9, "no_limits": 11, "automount_token": 13,
         "host_path": 15, "no_app_label": 17, "secret_in_env": 19}


def pod_namespace(number):
    return NAMESPACES[number % len(NAMESPACES)]


def pod_name(number):
    return f"web-6d4cf56db6-{number:06}"


def pod_uid(number):
    return f"5f0c1a2e-7d3b-4c6f-9a10-{number:012}"


def pod_address(number):
    """Always as long, so that it can be replaced within serialized pods."""
    return (f"10.{100 + number // 22500 % 150}.{100 + number // 150 % 150}"
            f".{100 + number % 150}")


def flawed(count, flaw):
    """How many of the first `count` pods have it."""
    return len(range(FLAWS[flaw], count, VARIANTS))


def probe(path, delay):
    return {"httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
            "initialDelaySeconds": delay, "timeoutSeconds": 3,
            "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def environment(name):
    values = {"SERVICE_NAME": name, "LOG_LEVEL": "info", "REGION": "eu-1",
              "HTTP_PORT": "8080", "METRICS_PORT": "9090",
              "DATABASE_HOST": "postgres.databases.svc.cluster.local",
              "CACHE_URL": "redis://redis.caches.svc.cluster.local:6379/0",
              "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel.monitoring:4317",
              "FEATURE_FLAGS": "checkout-v2,search-suggest,dark-mode"}
    fields = {"POD_NAME": "metadata.name", "POD_NAMESPACE":
              "metadata.namespace", "POD_IP": "status.podIP"}
    return ([{"name": key, "value": value} for key, value in values.items()]
            + [{"name": key, "valueFrom": {"fieldRef": {
                "apiVersion": "v1", "fieldPath": path}}}
               for key, path in fields.items()]
            + [{"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": {
                "name": f"{name}-database", "key": "password"}}}])


def container(name, image, variant=None):
    made = {
        "name": name, "image": image,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                  {"name": "metrics", "containerPort": 9090,
                   "protocol": "TCP"}],
        # a sidecar has few
        "env": environment(name)[:None if variant is not None else 3],
        "resources": {"limits": {"cpu": "500m", "memory": "1Gi"},
                      "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "config", "readOnly": True, "mountPath": "/etc/service"},
            {"name": "cache", "mountPath": "/var/cache/service"}],
        "livenessProbe": probe("/healthz", 15),
        "readinessProbe": probe("/ready", 5),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False, "runAsNonRoot": True,
            "runAsUser": 10001, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}}
    if variant == FLAWS["privileged"]:
        made["securityContext"] = {"privileged": True}
    elif variant == FLAWS["run_as_root"]:
        del made["securityContext"]
    elif variant == FLAWS["latest_image"]:
        made["image"] = image.rsplit(":", 1)[0] + ":latest"
    elif variant == FLAWS["no_limits"]:
        del made["resources"]["limits"]
    elif variant == FLAWS["secret_in_env"]:
        made["env"].append({"name": "API_TOKEN", "value": "not-a-real-token"})
    return made


def pod(number):
    """As its owner would post it: 3 kB."""
    variant = number % VARIANTS
    name = f"service-{variant:02}"
    labels = {"app": name, "app.kubernetes.io/name": name,
              "app.kubernetes.io/part-of": "shop",
              "app.kubernetes.io/version": f"1.{variant}.3",
              "pod-template-hash": "6d4cf56db6", "tier": "frontend"}
    if variant == FLAWS["no_app_label"]:
        del labels["app"]
    made = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": pod_name(number), "namespace": pod_namespace(number),
            "labels": labels,
            "annotations": {
                "prometheus.io/scrape": "true", "prometheus.io/port": "9090",
                "example.com/config-hash": "9f86d081884c7d659a2feaa0c55ad015"
                "a3bf4f1b2b0b822cd15d6c15b0f00a08"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "name": "web-6d4cf56db6",
                "uid": "0b6a3c5e-1d2f-4a3b-8c4d-5e6f708192a3",
                "controller": True, "blockOwnerDeletion": True}]},
        "spec": {
            "containers": [
                container(name, f"registry.example.com/shop/{name}:1.3.7",
                          variant),
                container("metrics-proxy", "registry.example.com/infra/"
                          "metrics-proxy:0.9.1")],
            "volumes": [
                {"name": "config", "configMap": {
                    "name": f"{name}-config", "defaultMode": 420}},
                {"name": "cache", "emptyDir": {"sizeLimit": "512Mi"}}],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst", "serviceAccountName": name,
            "automountServiceAccountToken":
                variant == FLAWS["automount_token"],
            "nodeName": f"worker-{variant % 7:02}",
            "securityContext": {"fsGroup": 10001, "seccompProfile": {
                "type": "RuntimeDefault"}},
            "schedulerName": "default-scheduler", "tolerations": [
                {"key": "dedicated", "operator": "Equal", "value": "shop",
                 "effect": "NoSchedule"}]}}
    if variant == FLAWS["host_network"]:
        made["spec"].update(hostNetwork=True, hostPID=True)
        for each in made["spec"]["containers"]:
            each["ports"] = [{"name": "http", "containerPort": 8080,
                              "hostPort": 8080, "protocol": "TCP"}]
        del made["spec"]["containers"][1]["ports"]
    elif variant == FLAWS["host_path"]:
        made["spec"]["volumes"].append(
            {"name": "host", "hostPath": {"path": "/var/run", "type": ""}})
    return made


def pod_status(number):
    """As the kubelet would report it."""
    since = "2026-01-15T08:30:00Z"
    statuses = [{
        "name": each["name"], "state": {"running": {"startedAt": since}},
        "lastState": {}, "ready": True, "restartCount": 0, "started": True,
        "image": each["image"],
        "imageID": f"docker-pullable://{each['image'].split(':')[0]}@sha256:"
        + "4bf92f3577b34da6a3ce929d0e0e4736" * 2,
        "containerID": "containerd://" + "00f067aa0ba902b7a3ce929d0e0e4736" * 2
    } for each in pod(number)["spec"]["containers"]]
    return {"status": {
        "phase": "Running", "hostIP": f"192.0.2.{number % VARIANTS % 7 + 10}",
        "podIP": pod_address(number), "podIPs": [{"ip": pod_address(number)}],
        "startTime": since, "qosClass": "Burstable",
        "conditions": [{"type": kind, "status": "True", "lastProbeTime": None,
                        "lastTransitionTime": since} for kind in
                       ("Initialized", "Ready", "ContainersReady",
                        "PodScheduled")],
        "containerStatuses": statuses}}


# ---- as a server stores them -------------------------------------------------

def fields(value):
    """The fieldsV1 of a value that one manager has set."""
    if isinstance(value, dict):
        return {f"f:{key}": fields(each) for key, each in value.items()}
    if (isinstance(value, list) and value
            and all(isinstance(each, dict) for each in value)):
        key = next((key for key in ("name", "type", "containerPort", "ip",
                                    "uid", "key") if key in value[0]), None)
        if key:
            return {f'k:{{"{key}":"{each.get(key)}"}}':
                    {".": {}, **fields(each)} for each in value}
    return {}


def managed(manager, when, value):
    return {"manager": manager, "operation": "Update", "apiVersion": "v1",
            "time": when, "fieldsType": "FieldsV1", "fieldsV1": fields(value)}


def stored_pod(number):
    """What a server answers: 11 kB, about half of it managedFields."""
    posted, status = pod(number), pod_status(number)
    made = copy.deepcopy(posted)
    set_by_owner = {"metadata": {
        key: posted["metadata"][key] for key in
        ("labels", "annotations", "ownerReferences")},
        "spec": posted["spec"]}
    made["metadata"].update(
        uid=pod_uid(number), resourceVersion=str(100000 + number),
        creationTimestamp="2026-01-15T08:29:58Z", managedFields=[
            managed("kube-controller-manager", "2026-01-15T08:29:58Z",
                    set_by_owner),
            managed("kubelet", "2026-01-15T08:30:02Z", status)])
    made.update(status)
    return made


# ---- other kinds -------------------------------------------------------------

def named(api_version, kind, name, namespace=None, **rest):
    metadata = {"name": name, **rest.pop("metadata", {})}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata,
            **rest}


def deployment(name, namespace, replicas=2):
    template = pod(0)
    labels = {"app": name}
    spec = template["spec"]
    del spec["nodeName"]
    return named("apps/v1", "Deployment", name, namespace, spec={
        "replicas": replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": spec}})


def network_policy(name, namespace):
    return named("networking.k8s.io/v1", "NetworkPolicy", name, namespace,
                 spec={"podSelector": {}, "policyTypes": ["Ingress",
                                                          "Egress"]})


def custom_resource(group, version, kind, plural, namespaced=True,
                    short_names=()):
    """A definition that lets objects hold anything."""
    return named(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition",
        f"{plural}.{group}", spec={
            "group": group, "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind,
                      "listKind": f"{kind}List",
                      "shortNames": list(short_names)},
            "versions": [{
                "name": version, "served": True, "storage": True,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": True}}}]})


def samples(namespace):
    """A few objects of other kinds: (path of their collection, object)."""
    core = f"/api/v1/namespaces/{namespace}"
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    local = f"{rbac}/namespaces/{namespace}"
    role = {"rules": [{"apiGroups": [""], "resources": ["pods"],
                       "verbs": ["get", "list", "watch"]}]}

    def binding(kind, role_kind, role_name, name, where=None):
        return named("rbac.authorization.k8s.io/v1", kind, name, where,
                     roleRef={"apiGroup": "rbac.authorization.k8s.io",
                              "kind": role_kind, "name": role_name},
                     subjects=[{"kind": "User", "name": "developer",
                                "apiGroup": "rbac.authorization.k8s.io"}])
    return [
        *((f"/apis/apps/v1/namespaces/{namespace}/deployments",
           deployment(name, namespace, replicas))
          for name, replicas in (("web", 3), ("worker", 1), ("idle", 0))),
        (f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies",
         network_policy("default-deny", namespace)),
        (f"{core}/configmaps", named(
            "v1", "ConfigMap", "settings", namespace, data={
                "log_level": "info", "enabled": "true", "config.yaml":
                "audit:\n  enabled: true\n  maxAge: 30\n"})),
        (f"{core}/secrets", named("v1", "Secret", "web-database", namespace,
                                  type="Opaque",
                                  stringData={"password": "not-a-secret"})),
        (f"{core}/services", named("v1", "Service", "web", namespace, spec={
            "selector": {"app": "web"}, "ports": [
                {"name": "http", "port": 80, "targetPort": 8080}]})),
        (f"{core}/serviceaccounts", named(
            "v1", "ServiceAccount", "web", namespace,
            automountServiceAccountToken=False)),
        (f"{core}/resourcequotas", named(
            "v1", "ResourceQuota", "limits", namespace,
            spec={"hard": {"limits.cpu": "200", "limits.memory": "64Gi"}})),
        (f"{local}/roles", named("rbac.authorization.k8s.io/v1", "Role",
                                 "pod-reader", namespace, **role)),
        (f"{local}/rolebindings", binding(
            "RoleBinding", "Role", "pod-reader", "developers", namespace)),
        (f"{rbac}/clusterroles", named(
            "rbac.authorization.k8s.io/v1", "ClusterRole",
            f"{namespace}-all", rules=[{"apiGroups": ["*"], "resources":
                                        ["*"], "verbs": ["*"]}])),
        (f"{rbac}/clusterrolebindings", binding(
            "ClusterRoleBinding", "ClusterRole", f"{namespace}-all",
            f"{namespace}-developer")),
    ]
