# SPDX-License-Identifier: Apache-2.0
"""Rules of one's own for oscap: with OVAL in them, good and bad together."""
from support import Engine, need_program, unavailable, module

OVAL = "http://oval.mitre.org/XMLSchema/oval-definitions-5"


def oval(found):
    """A definition that is true when this system is `found`."""
    return f"""<oval_definitions xmlns="{OVAL}" xmlns:i="{OVAL}#independent">
<generator><schema_version
 xmlns="http://oval.mitre.org/XMLSchema/oval-common-5">5.11</schema_version>
<timestamp xmlns="http://oval.mitre.org/XMLSchema/oval-common-5"
>2024-01-01T00:00:00</timestamp></generator>
<definitions><definition id="oval:own:def:1" version="1" class="compliance">
<metadata><title>t</title><description>d</description></metadata>
<criteria><criterion test_ref="oval:own:tst:1"/></criteria></definition>
</definitions>
<tests><i:family_test id="oval:own:tst:1" version="1" comment="c" check="all">
<i:object object_ref="oval:own:obj:1"/><i:state state_ref="oval:own:ste:1"/>
</i:family_test></tests>
<objects><i:family_object id="oval:own:obj:1" version="1"/></objects>
<states><i:family_state id="oval:own:ste:1" version="1">
<i:family>{found}</i:family></i:family_state></states>
</oval_definitions>"""


def rule(rule_id, content):
    return {"rule_id": rule_id, "title": rule_id, "severity": "low",
            "check_content": {"oval": {"definition": "oval:own:def:1",
                                       "content": content}}}


def test_bad_oval_of_one_rule_does_not_spoil_the_others(tmp_path):
    need_program("oscap", "openscap-scanner")
    if not module("oscap").exists():
        unavailable("built without oscap")
    engine = Engine(tmp_path, plugins=("oscap",))
    engine.import_rules([rule("good", oval("unix")), rule("bad", "<bad/>"),
                         rule("failing", oval("windows"))])
    scan = engine.scan(code=2)
    assert scan.statuses() == {"good": "pass", "failing": "fail",
                               "bad": "error"}
    assert "oval_definitions" in scan.by_rule()["bad"]["message"]
