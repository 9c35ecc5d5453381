# SPDX-License-Identifier: Apache-2.0
"""Completions of shells: they are what the program's own tables say, and the
shells understand them."""
import re
import subprocess
import sys

import pytest

from support import (PROGRAM, SLOW, SOURCE, commands, made, make,
                     need_program, options, unavailable)

FOLDER = SOURCE / "doc/completion"
NAMES = {"bash": "scan-engine", "zsh": "_scan-engine",
         "fish": "scan-engine.fish"}
# how the options of one command are found in each
PARTS = {"bash": r'\n    "{}"\)\n(.*?);;', "zsh": r"\n    '{}'\)\n(.*?);;",
         "fish": r"-n '__scan_engine_in {}'(.*?)\n"}
OPTION = {"bash": r"--([a-z-]+)", "zsh": r"'\*?--([a-z-]+)[=\[]",
          "fish": r" -l ([a-z-]+)"}


def text_of(shell):
    return (FOLDER / NAMES[shell]).read_text()


def need_daemon():
    if ["serve"] not in commands():
        unavailable("built without the daemon, whose commands are completed")


def run(argv, **how):
    return subprocess.run([str(each) for each in argv], capture_output=True,
                          text=True, timeout=60 * SLOW, **how)


def test_they_are_what_the_program_makes_of_its_tables(tmp_path):
    need_daemon()
    done = run([sys.executable, FOLDER / "make", PROGRAM, tmp_path])
    assert done.returncode == 0, done.stderr
    for shell, name in NAMES.items():
        assert (tmp_path / name).read_text() == text_of(shell), \
            "run doc/completion/make"


@pytest.mark.parametrize("shell", NAMES)
def test_every_command_and_option_is_known(shell):
    text = text_of(shell)
    for words in commands():
        name = " ".join(words)
        parts = re.findall(PARTS[shell].format(name), text, re.S)
        found = [option for part in parts
                 for option in re.findall(OPTION[shell], part)]
        assert sorted(found) == sorted([*options(words), "help"]), name
        for word in words:
            assert re.search(rf"(^|[ '\"]){word}([ '\":]|$)", text, re.M), name
    for option in ("config", "store", "log-level", "version"):
        assert option in re.findall(OPTION[shell], text)


LINES = {
    "rules ": ["export", "list", "show", "validate"],
    "scan --fra": ["--framework"],
    "--config x scan --target local --fail-on ": [
        "critical", "high", "info", "low", "medium"],
    "rules list --limit 3 --format j": ["json", "jsonl"],
    "import READ": ["README"],
    "xccdf validate --as y": ["yaml"],
    "scans show last --tok": ["--token-file"]}


def complete(shell, line):
    """What the shell offers; bash offers words that begin so, all of them."""
    if shell == "bash":
        words = ["scan-engine", *line.split(" ")]
        script = (f'. "{FOLDER / NAMES[shell]}"; COMP_WORDS=("$@"); '
                  "COMP_CWORD=$(($# - 1)); _scan_engine; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = run(["bash", "--norc", "-c", script, "bash", *words],
                   cwd=SOURCE)
    else:
        done = run(["fish", "--no-config", "-c",
                    f'source "{FOLDER / NAMES[shell]}"; '
                    f"complete -C 'scan-engine {line}'"], cwd=SOURCE)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return sorted(each.split("\t")[0] for each in done.stdout.splitlines()
                  if each != "--help")


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("shell", ("bash", "fish"))
def test_shells_offer_what_may_come(shell, line):
    need_program(shell, shell)
    assert complete(shell, line) == LINES[line]


@pytest.mark.parametrize("shell", NAMES)
def test_shells_can_read_them(shell):
    need_program(shell, shell)
    done = run([shell, "-n", FOLDER / NAMES[shell]])
    assert done.returncode == 0, done.stderr


def test_they_are_installed_where_shells_look(tmp_path):
    make(*(f"install-dist_{shell}completionDATA" for shell in NAMES),
         f"DESTDIR={tmp_path}")
    data = made("datadir")
    for shell, place in (
            ("bash", "bash-completion/completions"),
            ("zsh", "zsh/site-functions"),
            ("fish", "fish/vendor_completions.d")):
        installed = f"{tmp_path}{data}/{place}/{NAMES[shell]}"
        assert open(installed).read() == text_of(shell)
