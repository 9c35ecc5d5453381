# SPDX-License-Identifier: Apache-2.0
"""Remote scans over a real sshd on loopback: both ways give the verdicts of a
local scan, every fault has its own error, and nothing is left behind."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scap
import support
from scap import same
from support import (DONE, SLOW, SOURCE, UNABLE, Engine, finish, kill_nine,
                     processes_of, start_again, stop_found, wait_for,
                     wait_gone)

sys.path.insert(0, str(SOURCE / "tests" / "services"))
import sshd as service  # noqa: E402 - lives with the services

PROFILE = "anssi_np_nt28_minimal"
SELECT = ("--benchmark", "DEBIAN-11", "--profile", PROFILE)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    support.need_program("ssh", "openssh-client")
    started = service.Sshd(tmp_path_factory.mktemp("sshd"))
    try:
        started.start()
    except service.Unavailable as why:
        started.stop()
        support.unavailable(f"service {why}")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    support.need_program("oscap", "openscap-scanner")
    engine = Engine(tmp_path_factory.mktemp("library"), plugins=("oscap",))
    engine.run("import", scap.datastream("debian11"), code=DONE)
    return engine


@pytest.fixture
def remote(library, server, tmp_path):
    """Makes engines for the server; afterwards nothing of theirs is left."""
    made = []

    def make(**options):
        options.setdefault("known_hosts", str(server.known_hosts))
        engine = Engine(tmp_path, plugins=("oscap",), store=library.store,
                        options={"oscap": options})
        engine.cache = library.cache
        engine.configure()
        made.append(engine)
        return engine
    before = set(temporary())
    yield make
    for engine in made:
        wait_gone(engine.home, 3)
    wait_for(lambda: not server.sessions(), 8,
             "the sessions to end: " + str(
                 [support.process_name(pid) for pid in server.sessions()]))
    wait_for(lambda: not (set(temporary()) - before), 3,
             f"/tmp to be clean: {set(temporary()) - before}")
    assert not list((server.folder / "tmp").iterdir())


def temporary():
    """Directories of remote runs: known by what is in them."""
    marks = {"in", "ds.xml", "t.xml", "out.xml", "apt.conf"}
    for path in Path("/tmp").glob("tmp.*"):
        try:
            if marks & set(os.listdir(path)):
                yield str(path)
        except OSError:  # somebody else's, or gone
            continue


def ssh_target(server, **more):
    document = {"type": "ssh", "host": "127.0.0.1", "port": server.port,
                "username": server.user, "identity_file": str(server.key),
                "applicability": {"cpe": scap.CPE["debian11"]}, **more}
    return json.dumps({key: value for key, value in document.items()
                       if value is not None})


def local_target():
    return scap.target("debian11", kind="local")


def check_group_failed(scan, *words):
    assert scan.code == UNABLE, scan.result
    assert scan["status"] == "failed"
    assert len(scan.verdicts) > 10
    for verdict in scan.verdicts:
        assert verdict["status"] == "error"
        for word in words:
            assert word in verdict["message"], verdict["message"]
    for word in words:
        assert word in scan.result.err
    assert len(scan["errors"]) == 1


# ---- both ways ---------------------------------------------------------------

@pytest.mark.parametrize("transport", ("stream", "oscap-ssh"))
def test_verdicts_are_those_of_a_local_scan(remote, server, transport):
    if transport == "oscap-ssh":
        support.need_program("oscap-ssh", "openscap-utils")
    engine = remote(ssh_transport=transport)
    scan = engine.scan("--target", ssh_target(server), *SELECT, timeout=120)
    assert scan["status"] == "completed", scan.result
    here = engine.scan("--target", local_target(), *SELECT, timeout=120)
    same(scan.statuses(), here.statuses())
    assert scan["passed"] > 5
    assert all(each["origin"] == "plugin" for each in scan.verdicts)
    assert {each["target"] for each in scan.verdicts} == {
        f"ssh:127.0.0.1:{server.port}"}


def test_local_and_remote_in_one_scan(remote, server):
    scan = remote().scan("--target", local_target(), "--target",
                         ssh_target(server), *SELECT, timeout=120)
    same(scan.statuses("local"), scan.statuses(
        f"ssh:127.0.0.1:{server.port}"))
    assert len(scan["scanner_metadata"]) == 2


def test_shards_evidence_and_overrides_over_ssh(remote, server):
    engine = remote(evidence=True, keep_results="arf")
    words = ("--benchmark", "DEBIAN-11", "--profile", "standard", "--shards",
             2, "--set", "sshd_idle_timeout_value=900")
    scan = engine.scan("--target", ssh_target(server), *words, timeout=120)
    here = engine.scan("--target", local_target(), *words, timeout=120)
    same(scan.statuses(), here.statuses())
    assert any(each["results"][0].get("evidence") for each in scan.verdicts)


@contextlib.contextmanager
def remote_environment(server, **variables):
    """Sessions have these variables."""
    keys = server.folder / "authorized_keys"
    before = keys.read_text()
    words = " ".join(f"{name}={value}" for name, value in variables.items())
    keys.write_text(f'command="export {words}; '
                    f'eval \\"$SSH_ORIGINAL_COMMAND\\"" {before}')
    try:
        yield
    finally:
        keys.write_text(before)


def remote_path(server, path):
    """Sessions see only this PATH."""
    return remote_environment(server, PATH=path)


def fake_sudo(folder, text):
    folder.mkdir()
    (folder / "sudo").write_text("#!/bin/sh\n" + text)
    (folder / "sudo").chmod(0o755)
    return f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"


def test_sudo(remote, server, tmp_path):
    # as the real one: with -n, and nothing of the environment
    path = fake_sudo(tmp_path / "bin", f"""
echo "$*" >>{tmp_path}/calls
test "$1" = -n || exit 1
shift
exec env -i PATH="$PATH" "$@"
""")
    engine = remote()
    with remote_path(server, path):
        scan = engine.scan("--target", ssh_target(server, sudo=True),
                           *SELECT, timeout=120)
    here = engine.scan("--target", local_target(), *SELECT, timeout=120)
    same(scan.statuses(), here.statuses())
    calls = (tmp_path / "calls").read_text()
    assert "-n true" in calls and "oscap xccdf eval" in calls


def test_sudo_that_wants_a_password(remote, server, tmp_path):
    path = fake_sudo(tmp_path / "bin", "exit 1\n")
    with remote_path(server, path):
        scan = remote().scan("--target", ssh_target(server, sudo=True),
                             *SELECT, timeout=60)
    check_group_failed(scan, "sudo without a password")
    assert "sudoers" in scan["errors"][0]["hint"]


def test_probe_tells_the_remote_platform(remote, server):
    engine = remote()
    reports = engine.run("probe", "--target", ssh_target(
        server, applicability=None), "--format", "json", code=DONE).json()
    (report,) = [each for each in reports if each["scanner"] == "oscap"]
    assert report["reachable"] and not report["missing"]
    release = Path("/etc/os-release").read_text()
    if re.search(r"(?m)^ID=debian$", release):
        assert any("debian_linux" in each for each in report["platforms"])
    assert "OpenSCAP" in report["version"]


# ---- host keys ---------------------------------------------------------------

def other_host(server, tmp_path):
    """A known_hosts with another key for the server."""
    path = tmp_path / "other_hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    tmp_path / "other"], check=True)
    path.write_text(f"[127.0.0.1]:{server.port} "
                    + (tmp_path / "other.pub").read_text())
    return path


@pytest.mark.parametrize("transport", ("stream", "oscap-ssh"))
@pytest.mark.parametrize("policy", ("strict", "accept-new"))
def test_a_wrong_host_key_is_refused(remote, server, tmp_path, policy,
                                     transport):
    if transport == "oscap-ssh":
        support.need_program("oscap-ssh", "openscap-utils")
    known = other_host(server, tmp_path)
    before = known.read_text()
    scan = remote(known_hosts=str(known), host_key_policy=policy,
                  ssh_transport=transport).scan(
        "--target", ssh_target(server), *SELECT, timeout=60)
    check_group_failed(scan, "127.0.0.1")
    if transport == "stream":
        assert "ost key verification failed" in scan.result.err
    assert known.read_text() == before


def test_an_unknown_host_key(remote, server, tmp_path):
    known = tmp_path / "new_hosts"
    known.touch()
    scan = remote(known_hosts=str(known)).scan(
        "--target", ssh_target(server), *SELECT, timeout=60)
    check_group_failed(scan, "verification failed")
    assert known.read_text() == ""
    scan = remote(known_hosts=str(known),
                  host_key_policy="accept-new").scan(
        "--target", ssh_target(server), *SELECT, timeout=120)
    assert scan["status"] == "completed"
    assert "ssh-ed25519" in known.read_text()  # the name may be hashed
    scan = remote(known_hosts=str(known)).scan(  # learnt
        "--target", ssh_target(server), *SELECT, timeout=120)
    assert scan["status"] == "completed"


# ---- faults ------------------------------------------------------------------

def test_an_unreachable_port(remote, server):
    scan = remote().scan("--target", ssh_target(server, port=1), *SELECT,
                         timeout=60)
    check_group_failed(scan, "could not reach", "127.0.0.1", "refused")


def test_an_unknown_host(remote, server):
    scan = remote().scan("--target", ssh_target(
        server, host="no-such-host.invalid"), *SELECT, timeout=60)
    check_group_failed(scan, "could not reach", "no-such-host.invalid")


def test_a_host_that_does_not_answer(remote, server):
    import socket
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)
        before = time.monotonic()
        scan = remote(connect_timeout=2).scan(
            "--target", ssh_target(server, port=mute.getsockname()[1]),
            *SELECT, timeout=60)
    assert time.monotonic() - before < 60 * SLOW
    check_group_failed(scan, "could not reach")


def test_a_missing_key(remote, server, tmp_path):
    scan = remote().scan("--target", ssh_target(
        server, identity_file=str(tmp_path / "no-key")), *SELECT, timeout=60)
    check_group_failed(scan, "no-key")


def test_a_key_that_the_host_does_not_take(remote, server, tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    tmp_path / "stranger"], check=True)
    scan = remote().scan("--target", ssh_target(
        server, identity_file=str(tmp_path / "stranger")), *SELECT,
        timeout=60)
    check_group_failed(scan, "ermission denied")


def test_a_missing_ssh_client(remote, server):
    scan = remote(ssh_program="/nonexistent/ssh").scan(
        "--target", ssh_target(server), *SELECT, timeout=60)
    check_group_failed(scan, "/nonexistent/ssh")
    assert "openssh-client" in scan["errors"][0]["hint"]


@pytest.mark.parametrize("field, value", (
    ("host", "127.0.0.1;touch MARK"), ("host", "$(touch MARK)"),
    ("host", "-oProxyCommand=touch MARK"), ("host", "a b"),
    ("host", "`touch MARK`"), ("host", ""), ("host", "x\ny"),
    ("username", "root;touch MARK"), ("username", "-oProxyCommand=id"),
    ("username", "$(touch MARK)"), ("username", "a b"),
    ("identity_file", "relative/key"),
    ("port", 0), ("port", 70000), ("port", "22; touch MARK"),
))
@pytest.mark.parametrize("transport", ("stream", "oscap-ssh"))
def test_words_for_a_shell_are_refused(remote, server, tmp_path, field,
                                       value, transport):
    mark = tmp_path / "mark"
    if isinstance(value, str):
        value = value.replace("MARK", str(mark))
    scan = remote(ssh_transport=transport).scan(
        "--target", ssh_target(server, **{field: value}), *SELECT,
        timeout=60)
    assert scan.code == UNABLE, scan.result
    assert not mark.exists()
    if scan.document:
        assert set(scan.statuses().values()) == {"error"}
    assert server.user + "@" not in scan.result.out


@pytest.mark.parametrize("name", ("key; touch MARK", "key $(touch MARK)",
                                  "key with spaces", "key\"quote", "key'q"))
def test_odd_names_of_key_files_are_only_names(remote, server, tmp_path,
                                               name):
    mark = Path("/tmp") / f"mark-{os.getpid()}"
    path = tmp_path / name.replace("MARK", mark.name)
    path.write_text(server.key.read_text())
    path.chmod(0o600)
    scan = remote().scan("--target", ssh_target(
        server, identity_file=str(path)), *SELECT, timeout=60)
    assert not mark.exists() and not (tmp_path / mark.name).exists()
    if '"' in name:  # ssh's own quoting cannot say it
        assert scan.code in (DONE, support.FAILED, UNABLE)
    else:
        assert scan["status"] == "completed", scan.result


def test_no_oscap_on_the_other_side(remote, server, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "mktemp", "rm", "cat", "wc", "head", "tail", "mkdir"):
        (folder / name).symlink_to(support.need_program(name, "coreutils"))
    with remote_path(server, folder):
        scan = remote().scan("--target", ssh_target(server), *SELECT,
                             timeout=60)
    check_group_failed(scan, "no oscap on host")
    assert "openscap-scanner" in scan["errors"][0]["hint"]


# ---- in mid-run --------------------------------------------------------------

def running_remote(engine, server, *args):
    process = engine.start("scan", "--format", "json", "--target",
                           ssh_target(server), "--benchmark", "DEBIAN-11",
                           "--shards", 1, *args)
    return process, stop_found(lambda: remote_oscaps(server))


def remote_oscaps(server):
    return [pid for pid in server.sessions()
            if support.process_name(pid).startswith("oscap ")]


def test_a_cancel_ends_the_remote_oscap(remote, server):
    engine = remote()
    process, pids = running_remote(engine, server)
    process.send_signal(signal.SIGINT)
    start_again(pids)
    code, _, err = finish(process, 30)
    assert code == UNABLE and "cancelled" in err
    wait_for(lambda: not remote_oscaps(server), 10, "the remote oscap's end")


def test_kill_nine_of_the_engine_ends_the_remote_oscap(remote, server):
    engine = remote()
    process, pids = running_remote(engine, server)
    kill_nine(process)
    start_again(pids)
    wait_gone(engine.home, 2)
    wait_for(lambda: not remote_oscaps(server), 3, "the remote oscap's end")


def test_a_connection_that_breaks_is_an_error(remote, server):
    engine = remote()
    process, pids = running_remote(engine, server)
    for pid, name in processes_of(engine.home).items():
        if name.startswith("ssh "):
            os.kill(pid, signal.SIGKILL)
    start_again(pids)
    code, _, err = finish(process, 60)
    assert code == UNABLE, err
    scan = engine.report()
    assert scan["status"] == "failed"
    assert set(scan.statuses().values()) == {"error"}


def test_a_remote_oscap_that_is_killed(remote, server):
    engine = remote()
    process, pids = running_remote(engine, server)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    code, _, err = finish(process, 60)
    assert code == UNABLE, err
    verdicts = engine.report().verdicts
    assert {each["status"] for each in verdicts} == {"error"}
    assert "ended" in verdicts[0]["message"]
