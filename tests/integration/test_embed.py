# SPDX-License-Identifier: Apache-2.0
"""Programs that embed libengine, built by their own first lines against an
installed copy, as strangers have it."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import (SLOW, SOURCE, Engine, made, make, need_program,
                     need_root, unavailable)

EXAMPLES = SOURCE / "doc/examples"
RULES = [{"rule_id": f"rule-{status}", "title": f"A rule to {status}",
          "severity": "low", "scanner_type": "alpha",
          "check_content": {"status": status}}
         for status in ("pass", "fail", "error")]


class Installed:
    def __init__(self, dest):
        self.dest = dest
        self.libdir = self.path("libdir")

    def path(self, variable):
        return Path(f"{self.dest}{made(variable)}")

    def environment(self, engine, changes=None):
        env = {key: value for key, value in engine.environment().items()
               if key != "SCAN_ENGINE_WORKER"}
        env.update(LD_LIBRARY_PATH=str(self.libdir),
                   PKG_CONFIG_LIBDIR=str(self.libdir / "pkgconfig"),
                   PKG_CONFIG_SYSROOT_DIR=str(self.dest),
                   LSAN_OPTIONS=f"suppressions={SOURCE}/tests/lsan.supp:"
                                "print_suppressions=0")
        env.update(changes or {})
        return env


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    dest = tmp_path_factory.mktemp("dest")
    make("install", f"DESTDIR={dest}")
    return Installed(dest)


@pytest.fixture
def engine(installed, tmp_path):
    """A configuration that names the installed worker, which nothing else
    does."""
    worker = installed.path("pkglibexecdir") / "scan-worker"
    return Engine(tmp_path, plugins=("alpha",), extra=f'worker = "{worker}";')


def run(argv, engine, env, code=0):
    done = subprocess.run([str(each) for each in argv], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, cwd=engine.directory, timeout=120 * SLOW)
    assert "Sanitizer" not in done.stderr, done.stderr
    assert done.returncode == code, f"{argv}: {done.stdout}{done.stderr}"
    return done


def build(installed, engine, source):
    """By the command in the program's own comment."""
    text = source.read_text()
    command = re.search(r"(\S+ .*embed\.\S+ \$\(pkg-config .*)$", text, re.M)[1]
    compiler, rest = command.lstrip("*/ ").split(" ", 1)
    real = {"cc": os.environ.get("CC", "cc"),
            "c++": os.environ.get("CXX", "c++")}[compiler]
    need_program("pkg-config", "pkg-config")
    need_program(shlex.split(real)[0], "gcc and g++")
    flags = " ".join(re.findall(r"-fsanitize=\S+", made("CFLAGS")))
    if source.parent != engine.directory:
        shutil.copy(source, engine.directory)
    run(["sh", "-c", f"{real} -Wall -Wextra -Wpedantic -Werror {flags} {rest}"],
        engine, installed.environment(engine, {"PATH": os.environ["PATH"]}))
    return engine.directory / "embed"


def verdicts(output):
    found = {}
    for line in output.splitlines():
        verdict = json.loads(line)
        found[verdict["rule_id"]] = verdict["status"]
    return found


WANTED = {"rule-pass": "pass", "rule-fail": "fail", "rule-error": "error"}


def test_the_c_example(installed, engine):
    program = build(installed, engine, EXAMPLES / "embed.c")
    rules = engine.put("rules.jsonl", RULES)
    env = installed.environment(engine)
    done = run([program, engine.config, rules], engine, env)
    assert verdicts(done.stdout) == WANTED
    assert done.stderr == ""
    missing = run([program, engine.config, "/missing"], engine, env, code=1)
    assert "/missing" in missing.stderr and missing.stdout == ""


def test_the_c_example_is_short():
    assert len((EXAMPLES / "embed.c").read_text().splitlines()) < 60


def test_the_cxx_example(installed, engine):
    program = build(installed, engine, EXAMPLES / "embed.cc")
    rules = engine.put("rules.jsonl", RULES)
    done = run([program, engine.config, rules], engine,
               installed.environment(engine))
    assert verdicts(done.stdout) == WANTED
    assert done.stderr.startswith("3 verdicts of scan ")


def test_the_python_example(installed, engine):
    rules = engine.put("rules.jsonl", RULES)
    changes = {}
    sanitizers = re.findall(r"-fsanitize=(\S+)", made("CFLAGS"))
    if any("address" in each or "thread" in each for each in sanitizers):
        # the interpreter is not instrumented: their library must come first
        name = "libasan.so" if "address" in sanitizers[0] else "libtsan.so"
        path = subprocess.run([*shlex.split(made("CC")), "-print-file-name="
                               + name], capture_output=True, text=True).stdout
        if not path.startswith("/"):
            unavailable(f"no {name} to load first")
        changes = {"LD_PRELOAD": path.strip(), "PYTHONMALLOC": "malloc",
                   "ASAN_OPTIONS": "detect_leaks=0"}
    done = run([sys.executable, EXAMPLES / "embed.py", engine.config, rules],
               engine, installed.environment(engine, changes))
    assert done.stdout.splitlines() == ["rule-error error", "rule-fail fail"]
    assert "3 of 3" in done.stderr


def test_the_worker_is_found_where_it_was_installed(installed, engine):
    """Nothing says where it is: the prefix is mounted where it belongs."""
    need_root("to mount in a namespace of its own")
    prefix = made("prefix")
    if not os.path.isdir(prefix):
        pytest.skip(f"no {prefix} to mount over")
    program = build(installed, engine, EXAMPLES / "embed.c")
    rules = engine.put("rules.jsonl", RULES)
    engine.configure(extra="")
    done = run(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh",
                installed.path("prefix"), prefix, program, engine.config,
                rules], engine, installed.environment(engine))
    assert verdicts(done.stdout) == WANTED


SCANNERS = """/*
 * cc embed.c $(pkg-config --cflags --libs libengine) -o embed
 */
#include <engine/engine.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct engine_options options = {.size = sizeof(options)};
    struct engine *engine = NULL;
    char *list = NULL;

    options.config_file = argc > 1 ? argv[1] : NULL;
    if (engine_open(&options, &engine, NULL) != ENGINE_OK ||
        engine_scanners(engine, &list, NULL) != ENGINE_OK)
        return 1;
    puts(list);
    engine_text_free(list);
    engine_close(engine);
    return 0;
}
"""


def test_scanners_are_shown_as_the_program_shows_them(installed, engine):
    engine.configure(plugins=("alpha", "wrong_major"), limits={"files": 99})
    source = engine.directory / "embed.c"
    source.write_text(SCANNERS)
    program = build(installed, engine, source)
    listed = json.loads(run([program, engine.config], engine,
                            installed.environment(engine)).stdout)
    assert listed == engine.run("plugins", "--format", "json").json()
    assert listed[0]["limits"]["files"] == 99
    assert listed[0]["confinement"]["text"]


def test_names_versions_and_libraries(installed, engine):
    env = installed.environment(engine, {"PATH": os.environ["PATH"]})
    done = run(["pkg-config", "--modversion", "libengine"], engine, env)
    assert done.stdout.strip() == made("PACKAGE_VERSION")
    library = installed.libdir / "libengine.so.0"
    done = run(["readelf", "-dW", library], engine, env)
    assert "SONAME" in done.stdout and "libengine.so.0]" in done.stdout
    for unwanted in ("libcurl", "libmicrohttpd", "libmongoc"):
        assert unwanted not in done.stdout
