# SPDX-License-Identifier: Apache-2.0
"""The MongoDB store against a server: the store suite, and the command line
from import to delete. The server is SCAN_ENGINE_TEST_MONGODB_URI's, or one of
tests/services/ferretdb, which `quickstart test` prepares in build/ferretdb
(SCAN_ENGINE_TEST_FERRETDB names another directory)."""
import os
import re
import select
import shutil
import subprocess
import time
import uuid

import pytest

from support import (BUILD, DONE, FAILED, PROGRAM, SLOW, SOURCE, UNABLE, Engine,
                     Gate, finish, kill_nine, need_root, processes_of, rule,
                     unavailable, wait_for, wait_gone)

SERVICE = SOURCE / "tests/services/ferretdb"
CACHE = os.environ.get("SCAN_ENGINE_TEST_FERRETDB",
                       str(SOURCE / "build/ferretdb"))


def need_driver():
    said = subprocess.run(
        [PROGRAM, "--store", "mongodb://%", "scans", "list"],
        capture_output=True, text=True, timeout=60 * SLOW).stderr
    if "without MongoDB" in said:
        unavailable("built without MongoDB: install libmongoc-dev")


def make_certificates(directory):
    """An authority, another one, and the server's certificate by the first."""
    def openssl(name, *words):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
             f"{name}.pem", *words], cwd=directory, check=True,
            capture_output=True)
    for name in ("ca", "other"):
        openssl(name)
    openssl("server", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-addext", "basicConstraints=CA:FALSE",
            "-addext", "subjectAltName=IP:127.0.0.1")


class Server:
    """A server of our own; the same data and port after a stop and start."""

    def __init__(self, certificates=None):
        self.keep = f"kept-{uuid.uuid4().hex[:8]}"
        self.port = None
        self.process = None
        self.certificates = certificates
        self.secure = None  # the URI over TLS
        self.start()

    def start(self):
        env = {**os.environ, "FERRETDB_KEEP": self.keep}
        if self.port:
            env["FERRETDB_PORT"] = self.port
        if self.certificates:
            env["FERRETDB_TLS"] = str(self.certificates)
        self.process = subprocess.Popen(
            ["sh", str(SERVICE), CACHE], env=env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], 90 * SLOW)
        self.uri = self.process.stdout.readline().decode().strip() if (
            ready) else ""
        if not self.uri:
            self.process.stdin.close()
            _, err = self.process.communicate(timeout=60)
            unavailable(f"no FerretDB: {err.decode(errors='replace')[-500:]}")
        self.port = re.search(r":(\d+)/", self.uri)[1]
        if self.certificates:
            self.secure = self.process.stdout.readline().decode().strip()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60 * SLOW)
        self.process.stdout.close()
        self.process.stderr.close()

    def remove(self):
        self.stop()
        shutil.rmtree(f"{CACHE}/root/srv/{self.keep}", ignore_errors=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    need_driver()
    if not os.path.exists(f"{CACHE}/.template-2"):
        unavailable(f"no server: `tests/services/ferretdb {CACHE} </dev/null` "
                    "prepares one, or set SCAN_ENGINE_TEST_MONGODB_URI")
    need_root("for a root of its own")
    certificates = None
    if shutil.which("openssl"):
        certificates = tmp_path_factory.mktemp("certificates")
        make_certificates(certificates)
    made = Server(certificates)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def uri(request):
    """A server, without a database."""
    need_driver()
    given = os.environ.get("SCAN_ENGINE_TEST_MONGODB_URI")
    return given or request.getfixturevalue("server").uri


def database(uri, name=None):
    """The URI with a database of its own."""
    head, question, options = uri.partition("?")
    scheme, _, rest = head.partition("://")
    return (f"{scheme}://{rest.split('/')[0]}/"
            f"{name or 'test_' + uuid.uuid4().hex[:8]}{question}{options}")


@pytest.fixture
def engine(tmp_path, uri):
    made = Engine(tmp_path, store=database(uri))
    yield made
    wait_gone(made.home)


def program(name, **env):
    """A unit test's TAP."""
    path = BUILD / "tests/unit" / name
    if not path.exists():
        unavailable(f"no {path}: install libcmocka-dev")
    done = subprocess.run(
        [path], capture_output=True, text=True, timeout=300 * SLOW,
        env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", **env})
    assert "not ok" not in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---- the store ---------------------------------------------------------------

def test_the_store_suite_gives_the_same_answers(uri):
    out = program("test_store", SCAN_ENGINE_TEST_STORE_URI=database(uri))
    assert out.count("\nok ") > 40, out


def test_what_only_this_store_has(uri):
    out = program("test_store_mongodb", SCAN_ENGINE_TEST_MONGODB_URI=uri)
    assert "# SKIP" not in out or "@" not in uri, out


# ---- the command line --------------------------------------------------------

def test_the_command_line_from_import_to_delete(engine):
    none = engine.run("scans", "list", code=UNABLE)
    assert "there is no store at" in none.err and "import" in none.err
    engine.import_rules(
        [rule(i, "alpha", ("pass", "fail")[i % 2], resources=3,
              more={"frameworks": {"pci_dss": {"v4.0": [f"1.{i % 5}"]}}})
         for i in range(40)] + [rule(1, "beta")])
    again = engine.import_rules([rule(1, "beta")])
    assert "unchanged" in again.out, again
    scan = engine.scan("--target", "local", "--filter",
                       '{"frameworks.pci_dss.v4.0": {"$in": ["1.1", "1.2"]}}',
                       code=FAILED)
    assert scan["status"] == "completed"
    assert len(scan.verdicts) == 16
    assert all(len(each["results"]) == 3 for each in scan.verdicts)
    shown = engine.report(scan["scan_id"])
    assert shown.statuses() == scan.statuses()
    assert [each["scan_id"] for each in engine.scans()] == [scan["scan_id"]]
    engine.run("scans", "check", code=DONE)
    engine.run("scans", "delete", scan["scan_id"], code=DONE)
    assert engine.scans() == []
    gone = engine.run("scans", "show", scan["scan_id"], code=UNABLE)
    assert scan["scan_id"] in gone.err


def test_a_killed_scan_is_resumed_and_nothing_lost_or_doubled(engine):
    gate = Gate(engine.directory)
    engine.import_rules([rule(i, resources=2) for i in range(60)] +
                        [gate.rule(i, resources=2) for i in range(60, 120)])
    process = engine.start("scan", "--format", "jsonl")
    gate.wait()
    wait_for(lambda: engine.report().verdicts, 20, "a verdict")
    kill_nine(process)
    wait_gone(engine.home)
    gate.open()
    kept = {each["rule_id"]: each for each in engine.report().verdicts
            if each["origin"] == "plugin"}
    assert 0 < len(kept) < 120
    scan = engine.scan("--resume", "last", code=DONE)
    assert scan["status"] == "completed"
    found = scan.by_rule()
    assert len(found) == 120
    for verdict in found.values():
        assert sorted(each["resource"]["uid"] for each in
                      verdict["results"]) == ["resource-0", "resource-1"]
    assert all(found[rule_id] == verdict for rule_id, verdict in kept.items())


def test_two_resumes_at_once_do_not_both_get_the_scan(engine):
    gate = Gate(engine.directory)
    engine.import_rules([rule(i) for i in range(30)] +
                        [gate.rule(i) for i in range(30, 60)])
    process = engine.start("scan")
    gate.wait()
    kill_nine(process)
    gate.open()
    both = [engine.start("scan", "--resume", "last") for _ in range(2)]
    assert sorted(finish(each)[0] for each in both) == [DONE, UNABLE]
    assert len(engine.report().by_rule()) == 60


def test_the_store_option_names_it_too(tmp_path, uri):
    engine = Engine(tmp_path)
    store = database(uri)
    engine.run("--store", store, "import",
               engine.put("rules.jsonl", [rule(1), rule(2)]), code=DONE)
    listed = engine.run("--store", store, "rules", "list", "--format", "json",
                        code=DONE).json()
    assert len(listed) == 2
    assert not engine.database.exists()


# ---- the module --------------------------------------------------------------

def test_only_who_uses_mongodb_loads_its_driver():
    assert b"libmongoc-1.0.so" not in PROGRAM.read_bytes()
    assert b"libmongoc-1.0.so" not in (
        BUILD / "engine/.libs/libengine.so").read_bytes()


def test_a_missing_module_is_named_with_what_to_do(tmp_path):
    need_driver()
    engine = Engine(tmp_path, store="mongodb://me:s3cret@127.0.0.1:1/scans")
    result = engine.run("scans", "list", code=UNABLE,
                        env={"SCAN_ENGINE_MODULE_DIR": str(tmp_path)})
    assert f"{tmp_path}/store-mongodb.so" in result.err, result
    assert "libmongoc-1.0-0" in result.err, result
    assert "s3cret" not in result.err, result


# ---- TLS and passwords -------------------------------------------------------

@pytest.fixture
def secure(server):
    """Makes URIs of the server over TLS."""
    if not server.certificates:
        unavailable("no openssl: install openssl")

    def make(authority="ca", host="127.0.0.1", **how):
        made = database(server.secure, **how).replace("127.0.0.1", host)
        if authority:
            made += f"&tlsCAFile={server.certificates}/{authority}.pem"
        return made
    return make


def test_a_scan_over_tls(tmp_path, secure):
    engine = Engine(tmp_path, store=secure())
    engine.import_rules([rule(i, "alpha", resources=2) for i in range(20)])
    scan = engine.scan(code=DONE)
    assert len(scan.by_rule()) == 20
    engine.run("scans", "check", code=DONE)


@pytest.mark.parametrize("how, reason, hint", [
    ({"authority": "other"}, "certificate verify failed", "tlsCAFile"),
    ({"authority": None}, "certificate verify failed", "tlsCAFile"),
    ({"host": "localhost"}, "mismatch", "another name"),
    ({"authority": "none"}, "none.pem", ""),
])
def test_a_server_that_is_not_trusted_is_refused(tmp_path, secure, how, reason,
                                                 hint):
    engine = Engine(tmp_path, store=secure(**how))
    result = engine.run("scans", "list", code=UNABLE, timeout=30)
    assert reason in result.err and hint in result.err, result
    assert how.get("authority") == "none" or re.search(
        how.get("host", "127.0.0.1") + r":\d+/test_", result.err), result
    assert "test-Secret" not in result.err, result


def test_one_side_alone_with_tls_says_so(tmp_path, server, secure):
    plain = secure(authority=None).replace("tls=true", "tls=false")
    result = Engine(tmp_path, store=plain).run("scans", "list", code=UNABLE)
    assert "127.0.0.1:" in result.err and "tls=true" in result.err, result
    wants = (f"{database(server.uri)}?tls=true&socketTimeoutMS=3000&"
             "serverSelectionTimeoutMS=3000")
    result = Engine(tmp_path, store=wants).run("scans", "list", code=UNABLE)
    assert f"127.0.0.1:{server.port}/" in result.err, result
    assert "speaks TLS" in result.err, result


@pytest.mark.parametrize("user, password", [("scan", "wr0ng-Secret-2"),
                                            ("nobody", "wr0ng-Secret-2")])
def test_a_wrong_password_is_denied_over_tls(tmp_path, secure, user, password):
    uri = secure().replace("scan:test-Secret-1", f"{user}:{password}")
    engine = Engine(tmp_path, store=uri)
    result = engine.run("--log-level", "debug", "scans", "list", code=UNABLE)
    assert "Authentication failed" in result.err and "127.0.0.1" in result.err
    assert "authSource" in result.err, result
    assert password not in result.err, result


def seen_of(home):
    """Command lines of all processes of a test, and environments of workers."""
    found = b""
    for pid, name in processes_of(home).items():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                found += file.read()
            if "scan-worker" in name:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    found += file.read()
        except OSError:
            continue
    return found


def test_the_password_is_seen_nowhere(tmp_path, uri):
    """Not by others while a scan runs, nor in what it says and keeps."""
    password = uri.partition("://")[2].rpartition("@")[0].partition(":")[2]
    if not password:
        unavailable("the server needs no password")
    engine = Engine(tmp_path)
    store = database(uri)
    gate = Gate(tmp_path)
    text = engine.put("rules.jsonl", [gate.rule(i) for i in range(20)])
    kept = engine.run("--store", store, "--log-level", "debug", "import", text,
                      code=DONE).err
    process = engine.start("--store", store, "--log-level", "debug", "scan",
                           "--format", "json")

    def working():
        seen = seen_of(engine.home)
        return b"scan-worker" in seen and seen
    kept += wait_for(working, 20, "a worker").decode(errors="replace")
    gate.open()
    code, out, err = finish(process)
    assert code == DONE, err
    kept += out + err
    for words in (["scans", "list"], ["scans", "show", "last"],
                  ["rules", "list"]):
        kept += engine.run("--store", store, *words, "--format", "json",
                           code=DONE).out
    for path in tmp_path.rglob("*"):
        if path.is_file():
            kept += path.read_bytes().decode(errors="replace")
    assert password not in kept


# ---- when it is away ---------------------------------------------------------

def test_a_server_that_is_away_is_named_and_its_password_is_not(tmp_path, uri):
    del uri  # built with MongoDB
    engine = Engine(tmp_path, store="mongodb://me:s3cret@127.0.0.1:1/scans")
    before = time.monotonic()
    result = engine.run("scans", "list", code=UNABLE, timeout=30)
    assert time.monotonic() - before < 20 * SLOW
    assert "127.0.0.1:1/scans" in result.err and "refused" in result.err
    assert "s3cret" not in result.err + result.out


def test_a_stopped_server_ends_a_scan_that_can_be_resumed(tmp_path, server):
    engine = Engine(tmp_path, store=database(server.uri),
                    extra="spool: { wait = 2; };")
    gate = Gate(tmp_path)
    engine.import_rules([gate.rule(i, sleep_ms=10) for i in range(60)])
    process = engine.start("scan", "--format", "json")
    gate.wait()
    server.stop()
    gate.open()
    try:
        code, _, err = finish(process, timeout=90)
    finally:
        server.start()
    assert code == UNABLE, err
    assert "127.0.0.1" in err and "test-Secret" not in err, err
    wait_gone(engine.home)
    scan = engine.scan("--resume", "last", code=DONE)
    assert len(scan.by_rule()) == 60
