# SPDX-License-Identifier: Apache-2.0
"""Compiled content gives oscap's verdicts, and is schema-valid."""
import os
import subprocess
import sys

from support import need_program, unavailable

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(os.environ.get('SCAN_ENGINE_BUILD', '.'),
                    'tests/integration/oscap_content')
ZOO = os.path.join(HERE, '../fixtures/content/zoo-ds.xml')
EQUALITY = os.path.join(HERE, 'oscap_equality.py')

need_program('oscap', 'openscap-scanner')
if not os.path.exists(TOOL):
    unavailable('no oscap_content: built without oscap')


def equality(work, *arguments):
    done = subprocess.run(
        [sys.executable, EQUALITY, '--tool', TOOL, '--work', str(work),
         '--validate', *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=900, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_odd_content_gives_the_same_verdicts(tmp_path):
    said = equality(tmp_path, '--shards', '1', '4', '--', ZOO)
    assert 'all equal' in said


def test_overrides_reach_what_oval_compares_with(tmp_path):
    base = 'xccdf_org.example_profile_base'
    said = equality(tmp_path, '--shards', '1', '--profile', base,
                    '--set', 'number:9', '--set', 'word:a <tiger> & "friends"',
                    '--', ZOO)
    plain = equality(tmp_path, '--shards', '1', '--profile', base, '--', ZOO)
    assert 'pass 10' in said and 'pass 9' in plain
