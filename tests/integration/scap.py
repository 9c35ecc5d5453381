# SPDX-License-Identifier: Apache-2.0
"""What the tests of the oscap scanner share: SCAP content, a frozen chroot,
and verdicts of bare oscap to compare with."""
import collections
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import support
from oscap_equality import DICTIONARY, FORCED, FORCED_ID, XCCDF, verdicts

CPE = {"debian11": "cpe:/o:debian:debian_linux:11",
       "ubuntu2204": "cpe:/o:canonical:ubuntu_linux:22.04::~~lts~~~",
       "rhel8": "cpe:/o:redhat:enterprise_linux:8"}
BENCHMARK = {"debian11": "DEBIAN-11", "ubuntu2204": "UBUNTU_22-04",
             "rhel8": "RHEL-8"}
PROFILE = "xccdf_org.ssgproject.content_profile_"
RULE = "xccdf_org.ssgproject.content_rule_"
VALUE = "xccdf_org.ssgproject.content_value_"


def datastream(product):
    return support.need_content(f"ssg-{product}-ds.xml")


def chroot():
    """The frozen chroot, made when it is not there."""
    path = Path(os.environ.get("SCAN_ENGINE_TEST_CHROOT",
                               support.SOURCE / "build" / "chroot"))
    if not (path / ".frozen").exists():
        support.need_root("to make a chroot")
        made = subprocess.run(
            ["sh", support.SOURCE / "tests" / "services" / "chroot", path],
            capture_output=True, text=True)
        if made.returncode:
            support.unavailable(f"service chroot: {made.stderr[-500:]}")
    return path


def target(product, root=None, kind="chroot", **more):
    """A --target of which content for `product` believes to be that."""
    document = {"type": kind, "applicability": {"cpe": CPE[product]}, **more}
    if kind == "chroot":
        document["path"] = str(root or chroot())
    return json.dumps(document)


class Bare:
    """Bare oscap on a datastream as it is, its platform forced."""

    def __init__(self, directory):
        support.need_program("oscap", "openscap-scanner")
        self.directory = Path(directory)
        self.directory.mkdir(exist_ok=True)
        (self.directory / "forced-oval.xml").write_text(FORCED)
        self.known = {}

    def tailoring(self, profile, values):
        """A tailoring that sets values."""
        root = ET.Element(XCCDF + "Tailoring", id="xccdf_bare_tailoring_x")
        ET.SubElement(root, XCCDF + "version",
                      time="2020-01-01T00:00:00").text = "1"
        inner = ET.SubElement(root, XCCDF + "Profile",
                              id="xccdf_bare_profile_tailored")
        if profile:
            inner.set("extends", PROFILE + profile)
        ET.SubElement(inner, XCCDF + "title").text = "x"
        for name, value in values.items():
            ET.SubElement(inner, XCCDF + "set-value",
                          idref=VALUE + name).text = value
        path = self.directory / "tailoring.xml"
        ET.ElementTree(root).write(path, encoding="utf-8")
        return path

    def evaluate(self, product, profile, root=None, values=None):
        """{rule: verdict} for a profile; None: all rules."""
        key = (product, profile, str(root), str(values))
        if key in self.known:
            return self.known[key]
        (self.directory / "dictionary.xml").write_text(
            DICTIONARY % (self.platform(product), FORCED_ID))
        results = self.directory / "results.xml"
        results.unlink(missing_ok=True)
        argv = ["oscap", "xccdf", "eval", "--results", results,
                "--cpe", self.directory / "dictionary.xml"]
        if values:
            argv += ["--tailoring-file",
                     self.tailoring(profile, values),
                     "--profile", "xccdf_bare_profile_tailored"]
        else:
            argv += ["--profile", PROFILE + profile if profile else "(all)"]
        env = {**os.environ, "OSCAP_PROBE_ROOT": str(root or chroot())}
        for timeout in (120 * support.SLOW, 300 * support.SLOW):
            try:  # oscap is known to hang now and then
                done = subprocess.run(
                    [*argv, datastream(product)], stdin=subprocess.DEVNULL,
                    env=env, stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE, text=True, timeout=timeout)
                break
            except subprocess.TimeoutExpired:
                results.unlink(missing_ok=True)
        else:
            support.unavailable("service oscap hangs")
        assert done.returncode in (0, 2), done.stderr[-2000:]
        found = {}
        for rule, results in verdicts(results).items():
            assert len(results) == 1, (rule, results)
            found[rule] = results[0]
        self.known[key] = found
        return found

    def platform(self, product):
        for _, element in ET.iterparse(datastream(product)):
            if element.tag == XCCDF + "platform":
                return element.get("idref")
        raise AssertionError(f"{product} has no platform")


def counts(found):
    return collections.Counter(found.values())


def same(ours, theirs):
    """Fails with the rules whose verdicts differ."""
    wrong = {rule: (ours.get(rule), theirs.get(rule, "notselected"))
             for rule in set(ours) | set(theirs)
             if ours.get(rule) != theirs.get(rule, "notselected")}
    listed = "\n".join(f"{support.short(rule)}: ours {a}, oscap's {b}"
                       for rule, (a, b) in sorted(wrong.items()))
    assert not wrong, f"{len(wrong)} of {len(theirs)} differ\n{listed}"


def file_and_line(text, name):
    """The message names the file and a line of it."""
    return re.search(re.escape(name) + r":\d+", text)
