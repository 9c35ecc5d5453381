# SPDX-License-Identifier: Apache-2.0
"""Importing rule documents in every shape, and everything that is no rule
document: an error with file and line, within bounded memory, others stored."""
import hashlib
import io
import json
import os
import re
import resource
import sqlite3
import tarfile
import time

import pytest

import support
from scap import file_and_line
from support import DONE, SLOW, SOURCE, UNABLE, Engine, rule, rule_ids

YAML = """\
rule_id: {0}
title: Rule {0}
severity: high
scanner_type: alpha
check_content:
  status: pass
"""


@pytest.fixture
def engine(tmp_path):
    return Engine(tmp_path)


def stored(engine):
    return {each["rule_id"]: each for each in engine.run(
        "rules", "export", "--format", "json", code=DONE).json()}


def totals(engine, *args, code=DONE):
    return engine.run("import", "--format", "json", *args,
                      code=code).json()["totals"]


# ---- shapes ------------------------------------------------------------------

def shapes(folder):
    """{name: (path, rule ids in it)}"""
    ids = [f"r{i}" for i in range(3)]
    texts = [YAML.format(each) for each in ids]
    rules = [rule(each) for each in ids]
    made = {}

    def put(name, data, found=ids):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        made[name] = (path, found)
    put("one.yaml", texts[0], ids[:1])
    put("stream.yml", "---\n".join(texts))
    put("list.yaml", "".join(
        "- " + text.replace("\n", "\n  ").rstrip() + "\n" for text in texts))
    put("one.json", json.dumps(rules[0]), ids[:1])
    put("list.json", json.dumps(rules, indent=1))
    put("lines.jsonl", "\n".join(map(json.dumps, rules)) + "\n")
    put("lines.ndjson", "\r\n".join(map(json.dumps, rules)))
    put("marked.json", b"\xef\xbb\xbf" + json.dumps(rules).encode())
    put("no-ending", json.dumps(rules))
    for each, text in zip(ids, texts):
        put(f"tree/{each}/rule.yaml", text)
    put("tree/README", "not a rule\n")
    put("tree/.hidden.yaml", "not: [a rule\n")
    made["tree"] = (folder / "tree", ids)
    with tarfile.open(folder / "bundle.tar.gz", "w:gz") as bundle:
        for each, text in zip(ids, texts):
            info = tarfile.TarInfo(f"rules/{each}.yaml")
            info.size = len(text)
            bundle.addfile(info, io.BytesIO(text.encode()))
    made["bundle.tar.gz"] = (folder / "bundle.tar.gz", ids)
    return {name: each for name, each in made.items()
            if not name.startswith("tree/")}


@pytest.mark.parametrize("shape", (
    "one.yaml", "stream.yml", "list.yaml", "one.json", "list.json",
    "lines.jsonl", "lines.ndjson", "marked.json", "no-ending", "tree",
    "bundle.tar.gz"))
def test_every_shape_is_read_and_importing_again_changes_nothing(engine,
                                                                 shape):
    path, ids = shapes(engine.directory / "shapes")[shape]
    first = totals(engine, path)
    assert first["added"] == len(ids) and not first["rejected"], first
    assert sorted(stored(engine)) == ids
    before = stored(engine)
    again = totals(engine, path)
    assert again["unchanged"] == len(ids)
    assert not again["added"] and not again["changed"]
    assert stored(engine) == before
    engine.scan(code=DONE)


def test_all_shapes_hold_the_same_rules(engine):
    found = shapes(engine.directory / "shapes")
    totals(engine, found["lines.jsonl"][0])
    for name in ("list.json", "lines.ndjson", "marked.json"):
        assert totals(engine, found[name][0])["unchanged"] == 3, name


def test_several_paths_at_once(engine):
    found = shapes(engine.directory / "shapes")
    report = totals(engine, found["one.yaml"][0], found["tree"][0])
    assert sorted(stored(engine)) == ["r0", "r1", "r2"]
    assert report["files"] >= 4


def test_a_changed_rule_is_a_new_version(engine):
    path = engine.directory / "rule.yaml"
    path.write_text(YAML.format("r"))
    totals(engine, path)
    path.write_text(YAML.format("r").replace("high", "low"))
    assert totals(engine, path)["changed"] == 1
    (only,) = stored(engine).values()
    assert (only["version"], only["severity"]) == (2, "low")
    path.write_text(YAML.format("r"))
    assert totals(engine, path)["changed"] == 1


def test_scalars_keep_their_text(engine):
    path = engine.directory / "rule.yaml"
    path.write_text(YAML.format("r") + "title: 5.10\n".replace(
        "title", "rationale") + "description: no\n")
    totals(engine, path)
    (only,) = stored(engine).values()
    assert only["rationale"] == "5.10" and only["description"] == "no"
    assert only["source"]["file"].endswith("rule.yaml")


def test_the_documents_of_openwatch(engine):
    folder = SOURCE / "tests" / "fixtures" / "rules" / "openwatch"
    documents = len(list(folder.glob("*.json")))
    report = engine.run("import", "--format", "json", folder,
                        code=DONE).json()["totals"]
    assert report["added"] == documents and report["normalised"] > 0
    assert totals(engine, folder)["unchanged"] == documents


def test_validate_stores_nothing(engine):
    path = engine.put("rules.jsonl", [rule(0)])
    engine.run("rules", "validate", path, code=DONE)
    assert not engine.database.exists() or stored(engine) == {}


# ---- what is refused ---------------------------------------------------------

def test_one_bad_document_among_good_ones(engine):
    path = engine.directory / "mixed.yaml"
    bad = YAML.format("bad").replace("severity: high",
                                     "severity: catastrophic")
    path.write_text(YAML.format("good-1") + "---\n" + bad + "---\n"
                    + YAML.format("good-2"))
    result = engine.run("import", path, code=UNABLE)
    match = re.search(r"mixed\.yaml:(\d+)", result.out)
    assert match and 8 <= int(match[1]) <= 13, result
    assert "bad" in result.out and "catastrophic" in result.out
    assert sorted(stored(engine)) == ["good-1", "good-2"]
    report = engine.run("import", "--format", "json", path,
                        code=UNABLE).json()
    (rejection,) = report["files"][0]["rejections"]
    assert rejection["line"] == int(match[1])
    assert rejection["rule_id"] == "bad" and rejection["reason"]


@pytest.mark.parametrize("text, line", (
    ('{"rule_id": "a", "title": "t"', 1),
    ('{"rule_id": "a",\n "title": "t",\n "severity" "high"}', 3),
    ('{"rule_id": "a",\n "rule_id": "b", "title": "t"}', 2),
    ('{"title": "no id"}', 1),
    ('{"rule_id": 5.5, "title": {"a": 1}}', 1),
    ('[{"rule_id": "a", "title": "t", "severity": 7}]', 1),
    ('{"rule_id": "a", "title": "t", "variables": '
     '{"v": {"type": "moon"}}}', 1),
    ('"only text"', 1), ("17", 1), ("null", 1),
))
def test_bad_json(engine, text, line):
    path = engine.directory / "bad.json"
    path.write_text(text)
    result = engine.run("import", path, code=UNABLE)
    match = re.search(r"bad\.json:(\d+)", result.out + result.err)
    assert match and int(match[1]) == line, result
    assert not engine.database.exists() or stored(engine) == {}


@pytest.mark.parametrize("text, line", (
    ("rule_id: a\ntitle: [t\n", None),
    ("rule_id: a\n\ttitle: t\n", 2),
    ("rule_id: a\nrule_id: b\ntitle: t\n", 2),
    ("rule_id: a\ntitle: *nowhere\n", 2),
    ("just text\n", 1),
    ("rule_id: a\ntitle: t\nx: !!python/object/apply:os.system [id]\n",
     None),
))
def test_bad_yaml(engine, text, line):
    path = engine.directory / "bad.yaml"
    path.write_text(text)
    result = engine.run("import", path)
    assert result.code in ((UNABLE,) if line else (UNABLE, DONE)), result
    if result.code == UNABLE:
        match = re.search(r"bad\.yaml:(\d+)", result.out + result.err)
        assert match, result
        assert line is None or int(match[1]) == line, result


# ---- what is hostile ---------------------------------------------------------

def cyclic():
    return b"rule_id: a\ntitle: t\nx: &x\n  y: *x\n"


def yaml_bomb():
    lines = ['a0: &a0 ["ha", "ha"]']
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]"
              for i in range(1, 12)]
    return ("rule_id: a\ntitle: t\n" + "\n".join(lines) + "\n").encode()


def deep_yaml():
    return b"rule_id: a\ntitle: t\nx: " + b"[" * 100000 + b"]" * 100000


def deep_block():
    return b"rule_id: a\nx:\n" + b"".join(
        b" " * i + b"k:\n" for i in range(1, 3000))


def deep_json():
    return (b'{"rule_id": "a", "title": "t", "x": ' + b"[" * 200000
            + b"]" * 200000 + b"}")


def huge_scalar():
    return b'{"rule_id": "a", "title": "' + b"x" * (40 << 20) + b'"}'


def latin():
    return b"rule_id: a\ntitle: caf\xe9\n"


def utf16():
    return "rule_id: a\ntitle: t\n".encode("utf-16")


def null_bytes():
    return b'{"rule_id": "a\\u0000b", "title": "t"}'


def lone_surrogate():
    return b'{"rule_id": "a", "title": "\\ud800"}'


def binary():
    return bytes(range(256)) * 100


HOSTILE = {"cyclic.yaml": cyclic, "bomb.yaml": yaml_bomb,
           "deep.yaml": deep_yaml, "block.yaml": deep_block,
           "deep.json": deep_json, "huge.json": huge_scalar,
           "latin.yaml": latin, "utf16.yaml": utf16,
           "null.json": null_bytes, "surrogate.json": lone_surrogate,
           "binary.yaml": binary}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents(engine, name):
    path = engine.directory / name
    path.write_bytes(HOSTILE[name]())
    good = engine.put("good.jsonl", [rule(0)])

    def bound():
        if not support.INSTRUMENTED:
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    result = engine.run("import", path, good, code=UNABLE, timeout=60,
                        preexec=bound)
    assert file_and_line(result.out + result.err, name), result
    assert result.seconds < 10 * SLOW and result.peak_kib < 512 * support.MIB
    assert set(stored(engine)) == {"alpha-00000"}  # the good one is there


def test_a_file_over_the_limit(engine):
    path = engine.directory / "big.json"
    with open(path, "wb") as file:
        file.write(b'{"rule_id": "a", "title": "t"}')
        file.truncate((64 << 20) + 1)
    result = engine.run("import", path, code=UNABLE)
    assert "big.json" in result.out + result.err
    assert "64" in result.out + result.err or (
        "67108864" in result.out + result.err), result
    assert result.peak_kib < 128 * support.MIB


def bundle(path, entries):
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as made:
        for name, data, kind in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(data)
                made.addfile(info, io.BytesIO(data))
            else:
                info.linkname = data
                made.addfile(info)
    return path


def test_a_hostile_bundle(engine):
    secret = engine.directory / "secret.yaml"
    secret.write_text(YAML.format("secret"))
    path = bundle(engine.directory / "bad.tar.gz", [
        ("../../escape.yaml", YAML.format("escape").encode(),
         tarfile.REGTYPE),
        ("/etc/absolute.yaml", YAML.format("absolute").encode(),
         tarfile.REGTYPE),
        ("link.yaml", str(secret), tarfile.SYMTYPE),
        ("hard.yaml", str(secret), tarfile.LNKTYPE),
        ("fifo.yaml", "", tarfile.FIFOTYPE),
        ("good.yaml", YAML.format("good").encode(), tarfile.REGTYPE)])
    engine.run("import", path)
    assert "secret" not in stored(engine) and "good" in stored(engine)
    assert not (engine.directory.parent / "escape.yaml").exists()
    assert not os.path.exists("/etc/absolute.yaml")


def test_a_bundle_that_grows(engine):
    path = engine.directory / "bomb.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as made:
        info = tarfile.TarInfo("zeros.json")
        info.size = 512 << 20

        class Zeros:
            left = info.size

            def read(self, size):
                size = min(size, self.left)
                self.left -= size
                return bytes(size)
        made.addfile(info, Zeros())
    result = engine.run("import", path, code=UNABLE, timeout=60)
    assert "bomb.tar.gz" in result.out + result.err
    assert result.peak_kib < 400 * support.MIB


def test_a_truncated_bundle(engine):
    path, _ = shapes(engine.directory / "shapes")["bundle.tar.gz"]
    data = path.read_bytes()
    for size in (10, len(data) // 2, len(data) - 9):
        path.write_bytes(data[:size])
        result = engine.run("import", path, code=UNABLE)
        assert "bundle.tar.gz" in result.out + result.err


def manifest(documents):
    return ("manifest.json", json.dumps({
        "name": "n", "rules_count": len(documents),
        "documents": documents}).encode(), tarfile.REGTYPE)


def promised(path, documents, entries):
    """A bundle whose manifest promises other documents than are in it."""
    sums = {name: hashlib.sha256(data).hexdigest()
            for name, data in documents.items()}
    return bundle(path, [manifest(sums)] + [
        (name, data, tarfile.REGTYPE) for name, data in entries])


def test_a_bundle_is_what_its_manifest_says(engine):
    path = engine.directory / "bundle.tar.gz"
    one, two, other = (YAML.format(name).encode()
                       for name in ("one", "two", "other"))
    wanted = {"one.yaml": one, "rules/two.yaml": two}
    promised(path, wanted, [("one.yaml", one), ("rules/two.yaml", two)])
    assert totals(engine, path)["added"] == 2
    promised(path, wanted, [("./one.yaml", one), ("rules/two.yaml", two)])
    assert totals(engine, path)["unchanged"] == 2


@pytest.mark.parametrize("entries, reason", (
    ([("one.yaml", "one"), ("two.yaml", "other")], "its sha256 is"),
    ([("one.yaml", "one"), ("two.yaml", "two"), ("other.yaml", "other")],
     "does not have it"),
    ([("one.yaml", "one"), ("rules/two.yaml", "two")], "does not have it"),
    ([("one.yaml", "one")], 'lacks "two.yaml"')))
def test_a_bundle_that_is_not_what_its_manifest_says(engine, entries, reason):
    path = engine.directory / "bundle.tar.gz"
    data = {name: YAML.format(name).encode()
            for name in ("one", "two", "other")}
    promised(path, {"one.yaml": data["one"], "two.yaml": data["two"]},
             [(name, data[what]) for name, what in entries])
    result = engine.run("import", path, code=UNABLE)
    assert reason in " ".join((result.out + result.err).split()), result
    assert str(path) in result.out + result.err
    assert not stored(engine)


@pytest.mark.parametrize("says, reason", (
    ({"rules_count": 3}, None),
    ({"rules_count": 2}, "has 3 rules, its manifest says 2"),
    ({"rules_count": 4}, "has 3 rules, its manifest says 4"),
    ({"rules_count": -1}, '"rules_count" is not a number of rules'),
    ({"rules_count": "3"}, '"rules_count" is not a number of rules'),
    ({"format": "yaml"}, None),
    ({"format": "bson"}, '"rules/one.yaml" is not of the format'),
    ({"format": "sql"}, '"format" is not "yaml", "json", "jsonl" or "bson"'),
    ({"format": 1}, '"format" is not'),
    ({"documents": ["one.yaml"]}, '"documents" is not {file: sha256}'),
    ({"documents": {"rules/one.yaml": None}}, "does not have it"),
    ({"name": "n", "version": "7", "more": {}}, None)))
def test_what_a_manifest_says_is_checked_before_anything_is_stored(
        engine, says, reason):
    one, two = (YAML.format(name) for name in ("one", "two"))
    path = bundle(engine.directory / "bundle.tar.gz", [
        ("manifest.json", json.dumps(says).encode(), tarfile.REGTYPE),
        ("rules/one.yaml", one.encode(), tarfile.REGTYPE),
        ("rules/two.yaml", f"{two}---\n{YAML.format('three')}".encode(),
         tarfile.REGTYPE)])
    for command in (("rules", "validate"), ("import",)):
        result = engine.run(*command, path, code=UNABLE if reason else DONE)
        if reason:
            assert reason in " ".join((result.out + result.err).split())
    assert len(stored(engine)) == (0 if reason else 3)


def test_a_bundle_whose_rules_cannot_be_counted(engine):
    path = bundle(engine.directory / "bundle.tar.gz", [
        ("manifest.json", b'{"rules_count": 2}', tarfile.REGTYPE),
        ("one.yaml", YAML.format("one").encode(), tarfile.REGTYPE),
        ("two.yaml", b"a: [", tarfile.REGTYPE)])
    result = engine.run("import", path, code=UNABLE)
    assert "two.yaml:" in result.out + result.err
    assert not stored(engine)


def test_a_bundle_that_was_cut(engine):
    """Wherever: nothing of it is stored."""
    many = [YAML.format(f"r{each}") + f"description: {'x' * 999}\n"
            for each in range(20)]
    path = bundle(engine.directory / "bundle.tar.gz", [
        ("manifest.json", json.dumps({"rules_count": 20}).encode(),
         tarfile.REGTYPE),
        *((f"{number}.yaml", text.encode(), tarfile.REGTYPE)
          for number, text in enumerate(many))])
    whole = path.read_bytes()
    for size in (1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        result = engine.run("import", path, "--as", "bundle", code=UNABLE)
        assert "bundle.tar.gz" in result.out + result.err
        assert not stored(engine)
    path.write_bytes(whole)
    assert totals(engine, path)["added"] == 20


def test_a_manifest_comes_first_and_once(engine):
    path = engine.directory / "bundle.tar.gz"
    one = YAML.format("one").encode()
    entry = ("one.yaml", one, tarfile.REGTYPE)
    first = manifest({"one.yaml": hashlib.sha256(one).hexdigest()})
    for entries, reason in (([entry, first], "comes first"),
                            ([first, first, entry], "a second manifest"),
                            ([("manifest.json", b"{", tarfile.REGTYPE),
                              entry], "manifest.json:1")):
        result = engine.run("import", bundle(path, entries), code=UNABLE)
        assert reason in " ".join((result.out + result.err).split()), result


def test_odd_paths(engine):
    folder = engine.directory
    for name in ("none.yaml", "dir/none"):
        result = engine.run("import", folder / name, code=UNABLE)
        assert str(folder / name) in result.out + result.err
    os.mkfifo(folder / "fifo.yaml")
    result = engine.run("import", folder / "fifo.yaml", code=UNABLE,
                        timeout=10)
    assert "fifo.yaml" in result.out + result.err
    (folder / "loop").mkdir()
    (folder / "loop" / "loop").symlink_to(folder / "loop")
    (folder / "loop" / "rule.yaml").write_text(YAML.format("r"))
    engine.run("import", folder / "loop", timeout=10)
    assert set(stored(engine)) == {"r"}
    result = engine.run("import", "/dev/zero", code=UNABLE, timeout=10)
    assert "/dev/zero" in result.out + result.err


def test_an_import_that_is_killed_leaves_whole_documents(engine):
    rules = [rule(i, evidence="x" * 200) for i in range(20000)]
    path = engine.put("many.jsonl", rules)
    process = engine.start("import", path)
    support.wait_for(engine.database.exists, 10, "the store")
    time.sleep(0.2 * SLOW)
    support.kill_nine(process)
    with sqlite3.connect(engine.database) as database:
        assert database.execute(
            "PRAGMA integrity_check").fetchall() == [("ok",)]
    report = totals(engine, path)
    assert report["added"] + report["unchanged"] == len(rules)
    assert set(stored(engine)) == set(rule_ids(rules))
