# SPDX-License-Identifier: Apache-2.0
"""Dumps of API objects made from what rules look at, and bare oscap over them:
what rules of the form yamlfilecontent say is what oscap says."""
import os
import random
import re
import subprocess
import xml.etree.ElementTree as ET

import support
from oscap_equality import XCCDF, verdicts

KINDS = ("right", "wrong", "mixed", "bare", "odd", "none", "random")
# What no rule asks for, but a cluster may well have.
ODD = ("", "yes", "017", "None", "true", "1", 0, 1, 17, True, False, None, [],
       {}, [[]], ["x", 1], {"a": "b"}, [{"a": "b"}], "x y", "ä", -1,
       [1, [2]], {"a": {"b": 1}})


def expand(text, variables):
    """A path with the defaults of its variables: no conditions in XCCDF."""
    return re.sub(r"\{\{\.(\w+)\}\}", lambda found: variables[found[1]], text)


class Rule:
    """A converted rule: its file, its path, its values."""

    def __init__(self, document, settings):
        content = document["check_content"]
        self.id = document["rule_id"]
        self.content = content
        self.variables = {name: settings.get(name, each.get("default", ""))
                          for name, each in
                          document.get("variables", {}).items()}
        self.file = expand(content.get("dump") or content["filepath"],
                           self.variables)
        self.steps = steps(content["yamlpath"])
        other = content.get("check_existence_yamlpath")
        self.other = steps(other) if other else None
        self.texts = [(expand(each["value"], self.variables),
                       each.get("operation", "equals"), each.get("key"))
                      for each in content.get("values", ())]
        if "xccdf_variable" in content:
            value = self.variables[content["xccdf_variable"]]
            self.texts = [(value, "equals", key) for _, _, key in self.texts]

    def right(self):
        """A value that its state allows."""
        if not self.texts:
            return "anything"
        if self.texts[0][2]:
            return {key: sample(*rest) for *rest, key in self.texts if key}
        return sample(*self.texts[0][:2])


def sample(text, operation):
    if operation == "not equal":
        return text + "x"
    if operation != "pattern match":
        return text
    plain = re.sub(r"\\(.)", r"\1", text.strip("^$"))
    for tried in (plain, plain.split("|")[0].strip("^$"),
                  re.sub(r"\(?\.[*+]\??\)?", "x", plain),
                  re.sub(r"\[\^?.*?\][+*]?|\(\?\S\w+\)", "x", plain),
                  "true", "false", "1", "x", "/x", "https://x"):
        try:
            if re.search(text, tried):
                return tried
        except re.error:
            return plain
    return plain


def steps(path):
    """Keys, indexes, and None for "every element"."""
    found = []
    for key, index, quoted in re.findall(
            r"\.?([\w-]+)|\[(:|\d+)\]|\[['\"](.*?)['\"]", path.lstrip("$")):
        if index:
            found.append(None if index == ":" else int(index))
        else:
            found.append(key or quoted)
    return found


def put(document, path, leaves):
    """Puts values at a path; merges with what other rules put there."""
    if not path:
        return leaves[0] if leaves else document
    first, rest = path[0], path[1:]
    if isinstance(first, str):
        document = document if isinstance(document, dict) else {}
        made = put(document.get(first), rest, leaves)
        if made is not None or not rest:
            document[first] = made
        return document
    document = document if isinstance(document, list) else []
    count = len(leaves) if first is None else first + 1
    while len(document) < count:
        document.append(None)
    for i in range(count if first is None else 0):
        document[i] = put(document[i], rest, leaves[i:i + 1])
    if first is not None:
        document[first] = put(document[first], rest, leaves)
    if not rest and first is None:
        document[:] = leaves
    return document


def is_mixed(document, path):
    """Whether a list on the path has texts beside lists or objects."""
    at = [document]
    for step in [*path, None]:
        below = []
        for each in at:
            if isinstance(each, list):
                kinds = {type(one) if isinstance(one, (list, dict)) else str
                         for one in each}
                if len(kinds) > 1:
                    return True
                if step is None:
                    below += each
                elif isinstance(step, int) and step < len(each):
                    below.append(each[step])
            elif isinstance(each, dict) and step in each:
                below.append(each[step])
        at = below
    return False


def leaves_of(rule, kind, draw):
    right = rule.right()
    wrong = draw.choice(("nope", "false", "0", -5))
    if isinstance(right, dict):
        wrong = {key: "nope" for key in right}
    if kind == "right":
        return [right] * draw.choice((1, 1, 2))
    if kind == "wrong":
        return [wrong]
    if kind == "mixed":
        return draw.choice(([right, wrong], [wrong, right, right]))
    if kind == "odd":
        return [draw.choice(ODD)]
    return [draw.choice((right, wrong, [right], [wrong, right], right,
                         *ODD)) for _ in range(draw.randrange(4))]


def build(root, rules, kind, seed):
    """A dump of one kind for all rules; returns what is in each file."""
    draw = random.Random(seed)
    files = {}
    for rule in rules:
        files.setdefault(rule.file, None)
        if kind in ("none", "bare"):
            files[rule.file] = {"none": "absent", "bare": draw.choice(
                ({}, [], {"items": []}, None, "text", 1))}[kind]
            continue
        leaves = leaves_of(rule, kind, draw)
        # two rules of one file want different things: most get theirs
        files[rule.file] = put(files[rule.file], rule.steps, leaves)
        if rule.other:
            put(files[rule.file], rule.other, ["x"] * len(leaves))
    for name, document in files.items():
        file = root / ("kubernetes-api-resources" + name)
        file.parent.mkdir(parents=True, exist_ok=True)
        if document != "absent":
            file.write_text(support.json.dumps(document, indent=1) + "\n")
    (root / "kubernetes-api-resources/api").mkdir(parents=True, exist_ok=True)
    return files


def unplatformed(path, directory):
    """The datastream without its platforms: they ask the node."""
    out = directory / f"noplat-{path.name}"
    with open(path) as source, open(out, "w") as made:
        made.writelines(line for line in source
                        if "<xccdf-1.2:platform idref=" not in line)
    return out


def tailoring(directory, settings):
    value = "xccdf_org.ssgproject.content_value_"
    root = ET.Element(XCCDF + "Tailoring", id="xccdf_bare_tailoring_x")
    ET.SubElement(root, XCCDF + "version",
                  time="2020-01-01T00:00:00").text = "1"
    inner = ET.SubElement(root, XCCDF + "Profile",
                          id="xccdf_bare_profile_tailored")
    ET.SubElement(inner, XCCDF + "title").text = "x"
    for name, text in settings.items():
        ET.SubElement(inner, XCCDF + "set-value",
                      idref=value + name).text = text
    return root, inner


def evaluate(content, dump, rules, directory, settings=None):
    """{rule: verdict} of bare oscap for these rules."""
    results = directory / "results.xml"
    neutral = directory / "apt.conf"
    neutral.write_text('Dir::State::lists "/nonexistent";\n')
    root, inner = tailoring(directory, settings or {})
    for each in rules:
        ET.SubElement(inner, XCCDF + "select", idref=each, selected="true")
    ET.indent(root)  # oscap passes over what follows an empty element at once
    ET.ElementTree(root).write(directory / "tailoring.xml", encoding="utf-8")
    argv = ["oscap", "xccdf", "eval", "--skip-valid", "--results", results,
            "--tailoring-file", directory / "tailoring.xml",
            "--profile", "xccdf_bare_profile_tailored", content]
    env = {**os.environ, "OSCAP_PROBE_ROOT": str(dump),
           "APT_CONFIG": str(neutral)}
    for timeout in (120 * support.SLOW, 300 * support.SLOW):
        results.unlink(missing_ok=True)
        try:  # oscap is known to hang now and then
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, env=env,
                                  stdout=subprocess.DEVNULL, timeout=timeout,
                                  stderr=subprocess.PIPE, text=True)
            break
        except subprocess.TimeoutExpired:
            continue
    else:
        support.unavailable("service oscap hangs")
    assert done.returncode in (0, 2), done.stderr[-2000:]
    return {rule: found[0] for rule, found in verdicts(results).items()
            if found[0] != "notselected"}
