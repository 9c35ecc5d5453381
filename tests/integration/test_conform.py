# SPDX-License-Identifier: Apache-2.0
"""scan-engine conform: every scanner of the tree keeps the contract, and each
animal of the zoo fails exactly the checks that it should."""
import json
import re
import subprocess
import sys

import pytest
import support
from support import DONE, SLOW, UNABLE, Engine, rule

sys.path.insert(0, str(support.SOURCE / "tests/services"))
import azure_fake  # noqa: E402
from aws_recorded import Recorded  # noqa: E402
from azure_estate import GOOD as AZURE_GOOD  # noqa: E402
from azure_fake import AzureFake  # noqa: E402
from gcp_fake import GcpFake  # noqa: E402

RULES = support.SOURCE / "conf/rules"


class Tap:
    """What a run printed: {check: state}, and the comments below each."""

    def __init__(self, result):
        self.result = result
        lines = result.out.splitlines()
        assert lines[0] == "TAP version 13", repr(result)
        count = int(re.fullmatch(r"1\.\.(\d+)", lines[1])[1])
        self.states, self.notes, name = {}, {}, None
        for line in lines[2:]:
            found = re.fullmatch(r"(not ok|ok) (\d+) - ([a-z-]+): [^#]*"
                                 r"( # SKIP .+)?", line)
            if not found:
                assert line.startswith("# ") and name, repr(result)
                self.notes[name] += line[2:] + "\n"
                continue
            name = found[3]
            assert int(found[2]) == len(self.states) + 1
            self.states[name] = "skip" if found[4] else found[1]
            self.notes[name] = found[4] or ""
        assert len(self.states) == count, repr(result)
        self.failed = {name for name, state in self.states.items()
                       if state == "not ok"}
        self.skipped = {name for name, state in self.states.items()
                        if state == "skip"}
        assert result.code == (UNABLE if self.failed else DONE), repr(result)


@pytest.fixture
def conform(tmp_path):
    engine = Engine(tmp_path / "engine", plugins=())

    def run(plugin, *args, rules=None, target=None, timeout=120 * SLOW,
            env=None):
        path = plugin if str(plugin).startswith("/") else support.module(plugin)
        if isinstance(rules, list):
            rules = engine.put("conform.jsonl", rules)
        args = [*args, "--timeout", timeout]
        args += ["--rules", rules] if rules else []
        args += ["--target", json.dumps(target)] if target else []
        tap = Tap(engine.run("conform", path, *args, env=env, timeout=600))
        support.wait_gone(engine.home)
        assert not list(engine.run_directory.glob("engine-*"))
        assert not engine.database.exists()
        return tap
    run.engine = engine
    return run


def all_pass(tap, skipped=()):
    assert not tap.failed, repr(tap.result)
    assert tap.skipped <= set(skipped), repr(tap.result)


def judged(tap):
    """(judged, given) rules of the scan that all others are compared with."""
    found = re.search(r"(\d+) of (\d+) rules were judged, with (\d+) results",
                      tap.notes["rules"])
    assert found, repr(tap.result)
    return tuple(map(int, found.groups()))


# ---- scanners of the tree ----------------------------------------------------

@pytest.mark.parametrize("name", ("oscap", "kubernetes", "aws", "azure", "gcp"))
def test_a_scanner_of_the_tree_passes_without_rules(conform, name):
    support.need_plugin(name)
    # rules that say nothing may have nobody ask whether they are cancelled
    all_pass(conform(name), skipped=("cancel", "emit"))


@pytest.mark.parametrize("name, skipped", [
    ("alpha", ()), ("beta", ("operations",)),
    ("findings", ("operations", "unreachable"))])
def test_scanners_of_the_tests_pass(conform, name, skipped):
    rules = [rule(1, name), rule(2, name, "fail", resources=3),
             rule(3, name, "nonsense"), rule(4, "somebody-else")]
    tap = conform(name, rules=rules)
    all_pass(tap, skipped)
    assert judged(tap)[1] == 3
    if name != "findings":
        assert judged(tap) == (2, 3, 4)
        assert "3 times" in tap.notes["cancel"]


def test_kubernetes_judges_a_dump(conform, tmp_path):
    support.need_plugin("kubernetes")
    pods = tmp_path / "dump/api/v1"
    pods.mkdir(parents=True)
    (pods / "pods").write_text(json.dumps({
        "kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"},
        "items": [
            {"metadata": {"name": f"p{i}", "namespace": "default"},
             "spec": {"hostNetwork": i == 2}} for i in range(5)]}))
    rules = [{"rule_id": f"net-{value}", "title": "the host's network",
              "severity": "low", "scanner_type": "kubernetes",
              "check_content": {"resource_type": "pods",
                                "yamlpath": ".spec.hostNetwork",
                                "condition": "equals",
                                "expected_value": value}}
             for value in (True, False)]
    tap = conform("kubernetes", rules=rules, target={
        "type": "kubernetes_dump", "path": str(tmp_path / "dump")})
    all_pass(tap)
    assert judged(tap) == (2, 2, 10)


def starter(name, *ids):
    """Starter rules of a cloud, from its one document per rule."""
    found = []
    for path in sorted((RULES / name).glob("*.yaml")):
        for document in path.read_text().split("\n---\n"):
            if re.search(rf"^rule_id: ({'|'.join(ids)})$", document, re.M):
                found.append(document)
    assert len(found) == len(ids)
    return "---\n" + "\n---\n".join(found) + "\n"


def test_aws_judges_an_account(conform, tmp_path):
    support.need_plugin("aws")
    rules = tmp_path / "aws.yaml"
    rules.write_text(starter("aws", "aws-iam-root-no-access-key",
                             "aws-iam-root-mfa"))
    identity = ("<GetCallerIdentityResponse><GetCallerIdentityResult>"
                "<Account>123456789012</Account><UserId>A</UserId>"
                "<Arn>arn:aws:iam::123456789012:user/x</Arn>"
                "</GetCallerIdentityResult></GetCallerIdentityResponse>")
    summary = ("<GetAccountSummaryResponse><GetAccountSummaryResult>"
               "<SummaryMap><entry><key>AccountAccessKeysPresent</key>"
               "<value>1</value></entry><entry><key>AccountMFAEnabled</key>"
               "<value>1</value></entry></SummaryMap>"
               "</GetAccountSummaryResult></GetAccountSummaryResponse>")
    with Recorded({"GetCallerIdentity": (200, identity),
                   "GetAccountSummary": (200, summary)}) as aws:
        tap = conform("aws", rules=rules, env={
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example"}, target={
                "type": "aws_account", "endpoint_url": aws.url,
                "regions": ["eu-west-1"]})
    all_pass(tap)
    assert judged(tap)[:2] == (2, 2), repr(tap.result)


def test_azure_judges_a_subscription(conform, tmp_path):
    support.need_plugin("azure")
    rules = tmp_path / "azure.yaml"
    rules.write_text(starter("azure", "azure-storage-secure-transfer",
                             "azure-storage-tls"))
    with AzureFake() as fake:
        target = fake.target()
        target["subscriptions"] = [AZURE_GOOD]
        tap = conform("azure", rules=rules, target=target, env={
            "AZURE_CLIENT_ID": azure_fake.CLIENT,
            "AZURE_CLIENT_SECRET": azure_fake.SECRET})
    all_pass(tap)
    assert judged(tap)[:2] == (2, 2), repr(tap.result)


def test_gcp_judges_a_project(conform, tmp_path):
    support.need_plugin("gcp")
    key = tmp_path / "key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048", "-out", key], check=True,
                   capture_output=True)
    account = tmp_path / "account.json"
    with GcpFake(key) as fake:
        account.write_text(json.dumps(fake.service_account()))
        account.chmod(0o600)
        tap = conform("gcp", rules=RULES / "gcp/storage.yaml",
                      target=fake.target(credentials={"file": str(account)}))
    all_pass(tap)
    good, given, _ = judged(tap)
    assert good and given >= good


# ---- the command -------------------------------------------------------------

@pytest.mark.parametrize("args, words", [
    (["/nowhere.so"], 'no file "/nowhere.so"'),
    (["ALPHA", "--option", "limit"], "expected NAME=VALUE"),
    (["ALPHA", "--option", "lmit=3"], 'unknown option "lmit"'),
    (["ALPHA", "--option", "limit=300"], "must be from 1 to 100"),
    (["ALPHA", "--option", "loud=yes"], "must be true or false"),
    (["ALPHA", "--rules", "/nowhere.yaml"], "/nowhere.yaml"),
    (["ALPHA", "--target", "x:y"], "is not understood"),
    (["ALPHA", "--timeout", "0"], "--timeout"),
])
def test_wrong_words_are_explained(conform, args, words):
    args = [support.module("alpha") if each == "ALPHA" else each
            for each in args]
    result = conform.engine.run("conform", *args, code=UNABLE)
    assert words in result.err, repr(result)


def test_rules_of_other_scanners_alone_are_refused(conform):
    path = conform.engine.put("others.jsonl", [rule(1, "beta")])
    result = conform.engine.run("conform", support.module("alpha"),
                                "--rules", path, code=UNABLE)
    assert "none of the 1 rules" in result.err
    assert result.out.endswith("\n") and "Bail out! none" in result.out


def test_a_relative_path_and_options_will_do(conform):
    engine = conform.engine
    copy = engine.directory / "alpha.so"
    copy.write_bytes(support.module("alpha").read_bytes())
    copy.chmod(0o644)
    tap = Tap(engine.run("conform", "./alpha.so", "--option", "loud=true",
                         "--option", "greeting=hi"))
    assert not tap.failed, repr(tap.result)


# ---- the zoo -----------------------------------------------------------------

# Each animal, and exactly what it fails.
ZOO = {
    "no_symbol": {"symbols", "table"}, "undefined_symbol": {"loads"},
    "null_ops": {"table"}, "bad_magic": {"table"}, "wrong_major": {"table"},
    "newer_needs": {"table"}, "short_size": {"table"},
    # of 1.0 there is no older minor, so that a shorter table is a wrong one
    "newer_minor": set(), "older_minor": {"table"},
    "failing_init": {"init"}, "crash_init": {"init"},
    "crash_destroy": {"init"}, "needs_self": {"destroy-null"},
    "leaks": {"cycles"}, "single": {"instances"}, "untidy": {"tidy"},
    "duplicate_type": set(), "crash_scan": {"rules"}, "hang": {"rules"},
    "flood": {"rules"}, "memory_hog": {"rules"}, "forgetful": {"rules"},
    "fork_bomb": {"tidy"}, "prints": {"silent"}, "wrong_ids": {"ids"},
    "bad_bson": {"form"}, "bad_utf8": {"form"}, "mute": {"messages"},
    "rash": {"garbage", "unreachable"}, "busy": {"cancel"},
    "deaf": {"emit"}, "modern": {"rules"},
    "runaway": {"rules"}, "unplugged": {"rules"},
}
# What is said of it, where that is more than which check it fails.
WORDS = {
    "undefined_symbol": "nobody_defines_this", "null_ops": "does not fit",
    "bad_magic": "bad magic", "wrong_major": "ABI 3.1",
    "newer_needs": "0x1000000000000000", "short_size": "bytes, at least",
    "failing_init": "the frobnicator is not there",
    "crash_init": "Segmentation fault", "crash_destroy": "Segmentation fault",
    "needs_self": "Segmentation fault", "leaks": "bytes of memory",
    "single": "there is one already", "untidy": "Terminated",
    "crash_scan": "Segmentation fault", "hang": "did not finish within",
    "flood": "more than 200000 times", "memory_hog": "Aborted",
    "forgetful": "never ended", "fork_bomb": "still running",
    "prints": "prints to standard error", "wrong_ids": '"not-mine"',
    "bad_bson": "evidence is no valid document", "bad_utf8": "no UTF-8",
    "mute": "gave no message", "busy": "went on for",
    "deaf": "went on to report", "modern": "Segmentation fault",
    "runaway": "with exit code 0", "unplugged": "closed the connection",
}


@pytest.mark.parametrize("animal", ZOO)
def test_an_animal_fails_what_it_should(conform, animal):
    rules = [rule(0, animal), rule(1, animal), rule(2, animal)]
    if animal == "crash_scan":
        rules = [rule(0, "crash"), rule(1, "crash", crash="segv")]
    if animal == "duplicate_type":
        rules = [rule(0, "alpha")]
    ends = {"hang": 15, "busy": 6}  # by the clock alone
    tap = conform(animal, rules=None if "table" in ZOO[animal] or
                  "init" in ZOO[animal] or "loads" in ZOO[animal] else rules,
                  timeout=ends.get(animal, 120 * SLOW))
    if animal != "busy":  # of which others may be late as well
        assert tap.failed == ZOO[animal], repr(tap.result)
    else:
        assert tap.failed >= ZOO[animal], repr(tap.result)
    assert WORDS.get(animal, "") in tap.result.out, repr(tap.result)


def test_a_file_that_others_may_change_is_not_even_opened(conform, tmp_path):
    for name in ("writable", "linked"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beta.so").write_bytes(
            support.module("beta").read_bytes())
        (tmp_path / name / "beta.so").chmod(0o644)
    (tmp_path / "writable/beta.so").chmod(0o666)
    (tmp_path / "linked").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "linked")
    for path, words in (("writable/beta.so", "may be written by group or"),
                        ("linked/beta.so", "may be written by group or"),
                        ("link/beta.so", "is a symbolic link")):
        tap = conform(str(tmp_path / path))
        assert tap.failed == {"permissions"}, repr(tap.result)
        assert words in tap.notes["permissions"]
        assert tap.skipped == set(tap.states) - {"permissions", "symbols"}
