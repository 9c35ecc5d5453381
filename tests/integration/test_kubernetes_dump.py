# SPDX-License-Identifier: Apache-2.0
"""The kubernetes scanner over dumps and manifests: which objects rules see,
what they say of them, and what is never taken for a verdict."""
import json

import pytest

from support import DONE, FAILED, UNABLE, UNSURE, Engine


class Cluster:
    """A dump, and rules over it."""

    def __init__(self, tmp_path, **how):
        self.engine = Engine(tmp_path, plugins=("kubernetes",), **how)
        self.root = tmp_path / "dump"
        (self.root / "api/v1").mkdir(parents=True)
        self.rules = []

    def put(self, path, content):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str)
                        else json.dumps(content))

    def put_list(self, path, kind, objects, version="v1"):
        self.put(path, {"kind": f"{kind}List", "apiVersion": version,
                        "metadata": {"resourceVersion": "7"},
                        "items": objects})

    def rule(self, rule_id, **content):
        self.rules.append({"rule_id": rule_id, "title": rule_id,
                           "severity": "medium",
                           "scanner_type": "kubernetes",
                           "check_content": content})

    def scan(self, code=None, **target):
        self.engine.import_rules(self.rules)
        target = {"type": "kubernetes_dump", "path": str(self.root), **target}
        return self.engine.scan("--target", json.dumps(target), code=code)


def pod(name, namespace="default", kind=None, **spec):
    labels = {"app": name.split("-")[0]}
    made = {"metadata": {"name": name, "namespace": namespace,
                         "uid": f"uid-{namespace}-{name}", "labels": labels},
            "spec": {"hostNetwork": False, "nodeName": "n1", **spec}}
    return {"apiVersion": "v1", "kind": kind, **made} if kind else made


@pytest.fixture
def cluster(tmp_path):
    return Cluster(tmp_path)


def names(verdict, status):
    return sorted(each["resource"]["name"] for each in verdict["results"]
                  if each["status"] == status)


# ---- objects -----------------------------------------------------------------

def test_rules_that_look_at_the_same_judge_as_each_alone(tmp_path):
    """What rules have in common is evaluated once for all of them."""
    ports = ".spec.containers[:].ports[:].hostPort"
    checks = [
        {"yamlpath": ports, "condition": "not_exists"},
        {"yamlpath": ports, "condition": "not_exists"},
        {"yamlpath": ports, "condition": "not_exists", "namespace": "data"},
        {"yamlpath": ports, "condition": "less_than", "expected_value": 90},
        {"yamlpath": ports, "condition": "equals", "expected_value": 80},
        {"yamlpath": ".spec.hostNetwork", "condition": "not_equals",
         "expected_value": True},
        {"yamlpath": ".metadata.name", "condition": "matches",
         "expected_value": "(a+)+$"},
        {"yamlpath": ".metadata.name", "condition": "matches",
         "expected_value": "^web"},
    ]
    pods = [pod(f"web-{number}", "data" if number % 3 else "default",
                hostNetwork=number == 4, containers=[
                    {"ports": [{"hostPort": port}
                               for port in range(79, 79 + number % 4)]}])
            for number in range(12)]
    pods.append(pod("a" * 200 + "!"))

    def scan(name, rules):
        made = Cluster(tmp_path / name)
        made.put_list("/api/v1/pods", "Pod", pods)
        made.put_list("/api/v1/namespaces/data/pods", "Pod",
                      [each for each in pods
                       if each["metadata"]["namespace"] == "data"])
        for rule_id, check in rules:
            made.rule(rule_id, resource_type="pods", **check)
        return made.scan().by_rule()

    def said(verdict):
        return (verdict["status"], verdict["message"], verdict["resources"],
                [(each["status"], each["message"], each["resource"],
                  each["evidence"]) for each in verdict["results"]])

    rules = [(f"rule-{number}", check) for number, check in enumerate(checks)]
    together = scan("together", rules)
    for rule in rules:
        (tmp_path / rule[0]).mkdir()
        alone = scan(rule[0], [rule])
        assert said(alone[rule[0]]) == said(together[rule[0]])
    assert together["rule-0"]["resources"]["fail"] == 9
    assert together["rule-1"]["resources"]["fail"] == 9
    assert together["rule-2"]["resources"]["fail"] == 6


def test_every_object_has_a_verdict_of_its_own(cluster):
    cluster.put_list("/api/v1/pods?limit=500", "Pod", [
        pod("web-1"), pod("web-2", hostNetwork=True), pod("db-1", "data")])
    cluster.rule("no-host-network", resource_type="pods",
                 yamlpath=".spec.hostNetwork", condition="equals",
                 expected_value=False)
    verdict = cluster.scan(FAILED).by_rule()["no-host-network"]
    assert verdict["status"] == "fail"
    assert verdict["resources"] == {"pass": 2, "fail": 1}
    assert names(verdict, "fail") == ["web-2"]
    assert names(verdict, "pass") == ["db-1", "web-1"]
    (bad,) = [each for each in verdict["results"] if each["status"] == "fail"]
    assert bad["resource"] == {"type": "Pod", "name": "web-2",
                               "namespace": "default",
                               "uid": "uid-default-web-2"}
    assert ".spec.hostNetwork" in bad["message"]
    assert "1 of 3 objects" in verdict["message"]
    assert bad["evidence"]


@pytest.mark.parametrize("name", ("pods", "Pod", "pod", "po", "v1/Pod"))
def test_a_type_is_found_by_all_its_names(cluster, name):
    cluster.put_list("/api/v1/pods", "Pod", [pod("web-1")])
    cluster.rule("named", resource_type=name, yamlpath=".metadata.name",
                 condition="equals", expected_value="web-1")
    assert cluster.scan(DONE).statuses() == {"named": "pass"}


def test_types_are_never_mixed(cluster):
    cluster.put_list("/api/v1/pods", "Pod",
                     [pod("a", flag=True, number=8080, text="true")])
    for rule_id, path, expected in (
            ("bool", ".spec.flag", True), ("text-for-bool", ".spec.flag",
                                           "true"),
            ("bool-for-text", ".spec.text", True),
            ("number", ".spec.number", 8080)):
        cluster.rule(rule_id, resource_type="pods", yamlpath=path,
                     condition="equals", expected_value=expected)
    assert cluster.scan(FAILED).statuses() == {
        "bool": "pass", "text-for-bool": "fail", "bool-for-text": "fail",
        "number": "pass"}


def test_selectors_and_namespaces_choose_objects(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [
        pod("web-1"), pod("web-2", "kube-system"), pod("db-1", "data")])
    common = {"resource_type": "pods", "yamlpath": ".metadata.name",
              "condition": "exists"}
    cluster.rule("all", **common)
    cluster.rule("labels", selector="app=web", **common)
    cluster.rule("label-set", selector={"matchLabels": {"app": "db"}},
                 **common)
    cluster.rule("fields", field_selector="metadata.namespace!=data",
                 **common)
    scan = cluster.scan(DONE, namespaces={"exclude": ["kube-*"]})
    found = {rule_id: names(verdict, "pass")
             for rule_id, verdict in scan.by_rule().items()}
    assert found == {"all": ["db-1", "web-1"], "labels": ["web-1"],
                     "label-set": ["db-1"], "fields": ["web-1"]}


def test_an_object_by_name_and_one_that_is_not_there(cluster):
    cluster.put("/api/v1/namespaces/default/configmaps/settings",
                {"kind": "ConfigMap", "apiVersion": "v1",
                 "metadata": {"name": "settings", "namespace": "default",
                              "uid": "u1"}, "data": {"mode": "strict"}})
    there = {"resource_type": "configmaps", "namespace": "default",
             "resource_name": "settings"}
    gone = {**there, "resource_name": "other"}
    cluster.rule("there", **there, yamlpath=".data.mode",
                 condition="equals", expected_value="strict")
    cluster.rule("gone", **gone, yamlpath=".data.mode", condition="equals",
                 expected_value="strict")
    cluster.rule("gone-exists", **gone, yamlpath=".data", condition="exists")
    cluster.rule("gone-not-exists", **gone, yamlpath=".data",
                 condition="not_exists")
    cluster.rule("gone-not-applicable", **gone, yamlpath=".data.mode",
                 condition="equals", expected_value="strict",
                 when_missing="notapplicable")
    cluster.rule("no-such-type", resource_type="wombats",
                 resource_name="first", yamlpath=".spec", condition="exists")
    assert cluster.scan(FAILED).statuses() == {
        "there": "pass", "gone": "fail", "gone-exists": "fail",
        "gone-not-exists": "pass", "gone-not-applicable": "notapplicable",
        "no-such-type": "fail"}


def test_an_object_outside_of_the_target_is_no_work(cluster):
    cluster.put("/api/v1/namespaces/a/configmaps/x",
                {"kind": "ConfigMap", "metadata": {"name": "x"}})
    cluster.rule("named", resource_type="configmaps", namespace="a",
                 resource_name="x", yamlpath=".data", condition="exists")
    scan = cluster.scan(None, namespaces={"exclude": ["a"]})
    assert scan.statuses() == {"named": "notapplicable"}


def test_a_list_without_objects_is_no_pass(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [])
    common = {"resource_type": "pods", "yamlpath": ".spec.hostNetwork"}
    cluster.rule("value", **common, condition="equals", expected_value=False)
    cluster.rule("exists", **common, condition="exists")
    cluster.rule("none", **common, condition="not_exists")
    assert cluster.scan(FAILED).statuses() == {
        "value": "notapplicable", "exists": "fail", "none": "pass"}


def test_objects_that_look_the_same_are_all_judged(cluster):
    good, bad = pod("web-1"), pod("web-1", hostNetwork=True)
    cluster.put_list("/api/v1/pods", "Pod", [good, bad])
    cluster.rule("net", resource_type="pods", yamlpath=".spec.hostNetwork",
                 condition="equals", expected_value=False)
    verdict = cluster.scan(FAILED).by_rule()["net"]
    assert verdict["resources"] == {"pass": 1, "fail": 1}


def test_many_passing_objects_are_counted(tmp_path):
    cluster = Cluster(tmp_path,
                      options={"kubernetes": {"passing_results": 10}})
    cluster.put_list("/api/v1/pods", "Pod",
                     [pod(f"web-{i}", hostNetwork=i >= 4990)
                      for i in range(5000)])
    cluster.rule("net", resource_type="pods", yamlpath=".spec.hostNetwork",
                 condition="equals", expected_value=False)
    verdict = cluster.scan(FAILED).by_rule()["net"]
    assert verdict["resources"] == {"pass": 4990, "fail": 10}
    assert len(names(verdict, "pass")) == 10
    assert len(names(verdict, "fail")) == 10


# ---- two collections ---------------------------------------------------------

POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"


def policy(namespace, selector, name="p"):
    return {"metadata": {"name": name, "namespace": namespace},
            "spec": {"podSelector": selector}}


def with_namespaces(cluster, *found):
    cluster.put_list("/api/v1/namespaces", "Namespace",
                     [{"metadata": {"name": name, "uid": f"uid-{name}"}}
                      for name in found])


NETWORK = {"foreach": {"resource_type": "namespaces"},
           "resource_type": "networkpolicies",
           "namespace": "{item.metadata.name}",
           "yamlpath": ".spec.podSelector", "condition": "equals",
           "expected_value": {}, "entity_check": "at least one"}


def test_every_namespace_has_a_policy_for_all_pods(cluster):
    with_namespaces(cluster, "a", "b", "c")
    cluster.put_list(POLICIES, "NetworkPolicy", [
        policy("a", {"matchLabels": {"x": "y"}}), policy("a", {}, "q"),
        policy("b", {"matchLabels": {"x": "y"}})])
    cluster.rule("default", **NETWORK)
    cluster.rule("any", **{**NETWORK, "condition": "exists",
                           "entity_check": None, "expected_value": None})
    for rule in cluster.rules:
        rule["check_content"] = {key: value for key, value
                                 in rule["check_content"].items()
                                 if value is not None}
    cluster.rule("when-there", **NETWORK, when_missing="notapplicable")
    scan = cluster.scan(FAILED)
    found = {rule_id: (names(verdict, "pass"), names(verdict, "fail"))
             for rule_id, verdict in scan.by_rule().items()}
    assert found == {"default": (["a"], ["b", "c"]),
                     "any": (["a", "b"], ["c"]),
                     "when-there": (["a"], ["b"])}
    verdict = scan.by_rule()["default"]
    assert verdict["resources"] == {"pass": 1, "fail": 2}
    (good,) = [each for each in verdict["results"]
               if each["status"] == "pass"]
    assert good["resource"] == {"type": "Namespace", "name": "a",
                                "uid": "uid-a"}


def test_the_targets_namespaces_are_the_subjects(cluster):
    with_namespaces(cluster, "a", "b")
    cluster.put_list(POLICIES, "NetworkPolicy", [policy("a", {})])
    cluster.rule("default", **NETWORK)
    scan = cluster.scan(DONE, namespaces={"exclude": ["b"]})
    assert scan.by_rule()["default"]["resources"] == {"pass": 1}


def test_no_subjects_and_no_such_type(cluster):
    with_namespaces(cluster)
    cluster.put_list(POLICIES, "NetworkPolicy", [policy("a", {})])
    cluster.rule("no-subject", **NETWORK)
    cluster.put_list("/api/v1/nodes", "Node", [{"metadata": {"name": "n"}}])
    cluster.rule("no-type", **{**NETWORK, "resource_type": "wombats",
                               "foreach": {"resource_type": "nodes"}})
    assert cluster.scan(FAILED).statuses() == {
        "no-subject": "notapplicable", "no-type": "fail"}


@pytest.mark.parametrize("broken", (POLICIES, "/api/v1/namespaces"))
def test_when_one_collection_cannot_be_read_nothing_is_said(cluster, broken):
    with_namespaces(cluster, "a")
    cluster.put_list(POLICIES, "NetworkPolicy", [policy("a", {})])
    cluster.put(broken, '{"kind": "XList", "items": [{"metadata": {}}')
    cluster.rule("default", **NETWORK)
    cluster.rule("absent", **{**NETWORK, "expected_value": {"x": 1},
                              "entity_check": "none satisfy"})
    assert set(cluster.scan(UNSURE).statuses().values()) == {"error"}


def test_pods_behind_services(cluster):
    cluster.put_list("/api/v1/services", "Service", [
        {"metadata": {"name": "front", "namespace": "default"},
         "spec": {"selector": {"app": "web"}}},
        {"metadata": {"name": "back", "namespace": "default"},
         "spec": {"selector": {"app": "db"}}},
        {"metadata": {"name": "outside", "namespace": "default"}}])
    cluster.put_list("/api/v1/pods", "Pod", [
        pod("web-1"), pod("web-2", hostNetwork=True), pod("db-1", "data")])
    cluster.rule("net", foreach={"resource_type": "services"},
                 resource_type="pods",
                 namespace="{item.metadata.namespace}",
                 selector="{item.spec.selector}",
                 yamlpath=".spec.hostNetwork", condition="equals",
                 expected_value=False, when_missing="notapplicable")
    cluster.rule("own", foreach={"resource_type": "pods"},
                 resource_type="pods", resource_name="{item.metadata.name}",
                 namespace="{item.metadata.namespace}",
                 yamlpath=".metadata.name", condition="exists")
    scan = cluster.scan(FAILED)
    assert scan.by_rule()["net"]["resources"] == {"fail": 1}
    assert names(scan.by_rule()["net"], "fail") == ["front"]
    assert scan.by_rule()["own"]["resources"] == {"pass": 3}


@pytest.mark.parametrize("more", (
    {"namespace": "{item.metadata.name"}, {"foreach": "namespaces"},
    {"foreach": {}}, {"namespace": "{item.a[?]}"},
    {"selector": "a={item.metadata}"}, {"check_existence": "all_exist"}))
def test_a_bad_foreach_is_an_error(cluster, more):
    with_namespaces(cluster, "a")
    cluster.put_list(POLICIES, "NetworkPolicy", [policy("a", {})])
    cluster.rule("bad", **{**NETWORK, **more})
    assert cluster.scan(UNSURE).statuses() == {"bad": "error"}


# ---- documents ---------------------------------------------------------------

FILTER = "[.items[] | select(.spec.hostNetwork) | .metadata.name]"


def oval(path, **more):
    return {"filepath": path, "yamlpath": "[:]", "check_existence":
            "none_exist", "entity_check": "all", "ocp_data": "true",
            "values": [{"value": "(.*?)", "operation": "pattern match"}],
            **more}


def test_a_filter_is_applied_to_the_raw_answer(cluster):
    cluster.put_list("/api/v1/pods?limit=500", "Pod",
                     [pod("web-1"), pod("web-2", hostNetwork=True)])
    cluster.put_list("/api/v1/nodes", "Node", [pod("n1")])
    cluster.rule("some", **oval("/api/v1/pods?limit=500", jq_filter=FILTER))
    cluster.rule("none", **oval("/api/v1/nodes", jq_filter=FILTER))
    scan = cluster.scan(FAILED)
    assert scan.statuses() == {"some": "fail", "none": "pass"}


def test_a_filtered_file_is_taken_as_it_is(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [pod("web-1", hostNetwork=True)])
    cluster.put("/api/v1/pods#abc", "[]\n")
    cluster.rule("filtered", **oval("/api/v1/pods#abc", jq_filter=FILTER))
    cluster.rule("raw", **oval("/api/v1/pods#def", jq_filter=FILTER))
    assert cluster.scan(FAILED).statuses() == {"filtered": "pass",
                                               "raw": "fail"}


def test_a_missing_object_fails(cluster):
    cluster.rule("gone", **oval("/apis/config.openshift.io/v1/oauths/cluster"))
    verdict = cluster.scan(FAILED).by_rule()["gone"]
    assert verdict["status"] == "fail"
    assert "oauths/cluster" in verdict["results"][0]["resource"]["name"]


def test_elements_of_a_list_are_one_set(cluster):
    cluster.put_list("/apis/oauth.openshift.io/v1/oauthclients",
                     "OAuthClient",
                     [{"metadata": {"name": "a"}, "maxAge": 300},
                      {"metadata": {"name": "b"}, "maxAge": 900}])
    path = "/apis/oauth.openshift.io/v1/oauthclients"
    common = {"filepath": path, "yamlpath": ".items[:].maxAge",
              "ocp_data": "true", "check_existence": "all_exist"}
    for rule_id, most, entity in (("all", 900, "all"), ("not-all", 600, "all"),
                                  ("one", 600, "at least one")):
        cluster.rule(rule_id, **common, entity_check=entity,
                     values=[{"value": str(most), "type": "int",
                              "operation": "less than or equal",
                              "entity_check": entity}])
    assert cluster.scan(FAILED).statuses() == {
        "all": "pass", "not-all": "fail", "one": "pass"}


def test_yaml_files_are_read_too(cluster):
    cluster.put("/apis/config.openshift.io/v1/images/cluster",
                "kind: Image\nmetadata: {name: cluster}\n"
                "spec:\n  allowed:\n  - quay.io\n")
    cluster.rule("yaml", filepath="/apis/config.openshift.io/v1/images/cluster",
                 yamlpath=".spec.allowed[:]", ocp_data="true",
                 check_existence="at_least_one_exists",
                 entity_check="at least one",
                 values=[{"value": "^quay", "operation": "pattern match"}])
    assert cluster.scan(DONE).statuses() == {"yaml": "pass"}


# ---- what is never a verdict -------------------------------------------------

@pytest.mark.parametrize("content,words", (
    ('{"kind": "PodList", "items": [{"metadata": {"name": "a"}', "cut off"),
    ('{"kind": "PodList", "items": [}', "1"),
    ('{"kind": "PodList", "items": {"a": 1}}', "no array"),
    ('{"kind": "PodList", "items": "pods"}', "no array"),
    ("[" * 5000, "nested"),
))
def test_a_malformed_answer_is_an_error(cluster, content, words):
    cluster.put("/api/v1/pods", content)
    cluster.rule("value", resource_type="pods", yamlpath=".spec",
                 condition="exists")
    cluster.rule("filter", **oval("/api/v1/pods", jq_filter=FILTER))
    cluster.rule("plain", **oval("/api/v1/pods", yamlpath=".items[:].x"))
    scan = cluster.scan(UNSURE)
    assert scan.statuses() == {"value": "error", "filter": "error",
                               "plain": "error"}
    for verdict in scan.verdicts:
        assert "/api/v1/pods" in verdict["message"]


@pytest.mark.parametrize("content,words", (
    ({"kind": "PodList", "metadata": {"continue": "abc"},
      "items": [{"metadata": {"name": "a"}, "spec": {}}]}, "cut off after 1"),
    ({"kind": "Status", "code": 403}, "Status"),
    ({}, "no list"),
    ("# kube-api-error=Forbidden", "Forbidden"),
    ("kind: PodList\nmetadata: {continue: x}\nitems: []\n", "cut off"),
))
def test_what_is_no_whole_list_is_an_error(cluster, content, words):
    cluster.put("/api/v1/pods", content)
    cluster.rule("value", resource_type="pods", yamlpath=".spec",
                 condition="exists")
    cluster.rule("none", resource_type="pods", yamlpath=".spec",
                 condition="not_exists")
    cluster.rule("filter", **oval("/api/v1/pods", jq_filter=FILTER))
    scan = cluster.scan(UNSURE)
    assert scan.statuses() == {"value": "error", "none": "error",
                               "filter": "error"}
    assert all(words in each["message"] for each in scan.verdicts)


@pytest.mark.parametrize("content", (
    {"kind": "PodList", "items": None}, "kind: PodList\nitems: null\n",
    "# kube-api-error=NotFound\n"))
def test_an_empty_list_has_many_spellings(cluster, content):
    cluster.put("/api/v1/pods", content)
    common = {"resource_type": "pods", "yamlpath": ".spec"}
    cluster.rule("value", **common, condition="equals", expected_value=1)
    cluster.rule("exists", **common, condition="exists")
    cluster.rule("none", **common, condition="not_exists")
    cluster.rule("fails", **common, condition="equals", expected_value=1,
                 when_missing="fail")
    assert cluster.scan(FAILED).statuses() == {
        "value": "notapplicable", "exists": "fail", "none": "pass",
        "fails": "fail"}


def test_what_may_not_be_looked_at_is_not_missing(cluster):
    (cluster.root / "api/v1").joinpath("pods").symlink_to("pods")
    cluster.rule("loop", resource_type="pods", yamlpath=".spec",
                 condition="not_exists")
    assert cluster.scan(UNSURE).statuses() == {"loop": "error"}


def test_one_namespace_is_missing_and_another_was_not_read(cluster):
    cluster.put_list("/api/v1/namespaces/a/pods", "Pod", [pod("one", "a")])
    cluster.put("/api/v1/namespaces/b/pods", '{"kind": "PodList", "items": [')
    cluster.rule("net", resource_type="pods", yamlpath=".spec.hostNetwork",
                 condition="equals", expected_value=False)
    whole = {"include": ["a", "a", "c"]}
    assert cluster.scan(DONE, namespaces=whole).by_rule()["net"][
        "resources"] == {"pass": 1}
    scan = cluster.scan(UNSURE, namespaces={"include": ["a", "b", "c"]})
    assert scan.statuses() == {"net": "error"}


def test_a_name_in_every_namespace_and_with_labels(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [
        pod("web", "a"), pod("web", "b", hostNetwork=True), pod("db", "a")])
    common = {"resource_type": "pods", "resource_name": "web",
              "yamlpath": ".spec.hostNetwork", "condition": "equals",
              "expected_value": False}
    cluster.rule("all", **common)
    cluster.put_list("/api/v1/namespaces/a/pods", "Pod",
                     [pod("web", "a"), pod("db", "a")])
    cluster.rule("one", namespace="a", selector="app=web", **common)
    cluster.rule("other", namespace="a", selector="app=db", **common)
    scan = cluster.scan(FAILED)
    assert scan.statuses() == {"all": "fail", "one": "pass", "other": "fail"}
    assert scan.by_rule()["all"]["resources"] == {"pass": 1, "fail": 1}


def test_label_selectors_as_manifests_write_them(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [pod("web-1"), pod("db-1"),
                                             pod("log-1")])
    common = {"resource_type": "pods", "yamlpath": ".metadata.name",
              "condition": "exists"}
    cluster.rule("in", **common, selector={"matchExpressions": [
        {"key": "app", "operator": "In", "values": ["web", "db"]}]})
    cluster.rule("not", **common, selector={
        "matchLabels": {"app": "log"}, "matchExpressions": [
            {"key": "tier", "operator": "DoesNotExist"}]})
    cluster.rule("bad", **common, selector={"matchExpressions": [
        {"key": "app", "operator": "Near"}]})
    cluster.rule("both", **common, selector="a=b", label_selector="c=d")
    scan = cluster.scan(UNSURE)
    found = {rule_id: names(verdict, "pass")
             for rule_id, verdict in scan.by_rule().items()}
    assert found["in"] == ["db-1", "web-1"] and found["not"] == ["log-1"]
    assert scan.statuses()["bad"] == scan.statuses()["both"] == "error"


def test_names_with_colons_are_files_of_that_name(cluster):
    cluster.put("/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
                {"kind": "ClusterRole", "metadata": {"name": "system:node"},
                 "rules": []})
    cluster.rule("role", resource_type="clusterroles",
                 resource_name="system:node", yamlpath=".metadata.name",
                 condition="exists")
    assert cluster.scan(DONE).statuses() == {"role": "pass"}


def test_a_bad_rule_spoils_no_other(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [pod("web-1")])
    common = {"resource_type": "pods", "yamlpath": ".metadata.name"}
    cluster.rule("good", **common, condition="exists")
    cluster.rule("bad-path", resource_type="pods", yamlpath=".a[?]",
                 condition="exists")
    cluster.rule("bad-condition", **common, condition="resembles")
    cluster.rule("bad-pattern", **common, condition="matches",
                 expected_value="(")
    cluster.rule("bad-selector", **common, condition="exists",
                 selector="a b c")
    cluster.rule("bad-filter", **oval("/api/v1/pods", jq_filter="[.items["))
    cluster.rule("bad-variable", **oval("/api/v1/{{.nowhere}}/x"))
    cluster.rule("nothing", yamlpath=".a", condition="exists")
    statuses = cluster.scan(UNSURE).statuses()
    assert statuses.pop("good") == "pass"
    assert set(statuses.values()) == {"error"}, statuses


def test_a_target_in_short(cluster):
    cluster.put_list("/api/v1/pods", "Pod", [pod("web-1")])
    cluster.rule("named", resource_type="pods", yamlpath=".metadata.name",
                 condition="exists")
    cluster.engine.import_rules(cluster.rules)
    scan = cluster.engine.scan("--target", f"kubernetes_dump:{cluster.root}",
                               code=DONE)
    assert scan.statuses() == {"named": "pass"}


def test_a_dump_that_is_not_there(cluster):
    cluster.rule("any", resource_type="pods", yamlpath=".a",
                 condition="exists")
    scan = cluster.scan(UNABLE, path="/nowhere/at/all")
    assert "/nowhere/at/all" in scan.result.err


def test_paths_do_not_lead_out_of_the_dump(cluster):
    (cluster.root.parent / "secret").write_text("{}")
    cluster.rule("out", **oval("/api/../../secret"))
    assert cluster.scan(UNSURE).statuses() == {"out": "error"}


# ---- manifests ---------------------------------------------------------------

def test_manifests_are_checked_before_they_reach_a_cluster(tmp_path):
    cluster = Cluster(tmp_path)
    folder = tmp_path / "manifests"
    (folder / "deep").mkdir(parents=True)
    (folder / "pods.yaml").write_text(
        "\n---\n".join(json.dumps(pod(name, kind="Pod", hostNetwork=net))
                       for name, net in (("web-1", False), ("web-2", True))))
    (folder / "deep" / "list.json").write_text(json.dumps(
        {"kind": "List", "apiVersion": "v1", "items": [
            pod("db-1", "data", kind="Pod"),
            {"kind": "Widget", "apiVersion": "acme.io/v1",
             "metadata": {"name": "w"}, "spec": {"on": True}}]}))
    (folder / "values.yml").write_text("replicas: 3\n")
    (folder / "README").write_text("not one: [\n")
    cluster.rule("net", resource_type="pods", yamlpath=".spec.hostNetwork",
                 condition="equals", expected_value=False)
    cluster.rule("widget", resource_type="widgets.acme.io",
                 yamlpath=".spec.on", condition="equals", expected_value=True)
    cluster.rule("named", resource_type="pods", namespace="data",
                 resource_name="db-1", yamlpath=".metadata.name",
                 condition="exists")
    scan = cluster.scan(FAILED, path=str(folder))
    assert scan.statuses() == {"net": "fail", "widget": "pass",
                               "named": "pass"}
    assert names(scan.by_rule()["net"], "fail") == ["web-2"]
    assert names(scan.by_rule()["net"], "pass") == ["db-1", "web-1"]


def test_what_is_a_list_among_manifests_is_taken_apart_and_nothing_else(
        tmp_path):
    cluster, folder = Cluster(tmp_path), tmp_path / "manifests"
    folder.mkdir()
    version = "odd.example.com/v1"

    def box(name, **more):
        return {"apiVersion": version, "kind": "Box",
                "metadata": {"name": name}, **more}
    documents = {
        "list": {"apiVersion": "v1", "kind": "List", "metadata": {
            "resourceVersion": ""}, "items": [box("a"), box("b")]},
        "odd-list": {"apiVersion": version, "kind": "Boxes", "metadata": {},
                     "items": [box("c")]},
        "named": {"apiVersion": version, "kind": "BlockList", "metadata": {
            "name": "blocked"}, "items": [{"host": "x.test"}]},
        "items": box("d", items=[{"n": 1}, {"n": 2}])}
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    cluster.root = folder
    cluster.rule("boxes", resource_type="Box", yamlpath=".metadata.name",
                 condition="exists")
    cluster.rule("items", resource_type="Box", resource_name="d",
                 yamlpath=".items[:].n", condition="contains",
                 expected_value=2)
    cluster.rule("blocklists", resource_type="BlockList",
                 yamlpath=".items[0].host", condition="equals",
                 expected_value="x.test")
    found = cluster.scan(DONE).by_rule()
    assert names(found["boxes"], "pass") == ["a", "b", "c", "d"]
    assert found["blocklists"]["resources"] == {"pass": 1}


def test_an_object_of_a_dump_may_have_items(cluster):
    cluster.put("/apis/odd.example.com/v1/boxes/one", {
        "kind": "Box", "apiVersion": "odd.example.com/v1",
        "metadata": {"name": "one"}, "items": [{"n": 1}, {"n": 2}]})
    cluster.rule("path", filepath="/apis/odd.example.com/v1/boxes/one",
                 yamlpath=".items[:].n", values=[
                     {"value": "2", "type": "int",
                      "operation": "less than or equal"}])
    cluster.rule("filter", filepath="/apis/odd.example.com/v1/boxes/one",
                 jq_filter="[.items[] | .n]", yamlpath="[:]", values=[
                     {"value": "2", "type": "int", "operation": "equals",
                      "entity_check": "at least one"}],
                 entity_check="at least one")
    assert cluster.scan(DONE).statuses() == {"path": "pass",
                                             "filter": "pass"}


# ---- platforms ---------------------------------------------------------------

CONFIG = "/apis/config.openshift.io/v1"
PLATFORMS = ("#ocp4.6", "#ocp4.12", "#ocp4.1", "#ocp4.11_or_ocp4.12", "#ocp4",
             "#ocp4-on-aws", "#ocp4-on-gcp", "#ocp4-on-sdn", "#eks",
             "#something-else", "ocp4.6 or ocp4.7",
             "not ocp4-on-hypershift and ocp4.6")


def platform_rules(cluster):
    cluster.put("/api/v1/nodes", {"kind": "NodeList", "apiVersion": "v1",
                                  "metadata": {}, "items": []})
    for platform in PLATFORMS:
        cluster.rule(platform.lstrip("#").replace(" ", "-"),
                     resource_type="nodes",
                     yamlpath=".metadata.name", condition="not_exists")
        cluster.rules[-1]["platforms"] = ["cpe:/a:b:c:1", platform]
    cluster.rule("two", resource_type="nodes", yamlpath=".metadata.name",
                 condition="not_exists")
    cluster.rules[-1]["platforms"] = ["#ocp4.6", "#ocp4-on-aws"]


def not_for(scan):
    return {rule for rule, verdict in scan.by_rule().items()
            if verdict["status"] == "notapplicable"
            and "platform" in verdict["message"]}


def test_rules_for_another_version_or_cloud_are_not_applicable(cluster):
    cluster.put(f"{CONFIG}/clusterversions/version", {
        "kind": "ClusterVersion", "status": {"desired": {
            "version": "4.12.7"}}})
    cluster.put(f"{CONFIG}/infrastructures/cluster", {
        "kind": "Infrastructure", "status": {"platform": "AWS"}})
    cluster.put(f"{CONFIG}/networks/cluster", {
        "kind": "Network", "status": {"networkType": "OVNKubernetes"}})
    platform_rules(cluster)
    scan = cluster.scan()
    assert not_for(scan) == {"ocp4.6", "ocp4.1", "ocp4-on-gcp", "ocp4-on-sdn",
                             "eks", "ocp4.6-or-ocp4.7"}
    message = scan.by_rule()["ocp4.6"]["message"]
    assert "OpenShift 4.12.7 on AWS with OVNKubernetes" in message


def test_the_version_file_of_a_collector_counts(cluster):
    cluster.put("/ocp/version", '["4.6.1"]')
    platform_rules(cluster)
    assert not_for(cluster.scan()) == {"ocp4.12", "ocp4.1",
                                       "ocp4.11_or_ocp4.12", "eks"}


def test_rules_for_openshift_are_not_applicable_on_eks(cluster):
    cluster.put("/version", {"major": "1", "gitVersion": "v1.27.4-eks-2d98"})
    platform_rules(cluster)
    assert not_for(cluster.scan()) == {
        "ocp4.6", "ocp4.12", "ocp4.1", "ocp4.11_or_ocp4.12", "ocp4",
        "ocp4-on-aws", "ocp4-on-gcp", "ocp4-on-sdn", "ocp4.6-or-ocp4.7",
        "two"}


def test_of_a_cluster_that_says_nothing_every_rule_is_judged(cluster):
    platform_rules(cluster)
    assert not_for(cluster.scan()) == set()
