# SPDX-License-Identifier: Apache-2.0
"""Content of others as kubernetes rules: SCAP datastreams about API objects,
with bare oscap over the same dump as the judge, and OpenShift's rules in the
form of template variables, with the verdicts that their authors expect."""
import gzip
import json
import shutil

import pytest

import oscap_dump
import support
from support import DONE, SOURCE, Engine

FIXTURES = SOURCE / "tests/fixtures/openshift"
RULE = "xccdf_org.ssgproject.content_rule_"


def dump(path):
    return json.dumps({"type": "kubernetes_dump", "path": str(path)})


# ---- OpenShift's rules and their authors' cases ------------------------------

def cases():
    with gzip.open(FIXTURES / "cases.json.gz") as file:
        return json.load(file)


def base(path):
    return path.split("#")[0].split("?")[0]


class Group:
    """Cases whose files can lie in one dump."""

    def __init__(self):
        self.files, self.wanted = {}, {}

    def takes(self, case, paths):
        """No file of one is where another has a different one, or none."""
        if case["rule"] in self.wanted:
            return False
        theirs = {base(path) for path in case["files"]} | paths
        mine = {base(path) for path in self.files} | {
            each for _, used in self.wanted.values() for each in used}
        if any(a.startswith(b + "/") or b.startswith(a + "/")
               for a in case["files"] for b in self.files):
            return False  # one's file is another's folder
        if not theirs & mine:
            return True
        return all(self.files.get(path) == text
                   for path, text in case["files"].items()
                   if base(path) in mine) and all(
            case["files"].get(path) == text
            for path, text in self.files.items() if base(path) in theirs)

    def add(self, case, paths):
        self.files.update(case["files"])
        self.wanted[case["rule"]] = (case, paths)


def grouped(rules):
    groups = []
    for case in cases():
        paths = {base(rules[case["rule"]]["template_vars"]["filepath"])}
        for group in groups:
            if group.takes(case, paths):
                break
        else:
            group = Group()
            groups.append(group)
        group.add(case, paths)
    return groups


@pytest.fixture
def openshift(tmp_path):
    engine = Engine(tmp_path, plugins=("kubernetes",))
    folder = tmp_path / "content"
    folder.mkdir()
    for name in ("rules.json", "variables.json"):
        shutil.copy(FIXTURES / name, folder)
    (folder / "cases.json").write_text(json.dumps(cases()))
    engine.report_of_import = engine.run(
        "import", "--format", "json", folder, code=DONE).json()
    return engine


def template_rules():
    with open(FIXTURES / "rules.json") as file:
        return {rule["id"]: rule for rule in map(json.loads, file)}


def test_template_rules_are_recognised(openshift):
    report = openshift.report_of_import
    assert report["totals"]["added"] == len(template_rules())
    assert report["totals"]["rejected"] == 0
    assert report["totals"]["by_scanner"] == {
        "kubernetes": len(template_rules())}
    assert report["totals"]["skipped"] == len(cases()) + 1
    notes = {entry["file"].rsplit("/", 1)[1]:
             [each["what"] for each in entry["normalised"]]
             for entry in report["files"]}
    assert notes["cases.json"] == ["skipped: test cases of rules"]
    assert len(notes["variables.json"]) == 1
    assert "definitions of variables" in notes["variables.json"][0]


def test_a_template_rule_says_all_that_it_said(openshift):
    shown = openshift.run(
        "rules", "show", "api_server_admission_control_plugin_alwaysadmit",
        "--format", "json", code=DONE).json()
    assert shown["benchmark"] == "openshift"
    assert shown["scanner_type"] == "kubernetes"
    assert shown["severity"] == "medium"
    assert shown["identifiers"] == {"cce": "CCE-84148-6"}
    assert shown["platforms"] == ["not ocp4-on-hypershift-hosted"]
    assert shown["frameworks"]["nist"] == {"800-53r4": ["CM-6", "CM-6(1)"]}
    assert shown["frameworks"]["nerc_cip"]["current"][0] == "CIP-003-8 R6"
    assert shown["frameworks"]["pci_dss"] == {"v3.2.1": ["Req-2.2"]}
    variables = shown["variables"]
    assert set(variables) == {"hypershift_cluster",
                              "hypershift_namespace_prefix"}
    assert variables["hypershift_cluster"]["default"] == "None"
    assert variables["hypershift_namespace_prefix"]["default"] == "clusters"
    content = shown["check_content"]
    assert content["filepath"].startswith("{{if ne .hypershift_cluster")
    assert content["dump"].split("#")[1] == content["filepath"].split("#")[1]
    assert "jq_filter" in content


def test_options_and_frameworks_of_products(openshift):
    shown = openshift.run("rules", "show", "oauth_token_maxage", "--format",
                          "json", code=DONE).json()
    maxage = shown["variables"]["var_oauth_token_maxage"]
    assert maxage["default"] == "86400"
    assert maxage["options"] == {"24h": "86400", "8h": "28800"}


def test_variables_without_their_definitions_are_told(tmp_path):
    engine = Engine(tmp_path, plugins=("kubernetes",))
    rule = template_rules()["audit_profile_set"]
    (tmp_path / "rules.json").write_text(json.dumps([rule]))
    report = engine.run("import", "--format", "json", tmp_path / "rules.json",
                        code=DONE).json()
    (note,) = report["files"][0]["normalised"]
    assert "var_openshift_audit_profile" in note["what"]
    (tmp_path / "dump/api").mkdir(parents=True)
    scan = engine.scan("--target", dump(tmp_path / "dump"))
    assert scan.statuses() == {"audit_profile_set": "error"}


def test_every_case_has_its_authors_verdict(openshift, tmp_path):
    """95 cases of 30 rules, as many in one dump as do not collide."""
    wrong, seen = [], 0
    for number, group in enumerate(grouped(template_rules())):
        root = tmp_path / f"dump-{number}"
        (root / "api").mkdir(parents=True)
        for path, text in group.files.items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        chosen = [each for rule in group.wanted for each in ("--rule", rule)]
        statuses = openshift.scan(*chosen, "--target", dump(root)).statuses()
        for rule, (case, _) in group.wanted.items():
            seen += 1
            if statuses[rule] != case["verdict"]:
                wrong.append((rule, case["scenario"], case["verdict"],
                              statuses[rule]))
    assert not wrong
    assert seen == len(cases()) == 95


def test_files_of_nodes_are_not_judged_without_a_node(openshift, tmp_path):
    (tmp_path / "dump/api").mkdir(parents=True)
    node = [rule["id"] for rule in template_rules().values()
            if not rule["template_vars"]["filepath"].startswith(("/api", "{"))]
    assert len(node) > 20
    chosen = [each for rule in node for each in ("--rule", rule)]
    scan = openshift.scan(*chosen, "--target", dump(tmp_path / "dump"))
    assert set(scan.statuses().values()) == {"notchecked"}
    assert all("file of a node" in verdict["message"]
               for verdict in scan.verdicts)
    file = tmp_path / "dump/tmp/runtime/openscap-kubeletconfig"
    file.parent.mkdir(parents=True)
    file.write_text("kubeletconfig: {authentication: {anonymous: "
                    "{enabled: false}}}\n")
    scan = openshift.scan("--rule", "kubelet_anonymous_auth", "--target",
                          dump(tmp_path / "dump"))
    assert scan.statuses() == {"kubelet_anonymous_auth": "pass"}


# ---- SCAP content ------------------------------------------------------------

def scap_engine(directory, product):
    engine = Engine(directory, plugins=("kubernetes", "oscap"))
    content = support.need_content(f"ssg-{product}-ds.xml")
    engine.report_of_import = engine.run(
        "import", "--format", "json", content, code=DONE).json()
    lines = engine.run("rules", "export", "--format", "jsonl",
                       code=DONE).out.splitlines()
    engine.rules = [json.loads(line) for line in lines]
    return engine


@pytest.fixture(scope="module", params=("ocp4", "eks"))
def scap(request, tmp_path_factory):
    engine = scap_engine(tmp_path_factory.mktemp(request.param),
                         request.param)
    engine.product = request.param
    return engine


def native(engine):
    return [rule for rule in engine.rules
            if rule["scanner_type"] == "kubernetes"]


def test_rules_about_api_objects_become_kubernetes_rules(scap):
    totals = scap.report_of_import["totals"]
    few = {"ocp4": 150, "eks": 20}[scap.product]
    assert totals["rejected"] == 0
    assert totals["by_scanner"]["kubernetes"] >= few
    assert len(native(scap)) == totals["by_scanner"]["kubernetes"]
    assert sum(totals["by_scanner"].values()) == totals["added"]
    told = {each["rule_id"] for entry in scap.report_of_import["files"]
            for each in entry["normalised"]
            if each["what"].startswith("not made a kubernetes rule: ")}
    assert told
    assert not told & {rule["rule_id"] for rule in native(scap)}


def test_a_scap_rule_keeps_what_it_says(scap):
    if scap.product != "ocp4":
        pytest.skip("ocp4's")
    (rule,) = [each for each in scap.rules
               if each["rule_id"] == RULE + "api_server_tls_cipher_suites"]
    assert rule["benchmark"].endswith("OCP-4")
    assert rule["severity"] == "medium"
    assert rule["frameworks"]["cis"] and rule["rationale"]
    content = rule["check_content"]
    mark = "#54842ba5cf821644f2727625c1518eba2de6e6b7ae318043d0bf7ccc9570e430"
    assert content["filepath"] == (
        "/api/v1/namespaces/{{.var_openshift_kube_apiserver_namespace}}"
        "/configmaps/{{.var_openshift_kube_apiserver_config}}" + mark)
    assert content["dump"] == ("/api/v1/namespaces/openshift-kube-apiserver"
                               "/configmaps/config" + mark)
    assert content["jq_filter"] == (
        '.data."{{.var_openshift_kube_apiserver_config_data_name}}" '
        "| fromjson")
    assert content["yamlpath"] == ".servingInfo.cipherSuites[:]"
    assert (content["check"], content["check_existence"],
            content["entity_check"]) == ("all", "only_one_exists", "all")
    assert content["ocp_data"] is True
    (value,) = content["values"]
    assert value["operation"] == "pattern match"
    assert value["value"].startswith("TLS_ECDHE_ECDSA_WITH_AES_128")
    assert set(rule["variables"]) == {
        "var_openshift_kube_apiserver_namespace",
        "var_openshift_kube_apiserver_config",
        "var_openshift_kube_apiserver_config_data_name"}
    assert "ocp_data_root" not in rule["variables"]


def differences(scap, rules, content, root, directory, settings=None):
    ids = [rule.id for rule in rules]
    theirs = oscap_dump.evaluate(content, root, ids, directory, settings)
    more = [word for name, value in (settings or {}).items()
            for word in ("--set", f"{name}={value}")]
    chosen = [word for each in ids for word in ("--rule", each)]
    scan = scap.scan(*more, *chosen, "--target", dump(root), timeout=240)
    ours = scan.by_rule()
    return [(rule.id[len(RULE):], ours[rule.id]["status"],
             theirs.get(rule.id), ours[rule.id].get("message"))
            for rule in rules
            if ours[rule.id]["status"] != theirs.get(rule.id)], theirs


def explained(difference, files, rules):
    """What oscap says and is not right, or what is said of no list.

    A list with both texts and lists in it: oscap loses some of its values
    (check_oval.h), and one with both texts and objects is an error here. What
    a server answers to a list that is no list is an error, never a verdict.
    """
    rule_id, ours, theirs, message = difference
    (rule,) = [each for each in rules if each.id == RULE + rule_id]
    if " is no list: " in message:
        return ours == "error" and theirs == "fail"
    return oscap_dump.is_mixed(files[rule.file], rule.steps)


@pytest.mark.parametrize("kind", oscap_dump.KINDS)
def test_kubernetes_rules_say_what_oscap_says(scap, tmp_path, kind):
    support.need_program("oscap", "openscap-scanner")
    content = oscap_dump.unplatformed(
        support.need_content(f"ssg-{scap.product}-ds.xml"), tmp_path)
    rules = [oscap_dump.Rule(rule, {}) for rule in native(scap)]
    for seed in range(3 if kind == "random" else 1):
        root = tmp_path / f"dump-{seed}"
        files = oscap_dump.build(root, rules, kind, f"{kind}-{seed}")
        wrong, theirs = differences(scap, rules, content, root, tmp_path)
        wrong = [each for each in wrong if not explained(each, files, rules)]
        assert not wrong, "\n".join(map(str, wrong))
        if kind == "right":
            assert list(theirs.values()).count("pass") > len(rules) / 2
        if kind in ("wrong", "none"):
            assert list(theirs.values()).count("fail") > len(rules) / 2




def test_variables_of_scap_rules_can_be_set(scap, tmp_path):
    """Every variable of a rule's state gets another value: the dump has it."""
    support.need_program("oscap", "openscap-scanner")
    if scap.product == "eks":
        pytest.skip("its rules compare with no variable of a dump")
    content = oscap_dump.unplatformed(
        support.need_content(f"ssg-{scap.product}-ds.xml"), tmp_path)
    used = [rule for rule in native(scap)
            if "xccdf_variable" in rule["check_content"]
            or any("{{." in value["value"]
                   for value in rule["check_content"].get("values", ()))]
    assert len(used) > 20
    names = {name for rule in used for name in rule["variables"]
             if name in json.dumps(rule["check_content"].get("values", []))
             or name == rule["check_content"].get("xccdf_variable")}
    settings = {name: f"set-{number}"
                for number, name in enumerate(sorted(names))}
    assert len(settings) > 10
    for kind, with_these in (("right", settings), ("right", {}),
                             ("wrong", settings)):
        root = tmp_path / f"dump-{kind}-{len(with_these)}"
        rules = [oscap_dump.Rule(rule, with_these) for rule in used]
        files = oscap_dump.build(root, rules, kind, kind)
        wrong, theirs = differences(scap, rules, content, root, tmp_path,
                                    settings)
        wrong = [each for each in wrong if not explained(each, files, rules)]
        assert not wrong, "\n".join(map(str, wrong))
        passed = list(theirs.values()).count("pass")
        assert (passed > 10) == (kind == "right" and with_these == settings)


def test_a_dump_is_found_whatever_its_path_is_set_to(scap, tmp_path):
    """A collector writes a filter's output under one name."""
    if scap.product != "ocp4":
        pytest.skip("ocp4's")
    (rule,) = [oscap_dump.Rule(each, {}) for each in native(scap)
               if each["rule_id"] == RULE + "api_server_etcd_ca"]
    oscap_dump.build(tmp_path / "dump", [rule], "right", "x")
    for setting in ("openshift-kube-apiserver", "clusters-other"):
        statuses = scap.scan(
            "--rule", rule.id, "--target", dump(tmp_path / "dump"), "--set",
            f"var_openshift_kube_apiserver_namespace={setting}").statuses()
        assert statuses == {rule.id: "pass"}


def test_a_profile_has_rules_of_both_scanners(scap, tmp_path):
    """A dump gets its rules; those for nodes are not checked, and say so."""
    if scap.product != "ocp4":
        pytest.skip("the profiles of others are for one of them")
    (tmp_path / "dump/api").mkdir(parents=True)
    scan = scap.scan("--benchmark", "OCP-4", "--profile", "cis", "--target",
                     dump(tmp_path / "dump"), timeout=240)
    kinds = {"kubernetes": set(), "oscap": set()}
    for verdict in scan.verdicts:
        kinds[verdict["scanner_type"]].add(verdict["status"])
        if verdict["scanner_type"] == "oscap":
            assert verdict["origin"] == "engine" and verdict["message"]
    assert kinds["oscap"] == {"notchecked"}
    assert kinds["kubernetes"] <= {"pass", "fail"}
    assert "fail" in kinds["kubernetes"]


def test_scap_rules_are_the_same_when_imported_again(scap):
    again = scap.run("import", "--format", "json",
                     support.need_content(f"ssg-{scap.product}-ds.xml"),
                     code=DONE).json()["totals"]
    first = scap.report_of_import["totals"]
    assert again["unchanged"] == first["added"]
    assert (again["added"], again["changed"]) == (0, 0)
    assert again["by_scanner"] == first["by_scanner"]
