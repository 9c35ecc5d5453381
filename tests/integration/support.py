# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share: an engine of their own in a temporary
directory, rule documents, processes, and ways to say that something is missing.

Everything an engine starts inherits its HOME, which is the test's own: so the
processes of one test can be told from all others, also when their parents are
dead.
"""
import fcntl
import json
import os
import pty
import pwd
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("SCAN_ENGINE_BUILD", os.getcwd())).resolve()
SOURCE = Path(os.environ.get("SCAN_ENGINE_SRC",
                             Path(__file__).resolve().parents[2]))
PROGRAM = BUILD / "scan-engine"
WORKER = BUILD / "scan-worker"
os.environ.setdefault("SCAN_ENGINE_MODULE_DIR", str(BUILD / "engine/store/.libs"))
MODELS = str(BUILD / "plugins/aws/model")  # of the APIs of AWS
REMOTE = BUILD / "scan-remote"
CONTENT = Path(os.environ.get("SCAN_ENGINE_TEST_CONTENT",
                              "/usr/share/xml/scap/ssg/content"))
def instrumented():
    """Built with sanitizers, or run under Valgrind (a script then)."""
    try:
        data = PROGRAM.read_bytes()
    except OSError:
        return False
    return (data.startswith(b"#!")
            or b"__asan_init" in data or b"__tsan_init" in data)


# No limits on memory then, and everything is slower: times are multiplied.
INSTRUMENTED = instrumented()
SLOW = int(os.environ.get("SCAN_ENGINE_TEST_SLOW", "1"))
if os.environ.get("SCAN_ENGINE_VALGRIND"):
    SLOW = max(SLOW, 15)
elif INSTRUMENTED:
    SLOW = max(SLOW, 3)
MIB = 1024 * (10 if INSTRUMENTED else 1)  # in the KiB of Result.peak_kib

DONE, UNABLE, FAILED, UNSURE = 0, 1, 2, 3

STATUSES = {"pass": "passed", "fail": "failed", "error": "error",
            "unknown": "unknown", "notapplicable": "not_applicable",
            "notchecked": "not_checked", "notselected": "not_selected",
            "informational": "informational", "fixed": "fixed"}


def unavailable(reason):
    """Something the test needs is missing: no failure, except in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {reason}")
    pytest.skip(reason, allow_module_level=True)


def need_program(name, package):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not path:
        unavailable(f"no {name}: install {package}")
    return path


def need_root(why):
    if os.geteuid() != 0:
        unavailable(f"needs root {why}")


def need_content(name):
    path = CONTENT / name
    if not path.exists():
        unavailable(f"no {path}: install ssg-debian, ssg-debderived and "
                    "ssg-nondebian")
    return path


def module(name):
    """The built file of a plugin."""
    shipped = name in ("oscap", "kubernetes", "aws", "azure", "gcp")
    folder = "plugins" if shipped else "tests/fixtures/plugins"
    return BUILD / folder / ".libs" / f"{name}.so"


def need_plugin(name):
    if not module(name).exists():
        unavailable(f"built without {name}")


# ---- the build tree --------------------------------------------------------

def make(*args):
    """make in the build tree, apart from a make that runs this test; one at a
    time, since installing links again."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith("MAKE") and key != "MFLAGS"}
    if not (BUILD / "Makefile").exists():
        unavailable("no build tree to install from")
    with open(BUILD / "Makefile") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "-s", "-C", BUILD, *args], env=env,
                              capture_output=True, text=True,
                              timeout=300 * SLOW)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def made(name):
    """A variable of the build tree's Makefile."""
    text = (BUILD / "Makefile").read_text()
    found = re.search(rf"^{name} = (.*)$", text, re.M)
    return re.sub(r"\$[({](\w+)[)}]", lambda inner: made(inner[1]),
                  found[1] if found else "")


# ---- processes ---------------------------------------------------------------

def process_name(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(
            b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def is_alive(pid):
    """Exists, and not only as what a dead process leaves for its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def peak_kib(pid):
    """The largest resident size that a process has had since its exec."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) if found else 0


def is_hidden_worker(pid):
    """One of our user's workers, which only root may look into."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return False
    uid = re.search(r"Uid:\s+(\d+)", status)
    return (uid and int(uid[1]) == os.geteuid()
            and re.search("scan-(worker|keeper)", process_name(pid)))


def processes_of(home):
    """Living processes whose environment has this HOME, but not ourselves."""
    wanted = f"HOME={home}".encode()
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            environ = Path(f"/proc/{entry}/environ").read_bytes()
            ours = wanted in environ.split(b"\0")
        except PermissionError:
            ours = is_hidden_worker(entry)
        except OSError:
            continue
        if ours and is_alive(entry):
            found[int(entry)] = process_name(entry)
    return found


# However short a wait should be, on a machine with more to do it may take this
# long: limits are there to end what hangs, not to measure.
PATIENCE = 60


def wait_for(condition, seconds, what):
    """The first true value of condition(); fails after `seconds`."""
    seconds = max(seconds, PATIENCE)
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds * SLOW} s: {what}")
        time.sleep(0.02)


def wait_gone(home, seconds=PATIENCE):
    """No process of the test is alive any more."""
    end = time.monotonic() + max(seconds, PATIENCE) * SLOW
    while alive := processes_of(home):
        assert time.monotonic() < end, f"still alive: {alive}"
        time.sleep(0.02)


def user_name():
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def open_directory(request, user=None):
    """A directory for an engine whose workers are `user`, who can pass through
    all that is above it: that of pytest and the build he may not."""
    if user and os.geteuid() != 0:
        pytest.skip("only root can start workers as another user")
    path = Path(tempfile.mkdtemp(prefix="scan-engine-test-", dir="/tmp"))
    path.chmod(0o755)
    request.addfinalizer(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


# ---- the engine --------------------------------------------------------------

class Result:
    def __init__(self, argv, code, out, err, seconds, peak_kib):
        self.argv, self.code = argv, code
        self.out, self.err = out, err
        self.seconds, self.peak_kib = seconds, peak_kib

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return (f"{' '.join(map(str, self.argv))}\n-> {self.code} after "
                f"{self.seconds:.2f} s\n{self.out[-3000:]}\n--- stderr\n"
                f"{self.err[-3000:]}")


def quote(value):
    """A libconfig value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{ " + " ".join(f"{key} = {quote(each)};"
                               for key, each in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "( " + ", ".join(map(quote, value)) + " )"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def bare(*args, **how):
    """The program alone, without a configuration."""
    return subprocess.run([str(PROGRAM), *args], capture_output=True,
                          text=True, timeout=60 * SLOW, **how)


def commands():
    """Every command that --help names, as lists of words."""
    text = bare("--help").stdout.split("Commands\n")[1].split("\n\n")[0]
    return [line.strip().split("  ")[0].split() for line in text.splitlines()
            if line.startswith("  ") and not line.startswith("   ")]


def options(words):
    """{name: value or ""} of a command's own options, by its --help."""
    text = bare(*words, "--help").stdout
    part = text.split("\nOptions\n")
    if len(part) < 2:
        return {}
    return {name: value for name, value in re.findall(
        r"^  --([a-z-]+)(?: (\S+))?", part[1].split("\n\n")[0], re.M)}


class Engine:
    """An engine with its own configuration, store and directories."""

    def __init__(self, directory, plugins=("alpha", "beta"), options=None,
                 limits=None, store=None, extra="", user=None):
        self.directory = Path(directory)
        self.home = self.directory / "home"
        self.run_directory = self.directory / "run"
        self.cache = self.directory / "cache"
        self.database = self.directory / "engine.db"
        self.store = store or f"sqlite:{self.database}"
        self.config = self.directory / "engine.conf"
        self.plugins, self.options = plugins, options or {}
        self.limits, self.extra = limits or {}, extra
        self.user = user  # that workers run as; see open_directory()
        self.home.mkdir(parents=True, exist_ok=True)
        self.configure()
        self.count = 0

    def configure(self, **changes):
        """Writes the configuration, with changes of its parts."""
        for name, value in changes.items():
            setattr(self, name, value)
        plugins = [plugin if isinstance(plugin, dict) else
                   {"name": Path(plugin).stem,
                    "path": plugin if str(plugin).startswith("/")
                    else self.module(plugin)} for plugin in self.plugins]
        text = (f"store = {quote(self.store)};\n"
                f"run_directory = {quote(self.run_directory)};\n"
                f"cache_directory = {quote(self.cache)};\n"
                f"plugins = {quote(plugins)};\n"
                f"workers = 4;\n{self.extra}\n")
        if self.user:
            text += f"user = {quote(self.user)};\n"
        if self.options:
            text += f"options: {quote(self.options)};\n"
        if self.limits:
            text += f"limits: {quote(self.limits)};\n"
        self.config.write_text(text)

    def module(self, name):
        """The file of a plugin; a copy, where another user is to load it."""
        if not self.user:
            return module(name)
        path = self.directory / "plugins" / module(name).name
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(module(name), path)
        path.chmod(0o644)
        return path

    def environment(self, changes=None):
        env = {key: os.environ[key] for key in
               ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                "TSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH")
               if key in os.environ}
        env.update(HOME=str(self.home), TMPDIR=str(self.directory),
                   SCAN_ENGINE_WORKER=str(WORKER),
                   SCAN_ENGINE_MODULE_DIR=os.environ["SCAN_ENGINE_MODULE_DIR"],
                   SCAN_ENGINE_REMOTE=str(REMOTE),
                   SCAN_ENGINE_AWS_MODEL_DIR=MODELS)
        env.update(changes or {})
        return env

    def argv(self, args):
        return [str(PROGRAM), "--config", str(self.config), *map(str, args)]

    def start(self, *args, env=None, **how):
        """A command that goes on; see finish()."""
        how.setdefault("stdout", subprocess.PIPE)
        how.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(self.argv(args), env=self.environment(env),
                                stdin=subprocess.DEVNULL,
                                cwd=self.directory, **how)

    def run(self, *args, code=None, timeout=120, env=None, preexec=None):
        """Runs a command to its end; `code`: the exit code it must have."""
        self.count += 1
        timeout = max(timeout, 2 * PATIENCE)
        out_path = self.directory / f"out-{self.count}"
        err_path = self.directory / f"err-{self.count}"
        before = time.monotonic()
        with open(out_path, "wb") as out, open(err_path, "wb") as err:
            process = self.start(*args, env=env, stdout=out, stderr=err,
                                 preexec_fn=preexec)
        end = before + timeout * SLOW
        peak = 0
        while True:
            # not ru_maxrss, which knows what we had before the exec
            peak = max(peak, peak_kib(process.pid))
            pid, status, _ = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                process.kill()
                process.wait()
                pytest.fail(f"still running after {timeout * SLOW} s: "
                            f"{process.args}\n{out_path.read_text()[-2000:]}"
                            f"{err_path.read_text()[-2000:]}")
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(status)
        result = Result(process.args, process.returncode,
                        out_path.read_text(errors="replace"),
                        err_path.read_text(errors="replace"),
                        time.monotonic() - before, peak)
        out_path.unlink()
        err_path.unlink()
        assert result.code >= 0, f"killed by a signal: {result!r}"
        assert "AddressSanitizer" not in result.err, repr(result)
        assert "runtime error:" not in result.err, repr(result)
        if code is not None:
            assert result.code == code, repr(result)
        return result

    def put(self, name, rules):
        """Rule documents as a JSON Lines file."""
        path = self.directory / name
        with open(path, "w") as file:
            for document in rules:
                file.write(json.dumps(document) + "\n")
        return path

    def import_rules(self, rules, name="rules.jsonl"):
        return self.run("import", self.put(name, rules), code=DONE)

    def scan(self, *args, code=None, **how):
        """A scan and its report; a failed one has its report too."""
        result = self.run("scan", "--format", "json", *args, code=code, **how)
        scan = Scan(result.json() if result.out.strip() else None, result)
        if scan.document:
            scan.check()
        return scan

    def report(self, scan_id="last"):
        result = self.run("scans", "show", scan_id, "--format", "json",
                          code=DONE)
        return Scan(result.json(), result)

    def scans(self):
        return self.run("scans", "list", "--format", "json",
                        code=DONE).json()

    def check_store(self):
        with sqlite3.connect(self.database) as database:
            assert database.execute(
                "PRAGMA integrity_check").fetchall() == [("ok",)]
        self.run("scans", "check", code=DONE)


class Scan:
    """A report: the scan document and the verdicts."""

    def __init__(self, document, result):
        self.document, self.result = document, result
        self.code = result.code
        self.verdicts = (document or {}).get("results_by_rule", [])

    def __getitem__(self, key):
        return self.document[key]

    def get(self, key, default=None):
        return self.document.get(key, default)

    def by_rule(self, target=None):
        """{rule_id: verdict}; every rule once."""
        found = {}
        for verdict in self.verdicts:
            if target and verdict["target"] != target:
                continue
            assert verdict["rule_id"] not in found, verdict
            found[verdict["rule_id"]] = verdict
        return found

    def statuses(self, target=None):
        return {rule: verdict["status"]
                for rule, verdict in self.by_rule(target).items()}

    def check(self):
        """What holds for every report of an ended scan."""
        seen = {}
        for verdict in self.verdicts:
            key = (verdict["target"], verdict["benchmark"],
                   verdict["rule_id"])
            assert key not in seen, f"two verdicts: {key}"
            seen[key] = verdict
            assert verdict["status"] in STATUSES, verdict
            assert verdict["origin"] in ("plugin", "engine"), verdict
        if self.document.get("status") == "running":
            return
        for status, counter in STATUSES.items():
            count = sum(verdict["status"] == status
                        for verdict in self.verdicts)
            assert self.document[counter] == count, counter
        assert self.document["total_verdicts"] == len(self.verdicts)
        for part in ("by_severity", "by_scanner", "by_target"):
            assert sum(each["total"] for each in self.document[
                part].values()) == len(self.verdicts), part


def finish(process, timeout=60):
    """Waits for a started command; (code, output, errors)."""
    try:
        out, err = process.communicate(
            timeout=max(timeout, 2 * PATIENCE) * SLOW)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        pytest.fail(f"still running: {process.args}\n{err[-2000:]}")
    return (process.returncode, out.decode(errors="replace"),
            err.decode(errors="replace"))


def kill_nine(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def stop_found(find):
    """Until find() gives processes: they are stopped, so that they are not over
    before the test does something to them; start_again() has them go on."""
    def stopped():
        found = []
        for pid in find():
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                continue
            found.append(pid)
        return found
    return wait_for(stopped, 60, "a process to stop")


def start_again(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def on_terminal(engine, *args, env=None):
    """What a command writes when both its outputs are a terminal."""
    ours, theirs = pty.openpty()
    process = engine.start(*args, stdout=theirs, stderr=theirs, env={
        "TERM": "xterm", **(env or {})})
    os.close(theirs)
    seen = b""
    end = time.monotonic() + 2 * PATIENCE * SLOW
    while time.monotonic() < end:
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    os.close(ours)
    process.wait(PATIENCE * SLOW)
    return process.returncode, seen.decode()


# ---- rules -------------------------------------------------------------------

def rule(number, scanner="alpha", status="pass", **content):
    """A rule whose verdict a test plugin will give as told."""
    severity = content.pop("severity", "medium")
    more = content.pop("more", {})
    return {"rule_id": number if isinstance(number, str)
            else f"{scanner}-{number:05}",
            "title": f"Rule {number} of {scanner}", "severity": severity,
            "scanner_type": scanner,
            "check_content": {"status": status, **content}, **more}


class Gate:
    """Holds scans at the rules that it makes until it is opened, so that a test
    which needs a running scan has one however slow or fast the machine is."""

    def __init__(self, directory, name="gate"):
        self.path = Path(directory) / name

    def rule(self, number, scanner="alpha", status="pass", **content):
        return rule(number, scanner, status, until=str(self.path), **content)

    def held(self):
        """The ids of rules at which a scan that still runs is held."""
        found = []
        for path in self.path.parent.glob(f"{self.path.name}.held-*"):
            pid, rule_id = path.name[len(f"{self.path.name}.held-"):].split(
                "-", 1)
            if is_alive(pid):
                found.append(rule_id)
        return sorted(found)

    def wait(self, count=1):
        """Until that many rules are held."""
        return wait_for(lambda: len(self.held()) >= count and self.held(), 60,
                        f"{count} rules held by {self.path}")

    def open(self):
        self.path.touch()


def rule_ids(rules):
    return [document["rule_id"] for document in rules]


def short(rule_id):
    """An XCCDF rule id without its prefix."""
    return re.sub(r"^xccdf_.*_rule_", "", rule_id)
