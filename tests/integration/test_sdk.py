# SPDX-License-Identifier: Apache-2.0
"""The SDK as somebody has it who has nothing else: `make install` into a Debian
that has neither the sources nor the build tree; there the templates are built
by the very commands of their READMEs, loaded, and scan beside oscap."""
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from support import (BUILD, DONE, INSTRUMENTED, SLOW, SOURCE, Engine,
                     made, make, module, need_program, need_root, unavailable)

ROOT = Path(os.environ.get("SCAN_ENGINE_TEST_SDK_ROOT",
                           SOURCE / "build" / "sdk-root"))
SMALL = SOURCE / "tests/fixtures/sdk/small-ds.xml"
MINIMAL = {"minimal-passwd": "pass", "minimal-shadow": "pass",
           "minimal-tmp": "fail"}
OSCAP = {"xccdf_org.example_rule_unix": "pass",
         "xccdf_org.example_rule_windows": "fail"}


def files(tree):
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*")
                  if not path.is_dir())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """DESTDIR of a `make install`."""
    if not (BUILD / "Makefile").exists():
        unavailable("no build tree to install from")
    dest = tmp_path_factory.mktemp("dest")
    make("install", f"DESTDIR={dest}")
    return dest


class Clean:
    """A Debian with what was installed, and a home; everything is mounted in a
    namespace that ends with the command."""

    def __init__(self, installed, home):
        self.prefix = made("prefix")
        self.installed = Path(f"{installed}{self.prefix}")
        self.home = home

    def environment(self):
        env = {"HOME": "/root", "LC_ALL": "C.UTF-8",
               "PATH": f"{self.prefix}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "PKG_CONFIG_PATH": f"{self.prefix}/lib/pkgconfig"}
        sanitizers = re.findall(r"-fsanitize=\S+", made("CFLAGS"))
        if sanitizers:  # the kit's archive needs them in whoever links it
            shutil.copy(SOURCE / "tests/lsan.supp", self.home)
            env.update(CFLAGS=" ".join(["-g", "-O1", *sanitizers]),
                       LSAN_OPTIONS="suppressions=/root/lsan.supp:"
                                    "print_suppressions=0",
                       UBSAN_OPTIONS="print_stacktrace=1")
        return env

    def run(self, script, *args):
        """A script in /root; its output."""
        (self.home / "script").write_text(script)
        outer = """set -e
            mkdir -p "$1$2"
            mount --bind "$3" "$1$2"
            mount --bind "$4" "$1/root"
            mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
            mount -t proc proc "$1/proc"
            root=$1; shift 4
            cd /
            exec chroot "$root" sh -c 'cd /root && exec sh -e ./script "$@"' \\
                script "$@" """
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             outer, "outer", ROOT, self.prefix, self.installed, self.home,
             *args], env=self.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300 * SLOW)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
        assert "Sanitizer" not in done.stderr, done.stderr
        return done.stdout


@pytest.fixture
def clean(installed, tmp_path):
    need_root("to mount in a namespace of its own")
    if subprocess.run(["unshare", "--mount", "true"]).returncode:
        unavailable("unshare --mount does not work here")
    done = subprocess.run(["sh", SOURCE / "tests/services/sdk-root", ROOT],
                          capture_output=True, text=True)
    if done.returncode:
        unavailable(f"service sdk-root: {done.stderr[-500:]}")
    return Clean(installed, tmp_path)


def commands(readme):
    """The blocks of a README, as one script that ends where a command fails;
    scans may end with 2, a rule failed."""
    blocks = [line[4:] if line.startswith("    ") else ""
              for line in readme.read_text().splitlines()]
    script = re.sub(r"\\\n\s*", "", "\n".join(blocks))
    script = script.replace("apt-get install", "dpkg-query -W")  # they are there
    script = re.sub(r"^(scan-engine .*\bscan\b.*)$", r"\1 || test $? -eq 2",
                    script, flags=re.M)
    assert "make install" in script and " scan " in script
    return script


def keeps_the_contract(out):
    """The README has `scan-engine conform`, and every check of it passed."""
    plan = re.search(r"^1\.\.(\d+)$", out, re.M)
    passed = re.findall(r"^ok \d+ - .*$", out, re.M)
    assert plan and len(passed) == int(plan[1]) > 15, out
    assert sum("# SKIP" in line for line in passed) <= 3, out


def template(installed, name):
    return Path(f"{installed}{made('datadir')}/scan-engine/template/{name}")


def test_the_minimal_template_by_its_readme_beside_oscap(installed, clean):
    shutil.copy(SMALL, clean.home)
    out = clean.run(
        f"test ! -e '{SOURCE}' && test ! -e '{BUILD}'\n"
        + commands(template(installed, "minimal") / "README") + """
        scan-engine --config engine.conf import ~/small-ds.xml >&2
        scan-engine --config engine.conf scan --target local --format json \\
            --output ~/scan.json || test $? -eq 2
        """)
    keeps_the_contract(out)
    assert "file_mode" in out and "minimal.so" in out, out
    scan = json.loads((clean.home / "scan.json").read_text())
    assert scan["status"] == "completed", scan
    found = {each["rule_id"]: each for each in scan["results_by_rule"]}
    assert {rule: each["status"] for rule, each in found.items()} == {
        **MINIMAL, **OSCAP}
    assert set(scan["scanner_metadata"]) == {"minimal", "oscap"}
    (result,) = found["minimal-tmp"]["results"]
    assert result["evidence"] == {"path": "/tmp", "mode": "1777", "owner": 0}
    assert "expected 0700" in result["message"]


@pytest.fixture
def service(installed):
    """health.json of the kit's template, on loopback; its port."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(
            Handler, directory=template(installed, "kit")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_the_template_of_the_kit_by_its_readme(installed, clean, service):
    if not (BUILD / "sdk/kit/libscankit-http.la").exists():
        unavailable("built without libcurl")
    script = commands(template(installed, "kit") / "README")
    served = re.findall(r"^python3 .*&$", script, re.M)
    assert len(served) == 1 and "127.0.0.1 8080" in served[0]
    script = script.replace(served[0], "").replace("127.0.0.1:8080",
                                                   f"127.0.0.1:{service}")
    keeps_the_contract(clean.run(script + """
        scan-engine --config engine.conf scans show last --format json \
            >~/scan.json
        nm -D --defined-only jsonapi.so >~/symbols
        """))
    scan = json.loads((clean.home / "scan.json").read_text())
    found = {each["rule_id"]: each for each in scan["results_by_rule"]}
    assert {rule: each["status"] for rule, each in found.items()} == {
        "jsonapi-up": "pass", "jsonapi-certificates": "fail",
        "jsonapi-versions": "pass", "jsonapi-missing": "error"}, scan
    assert "12" in found["jsonapi-certificates"]["message"]
    assert "404" in found["jsonapi-missing"]["message"]
    symbols = (clean.home / "symbols").read_text().split()
    assert [name for name in symbols if "LTX" in name] == [
        "jsonapi_LTX_scanner_query"]
    assert INSTRUMENTED or len(symbols) == 3, symbols


def test_the_template_in_rust_by_its_readme(installed, clean):
    script = commands(template(installed, "rust") / "README")
    keeps_the_contract(clean.run(script + """
        scan-engine --config engine.conf scans show last --format json \\
            >~/scan.json
        nm -D --defined-only minimal_rs.so >~/symbols
        """))
    scan = json.loads((clean.home / "scan.json").read_text())
    found = {each["rule_id"]: each for each in scan["results_by_rule"]}
    assert {rule: each["status"] for rule, each in found.items()} == {
        rule.replace("minimal-", "minimal-rs-"): status
        for rule, status in MINIMAL.items()}
    assert found["minimal-rs-tmp"]["message"] == (
        "1777 of user 0, expected 0700 of user 0")
    assert (clean.home / "symbols").read_text().split()[2:] == [
        "minimal_rs_LTX_scanner_query"]


def test_a_scanner_in_cxx_by_the_readme(installed, tmp_path):
    """Built as README of the SDK has it, it exports one function and keeps the
    contract."""
    cxx = os.environ.get("CXX", "c++")
    need_program(cxx.split()[0], "g++")
    text = template(installed, "README").read_text()
    block = re.search(r"^    echo .*(?:\n    .+)+", text, re.M)[0]
    shutil.copy(SOURCE / "tests/fixtures/sdk/writable.cc", tmp_path)
    Autoconf(installed, tmp_path).run(
        "sh", "-ec", block.replace("NAME", "writable").replace(
            " c++ ", f" {cxx} -std=c++17 -Wall -Wextra -Wpedantic -Werror "))
    engine = Engine(tmp_path / "engine", plugins=())
    rules = engine.put("rules.jsonl", [
        {"rule_id": "etc", "title": "A rule", "severity": "low",
         "scanner_type": "writable", "check_content": {"directory": "/etc"}}])
    done = engine.run("conform", "--rules", rules, tmp_path / "writable.so",
                      code=DONE)
    keeps_the_contract(done.out)
    assert "1 of 1 rules were judged" in done.out, done.out


@pytest.mark.parametrize("name", ("aws", "azure", "gcp"))
def test_a_bundle_holds_what_its_manifest_says(installed, tmp_path, name):
    rules = template(installed, "").parent / "rules"
    with tarfile.open(rules / f"{name}.tar.gz") as bundle:
        assert bundle.getnames()[0] == "manifest.json"
        manifest = json.load(bundle.extractfile("manifest.json"))
        documents = {each.name: bundle.extractfile(each).read()
                     for each in bundle.getmembers() if each.isfile()}
    del documents["manifest.json"]
    assert manifest["documents"] == {
        each: hashlib.sha256(data).hexdigest()
        for each, data in documents.items()}
    assert manifest["name"] == f"scan-engine-{name}"
    assert manifest["licence"] == "Apache-2.0"
    engine = Engine(tmp_path, plugins=(name,))
    if not module(name).exists():
        unavailable(f"built without {name}")
    report = engine.run("import", "--format", "json",
                        rules / f"{name}.tar.gz", code=DONE).json()["totals"]
    assert report["added"] == manifest["rules_count"] > 50
    report = engine.run("import", "--format", "json", rules / name,
                        code=DONE).json()["totals"]
    assert report["unchanged"] == manifest["rules_count"]


CLOUD_TARGETS = (
    {"type": "aws_account", "regions": ["us-east-1"]},
    {"type": "azure_subscription",
     "subscriptions": ["11111111-2222-3333-4444-555555555555"]},
    {"type": "gcp_project", "project": "example-1"})


def test_the_examples_are_understood(installed, tmp_path):
    examples = installed / made("docdir").strip("/") / "examples"
    assert {"engine.conf", "host.conf", "estate.conf", "daemon.conf",
            "rules.yaml"} <= {path.name for path in examples.iterdir()}
    plugins = [name for name in ("oscap", "kubernetes", "aws", "azure", "gcp")
               if module(name).exists()]
    engine = Engine(tmp_path, plugins=plugins)
    for path in examples.glob("*.conf"):
        engine.config = path
        engine.run("rules", "validate", examples / "rules.yaml", code=DONE)
    engine.config = tmp_path / "engine.conf"
    if len(plugins) < 5:
        unavailable(f"built with {plugins} only")
    engine.run("import", examples / "rules.yaml", code=DONE)
    out = engine.run("scan", "--dry-run", *(
        word for target in CLOUD_TARGETS
        for word in ("--target", json.dumps(target))), code=DONE, env={
            "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
            "AZURE_CLIENT_ID": "none", "AZURE_CLIENT_SECRET": "none",
            "AZURE_TENANT_ID": "none"}).out
    for call in ("iam ListAccessKeys", "Microsoft.Storage/storageAccounts",
                 "global/networks"):
        assert call in out, out


def test_every_header_of_the_kit_compiles_alone(clean):
    count = int(clean.run("""
        include=$(pkg-config --variable=includedir scankit)/scankit
        count=0
        for header in $(cd "$include" && find . -name '*.h'); do
            printf '#include "%s"\\n#include "%s"\\n' "$header" "$header" |
                gcc -x c -std=c11 -Wall -Wextra -Werror -fsyntax-only \\
                    $(pkg-config --cflags scankit) -
            count=$((count + 1))
        done
        echo $count"""))
    assert count >= 22


def test_uninstalling_leaves_nothing(tmp_path):
    make("install", f"DESTDIR={tmp_path}")
    before = files(tmp_path)
    assert any(name.endswith("lib/pkgconfig/scankit.pc") for name in before)
    theirs = Path(f"{tmp_path}{made('pluginsdir')}/theirs.so")
    theirs.touch()
    make("uninstall", f"DESTDIR={tmp_path}")
    assert files(tmp_path) == [str(theirs.relative_to(tmp_path))]
    theirs.unlink()
    make("install", f"DESTDIR={tmp_path}")
    make("uninstall", f"DESTDIR={tmp_path}")
    assert files(tmp_path) == []
    assert [path for name in ("scan-engine", "scankit", "engine")
            for path in tmp_path.rglob(name)] == []


CONFIGURE = """\
AC_INIT([example], [1.0])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AM_PROG_AR
%s
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
"""
ASK = """\
AC_INIT([example], [1.0])
SCAN_ENGINE_SCANNER([%s]%s)
AC_OUTPUT
"""


def example(installed):
    """What the macro's own comment has for configure.ac and for Makefile.am."""
    text = Path(f"{installed}{made('datadir')}/aclocal/scan-engine.m4"
                ).read_text()
    found = re.search(r"^# In configure.ac:$(.*)^# In Makefile.am(.*)^# serial",
                      text, re.M | re.S)
    return ["\n".join(re.findall(r"^#   (.+)$", part, re.M))
            for part in found.groups()]


def abi(installed, majors=0, minors=0):
    """The version of the installed ABI, or a later one."""
    text = Path(f"{installed}{made('libdir')}/pkgconfig/engine-scanner.pc"
                ).read_text()
    major, minor = (int(re.search(rf"abi_{part}=(\d+)", text)[1])
                    for part in ("major", "minor"))
    return f"{major + majors}.{minor + minors}"


class Autoconf:
    """A project of somebody else, with the installed macro and headers."""

    def __init__(self, installed, folder):
        prefix = f"{installed}{made('prefix')}"
        self.folder = folder
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder),
                    "ACLOCAL_PATH": f"{prefix}/share/aclocal",
                    "PKG_CONFIG_SYSROOT_DIR": str(installed),
                    "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}

    def run(self, *argv, code=0):
        done = subprocess.run(argv, cwd=self.folder, env=self.env,
                              capture_output=True, text=True,
                              timeout=300 * SLOW)
        assert done.returncode == code, done.stdout[-2000:] + done.stderr
        return done.stdout + done.stderr

    def configure(self, text, *arguments, code=0):
        (self.folder / "configure.ac").write_text(text)
        if "AUTOMAKE" in text:
            self.prepared = self.run("autoreconf", "-i")
        else:
            self.run("aclocal")
            self.run("autoconf", "-f")
        return self.run("./configure", *arguments, code=code)


def test_the_autoconf_macro_as_its_comment_has_it(installed, tmp_path):
    text = (template(installed, "minimal") / "minimal.c").read_text()
    (tmp_path / "example.c").write_text(
        text.replace("SCANNER_PLUGIN(minimal", "SCANNER_PLUGIN(example"))
    configure, makefile = example(installed)
    (tmp_path / "Makefile.am").write_text(makefile + "\n")
    (tmp_path / "m4").mkdir()
    project = Autoconf(installed, tmp_path)
    out = project.configure(CONFIGURE % configure,
                            "--with-plugindir=/opt/scanners")
    assert "error:" not in project.prepared, project.prepared
    assert "warning:" not in project.prepared, project.prepared
    assert f"scanner ABI... {abi(installed)}" in out, out
    project.run("make", "install", f"DESTDIR={tmp_path}/dest")
    module = tmp_path / "dest/opt/scanners/example.so"
    symbols = project.run("nm", "-D", "--defined-only", module).split()
    assert symbols[2:] == ["example_LTX_scanner_query"]


def test_the_autoconf_macro_knows_where_scanners_go(installed, tmp_path):
    out = Autoconf(installed, tmp_path).configure(
        ASK % (abi(installed), ", [AC_MSG_NOTICE([to $plugindir])]"))
    assert (f"to {made('prefix')}/lib/scan-engine/plugins"
            in out.replace(str(installed), "")), out


@pytest.mark.parametrize("majors, minors", ((1, 0), (0, 1)))
def test_the_autoconf_macro_refuses_another_abi(installed, tmp_path, majors,
                                                minors):
    wanted = abi(installed, majors, minors)
    project = Autoconf(installed, tmp_path)
    out = project.configure(ASK % (wanted, ""), code=1)
    assert "of another ABI" in out, out
    out = project.configure(ASK % (wanted, ", [], [AC_MSG_NOTICE([none])]"))
    assert "none" in out, out
