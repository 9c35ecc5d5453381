# SPDX-License-Identifier: Apache-2.0
"""The command eval: expressions on documents from files and pipes."""
import json
import subprocess

import pytest

from support import DONE, PROGRAM, SLOW, UNABLE, unavailable

POD = {"metadata": {"name": "web"},
       "spec": {"hostNetwork": True,
                "containers": [{"name": "a", "image": "x:1"},
                               {"name": "b", "image": "y:2"}]}}


def evaluate(*args, text=""):
    return subprocess.run([str(PROGRAM), "eval", *args], input=text,
                          capture_output=True, text=True, timeout=60 * SLOW)


def need_jq():
    if "no expressions in jq" in evaluate("--language", "jq", ".",
                                          text="1").stderr:
        unavailable("jq: built with --disable-jq")


def test_results_are_printed_as_json():
    result = evaluate("--language", "yamlpath", ".spec.containers[:].name",
                      text=json.dumps(POD))
    assert (result.returncode, result.stderr) == (DONE, "")
    assert result.stdout == '"a"\n"b"\n'
    result = evaluate("--language", "yamlpath", ".spec", text=json.dumps(POD))
    assert result.stdout == json.dumps(POD["spec"], indent=2) + "\n"
    result = evaluate("--compact", "--language=yamlpath", ".spec",
                      text=json.dumps(POD))
    assert result.stdout == json.dumps(POD["spec"],
                                       separators=(",", ":")) + "\n"


def test_nothing_found_is_nothing_printed():
    result = evaluate("--language", "yamlpath", ".spec.nothing", text="{}")
    assert (result.returncode, result.stdout, result.stderr) == (DONE, "", "")


def test_yaml_is_read_from_files_and_pipes(tmp_path):
    text = "a: 1\n---\na: [x, yes]\n"
    file = tmp_path / "stream.yaml"
    file.write_text(text)
    for args, given in [([str(file)], ""), ([], text), (["-"], text)]:
        result = evaluate("--compact", "--language", "yamlpath", ".a", *args,
                          text=given)
        assert (result.returncode, result.stderr) == (DONE, "")
        assert result.stdout == '1\n["x","yes"]\n'
    flow = evaluate("--language", "yamlpath", ".a", text="{a: text}")
    assert flow.stdout == '"text"\n'


def test_jq_programs_are_evaluated():
    need_jq()
    result = evaluate("--language", "jq", "--compact",
                      ".spec.containers[] | {name}, (.image | split(\":\"))",
                      text=json.dumps(POD))
    assert (result.returncode, result.stderr) == (DONE, "")
    assert result.stdout == ('{"name":"a"}\n["x","1"]\n'
                             '{"name":"b"}\n["y","2"]\n')


def test_jq_reaches_nothing_outside():
    need_jq()
    assert evaluate("--language", "jq", "[env, $ENV]", "--compact",
                    text="1").stdout == "[{},{}]\n"
    result = evaluate("--language", "jq", 'import "a" as a; .', text="1")
    assert result.returncode == UNABLE and "syntax error" in result.stderr


@pytest.mark.parametrize("args, text, message", [
    (["--language", "yamlpath", ".a[-1]"], "{}",
     "'-' at character 4: an index cannot be negative"),
    (["--language", "cobol", "."], "{}", '"cobol" is none'),
    (["."], "{}", "eval needs --language"),
    (["--language", "yamlpath", ".a"], '{"a":1', "standard input:1:"),
    (["--language", "yamlpath", ".a"], "a: [\n", "standard input:2:"),
    (["--language", "yamlpath", ".a", "/nowhere.json"], "", "/nowhere.json"),
    (["--language", "yamlpath"], "", "EXPRESSION"),
])
def test_what_cannot_be_done_says_why(args, text, message):
    result = evaluate(*args, text=text)
    assert (result.returncode, result.stdout) == (UNABLE, "")
    assert message in result.stderr


def test_jmespath_gives_one_value():
    result = evaluate("--language", "jmespath", "a", text='{"a":1}')
    assert (result.returncode, result.stdout) == (DONE, "1\n")
    result = evaluate("--language", "jmespath", "b", text='{"a":1}')
    assert (result.returncode, result.stdout) == (DONE, "null\n")


def test_jmespath_names_the_character():
    result = evaluate("--language", "jmespath", "a.[b", text='{"a":1}')
    assert (result.returncode, result.stdout) == (UNABLE, "")
    assert "at its end: syntax" in result.stderr
