# SPDX-License-Identifier: Apache-2.0
"""The program tests/unit/aws_wire: the aws plugin's requests and answers."""
import json
import subprocess

from support import BUILD, unavailable

WIRE = BUILD / "tests/unit/aws_wire"
MODEL = BUILD / "plugins/aws/model"


def wire(lines, model=MODEL):
    """An answer per line; aws_wire.c says what they are."""
    if not WIRE.exists():
        unavailable("tests/unit/aws_wire: configure without --disable-aws, "
                    "and make check")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run = subprocess.run([str(WIRE), str(model)], input=text, text=True,
                         stdout=subprocess.PIPE, check=True, timeout=600)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(lines)
    return answers
