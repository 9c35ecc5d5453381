# SPDX-License-Identifier: Apache-2.0
"""Workers as another user than root: what the configuration may say, what they
may do, and that no verdict changes, or is there for want of rights. The zoo is
scanned like that too, in test_zoo.py."""
import json
import os
import pwd
import subprocess

import pytest

import scap
import support
from support import DONE, FAILED, UNABLE, Engine, rule

NOBODY = "nobody"


@pytest.fixture(params=[None, NOBODY])
def as_it_is_and_dropped(request):
    return support.open_directory(request, request.param), request.param


@pytest.fixture
def dropped(request):
    return support.open_directory(request, NOBODY)


def attempt(number, what, at=""):
    return rule(number, "trespass", attempt=what, at=str(at))


# ---- the configuration -------------------------------------------------------

def refused(engine, *words, **how):
    result = engine.run("plugins", code=UNABLE, **how)
    for each in words:
        assert each in result.err, repr(result)


def test_an_unknown_user_is_told_of_with_the_line(tmp_path):
    engine = Engine(tmp_path, user="no-such-user")
    line = next(number for number, text in
                enumerate(engine.config.read_text().split("\n"), 1)
                if text.startswith("user = "))
    refused(engine, f'{engine.config}:{line}: user is "no-such-user"',
            "there is no such user", "adduser")
    engine.configure(user=None, plugins=[
        {"name": "alpha", "path": support.module("alpha"),
         "user": "no-such-user"}])
    refused(engine, f"{engine.config}:", 'user is "no-such-user"')


def test_one_plugin_may_stay_as_the_engine_is(dropped):
    engine = Engine(dropped, user=NOBODY)
    engine.configure(plugins=[
        {"name": "alpha", "path": support.module("alpha"), "user": ""},
        {"name": "beta", "path": support.module("beta"), "user": "root"},
        {"name": "trespass", "path": engine.module("trespass")}])
    shown = engine.run("plugins", "--format", "json", code=DONE).json()
    assert {each["plugin"]: (each["state"], each["user"])
            for each in shown} == {"alpha": ("loaded", "root"),
                                   "beta": ("loaded", "root"),
                                   "trespass": ("loaded", NOBODY)}
    assert f"user        {NOBODY}" in engine.run("plugins", code=DONE).out


def test_who_is_not_root_has_workers_of_his_own_alone(dropped):
    """The configuration is fine for whoever starts none."""
    nobody = pwd.getpwnam(NOBODY)

    def become():
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)

    program = dropped / "scan-engine"
    program.write_bytes(support.PROGRAM.read_bytes())
    program.chmod(0o755)
    theirs = dropped / "theirs"
    theirs.mkdir()
    config = theirs / "engine.conf"

    def run(user, *args):
        config.write_text(f'store = "sqlite:{theirs}/e.db";\n'
                          f'run_directory = "{theirs}/run";\n'
                          f'cache_directory = "{theirs}/cache";\n'
                          f'worker = "{theirs}/no-worker";\n'
                          f'user = "{user}";\nplugins = ( "alpha" );\n')
        return subprocess.run(
            [program, "--config", config, *args], preexec_fn=become,
            cwd="/", env={"HOME": str(theirs), "PATH": os.environ["PATH"],
                          "ASAN_OPTIONS": "detect_leaks=0"},
            capture_output=True, text=True, timeout=120 * support.SLOW)

    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    made = run("root", "plugins")
    assert made.returncode == UNABLE
    assert f'{config}:5: scanner "alpha" is to run as user "root"' in \
        made.stderr, made
    assert "only root can start it so" in made.stderr
    # his own is fine: what is missing then is the worker
    made = run(NOBODY, "plugins")
    assert "no-worker" in made.stderr and "only root" not in made.stderr, made
    assert run("root", "config", "example").returncode == DONE


# ---- what it may do ----------------------------------------------------------

def test_permissions_bind(as_it_is_and_dropped):
    directory, user = as_it_is_and_dropped
    if os.geteuid() != 0:
        pytest.skip("permissions do not bind root: that is what is shown")
    engine = Engine(directory, plugins=["trespass"], user=user,
                    extra='confinement = "off";')
    secret = directory / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    engine.import_rules([
        attempt("root", "root"), attempt("read", "read", secret),
        attempt("unlink", "unlink", secret), attempt("own", "own"),
        attempt("home", "home", pwd.getpwnam(NOBODY).pw_dir)])
    scan = engine.scan(code=FAILED)
    # refused is pass
    wanted = "pass" if user else "fail"
    assert scan.statuses() == {
        "root": wanted, "read": wanted, "unlink": wanted, "own": "fail",
        "home": "fail" if user else "pass"}
    assert secret.exists() == bool(user)


def test_a_closed_directory_is_no_verdict(dropped):
    engine = Engine(dropped, plugins=["alpha"], user=NOBODY)
    engine.import_rules([rule(0), rule(1)])
    assert engine.scan(code=DONE).statuses() == {"alpha-00000": "pass",
                                                 "alpha-00001": "pass"}
    (dropped / "plugins").chmod(0o700)
    scan = engine.scan(code=UNABLE)
    assert set(scan.statuses().values()) == {"error"}
    assert (f'user "{NOBODY}" cannot use "{dropped}/plugins/alpha.so": '
            f'"{dropped}/plugins": Permission denied') in scan.result.err
    assert "chmod o+x" in scan.result.err


# ---- verdicts ----------------------------------------------------------------

def put_pods(directory):
    pods = directory / "dump/api/v1/pods"
    pods.parent.mkdir(parents=True)
    pods.write_text(json.dumps({
        "kind": "PodList", "apiVersion": "v1",
        "metadata": {"resourceVersion": "7"},
        "items": [{"metadata": {"name": f"web-{n}", "namespace": "default",
                                "uid": f"uid-{n}"},
                   "spec": {"hostNetwork": n == 1}} for n in range(3)]}))
    return pods


def test_kubernetes_says_the_same(as_it_is_and_dropped):
    directory, user = as_it_is_and_dropped
    engine = Engine(directory, plugins=["kubernetes"], user=user)
    pods = put_pods(directory)
    checks = {"host": {"yamlpath": ".spec.hostNetwork",
                       "condition": "not_equals", "expected_value": True},
              "name": {"yamlpath": ".metadata.name", "condition": "matches",
                       "expected_value": "^web"}}
    engine.import_rules([
        {"rule_id": name, "title": name, "severity": "medium",
         "scanner_type": "kubernetes",
         "check_content": {"resource_type": "pods", **check}}
        for name, check in checks.items()])
    target = json.dumps({"type": "kubernetes_dump",
                         "path": str(directory / "dump")})
    scan = engine.scan("--target", target, code=FAILED)
    assert scan.statuses() == {"host": "fail", "name": "pass"}
    assert [each["resource"]["name"]
            for each in scan.by_rule()["host"]["results"]
            if each["status"] == "fail"] == ["web-1"]
    if not user:
        return
    pods.chmod(0o600)  # what it cannot read it knows nothing of
    scan = engine.scan("--target", target)
    assert not {"pass", "fail"} & set(scan.statuses().values()), scan.result


def test_oscap_judges_no_machine_that_it_cannot_see(dropped):
    support.need_program("oscap", "openscap-scanner")
    engine = Engine(dropped, plugins=["oscap"], user=NOBODY)
    engine.run("import", scap.datastream("debian11"), code=DONE,
               timeout=300)
    target = json.dumps({"type": "local",
                         "applicability": {"cpe": scap.CPE["debian11"]}})
    arguments = ("--target", target, "--rule", "file_owner_etc_shadow")
    scan = engine.scan(*arguments, code=UNABLE)
    assert list(scan.statuses().values()) == ["error"]
    assert (f'target "local": user "{NOBODY}" cannot read all of it, and '
            "oscap would take that for absent") in scan.result.err
    assert 'user = "root"' in scan.result.err
    scan = engine.scan("--target", json.dumps(
        {**json.loads(target), "type": "chroot", "path": "/"}),
        "--rule", "file_owner_etc_shadow", code=UNABLE)
    assert list(scan.statuses().values()) == ["error"]
    engine.configure(plugins=[{"name": "oscap", "user": "root",
                               "path": support.module("oscap")}])
    scan = engine.scan(*arguments)
    assert list(scan.statuses().values()) in (["pass"], ["fail"])
