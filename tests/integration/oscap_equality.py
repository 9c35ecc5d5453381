#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oscap_equality.py - are verdicts on compiled content those of oscap?

Evaluates a datastream as it is with plain oscap, its platform forced, and
what oscap_content compiles from it, in the same file system root; compares
the verdict of every rule, for every profile and for all rules, for each
number of shards.

  oscap_equality.py --tool ./oscap_content --root CHROOT --work DIR FILE...

Exit 0: all equal. 1: some differ (listed). 77: oscap is missing.
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

XCCDF = '{http://checklists.nist.gov/xccdf/1.2}'
DS = '{http://scap.nist.gov/schema/scap/source/1.2}'
OVAL = 'http://oval.mitre.org/XMLSchema/oval-definitions-5'

DICTIONARY = '''<?xml version="1.0"?>
<cpe-list xmlns="http://cpe.mitre.org/dictionary/2.0">
  <cpe-item name="%s">
    <title xml:lang="en-us">forced</title>
    <check system="''' + OVAL + '''" href="forced-oval.xml">%s</check>
  </cpe-item>
</cpe-list>
'''

FORCED_ID = 'oval:forced:def:1'
FORCED = '''<?xml version="1.0"?>
<oval_definitions xmlns="''' + OVAL + '''"
    xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5"
    xmlns:ind="''' + OVAL + '''#independent">
  <generator>
    <oval:schema_version>5.11</oval:schema_version>
    <oval:timestamp>2020-01-01T00:00:00</oval:timestamp>
  </generator>
  <definitions>
    <definition id="oval:forced:def:1" version="1" class="inventory">
      <metadata>
        <title>forced</title>
        <description>forced</description>
      </metadata>
      <criteria>
        <criterion comment="c" test_ref="oval:forced:tst:1"/>
      </criteria>
    </definition>
  </definitions>
  <tests>
    <ind:family_test id="oval:forced:tst:1" version="1" comment="c"
        check="all" check_existence="any_exist">
      <ind:object object_ref="oval:forced:obj:1"/>
    </ind:family_test>
  </tests>
  <objects>
    <ind:family_object id="oval:forced:obj:1" version="1"/>
  </objects>
</oval_definitions>
'''


def run(arguments, environment, timeout=1800):
    """(exit code, seconds, standard error), output dropped."""
    start = time.monotonic()
    done = subprocess.run(arguments, env=environment, timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, time.monotonic() - start, done.stderr


def verdicts(path):
    """rule id -> its verdicts, notselected left out."""
    found = collections.defaultdict(list)
    for _, element in ET.iterparse(path):
        if element.tag == XCCDF + 'rule-result':
            result = element.find(XCCDF + 'result').text
            if result != 'notselected':
                found[element.get('idref')].append(result)
    return {rule: sorted(results) for rule, results in found.items()}


class Content:
    """A datastream, imported, with its benchmark, profiles and platform."""

    def __init__(self, options, path):
        self.options = options
        self.path = path
        self.name = os.path.basename(path)
        self.work = os.path.join(options.work, self.name)
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        with open(os.path.join(self.work, 'dictionary.xml'), 'w',
                  encoding='utf-8') as file:
            root = ET.parse(path).getroot()
            benchmark = next(root.iter(XCCDF + 'Benchmark'))
            platform = benchmark.find(XCCDF + 'platform')
            self.cpe = None if platform is None else platform.get('idref')
            self.benchmark = benchmark.get('id')
            self.profiles = [profile.get('id') for profile in
                             benchmark.findall(XCCDF + 'Profile')]
            file.write(DICTIONARY % (self.cpe, FORCED_ID))
        with open(os.path.join(self.work, 'forced-oval.xml'), 'w',
                  encoding='utf-8') as file:
            file.write(FORCED)
        self.environment = dict(os.environ, OSCAP_PROBE_ROOT=options.root)
        if not options.root:
            self.environment.pop('OSCAP_PROBE_ROOT')
        if options.plain_apt_config:
            self.environment['APT_CONFIG'] = options.plain_apt_config
        subprocess.run([options.tool, 'import', path, self.work], check=True)

    def original(self, profile, sets):
        """Verdicts of plain oscap on the file as it is."""
        results = os.path.join(self.work, 'original.xml')
        if os.path.exists(results):
            os.unlink(results)
        arguments = ['oscap', 'xccdf', 'eval', '--results', results]
        if self.cpe:
            arguments += ['--cpe', os.path.join(self.work, 'dictionary.xml')]
        if sets:
            arguments += ['--tailoring-file', self.tailoring(profile, sets)]
            profile = 'xccdf_equality_profile_tailored'
        arguments += ['--profile', profile, self.path]
        code, seconds, errors = run(arguments, self.environment)
        if code not in (0, 2):
            raise RuntimeError(f'oscap failed on {self.name}: {errors}')
        return verdicts(results), seconds

    def tailoring(self, profile, sets):
        """A tailoring that sets values for plain oscap."""
        path = os.path.join(self.work, 'equality-tailoring.xml')
        prefix = re.sub('_benchmark_.*', '_value_', self.benchmark)
        root = ET.Element(XCCDF + 'Tailoring',
                          id='xccdf_equality_tailoring_x')
        ET.SubElement(root, XCCDF + 'version',
                      time='2020-01-01T00:00:00').text = '1'
        inner = ET.SubElement(root, XCCDF + 'Profile',
                              id='xccdf_equality_profile_tailored')
        inner.set('extends', profile)
        ET.SubElement(inner, XCCDF + 'title').text = 'x'
        for pair in sets:
            name, _, value = pair.partition(':')
            ET.SubElement(inner, XCCDF + 'set-value',
                          idref=prefix + name).text = value
        ET.ElementTree(root).write(path, encoding='utf-8')
        return path

    def compile(self, profile, shards, sets, validate):
        """Paths of the compiled parts: (datastream, tailoring, profile)."""
        out = os.path.join(self.work, f'out-{shards}')
        shutil.rmtree(out, ignore_errors=True)
        arguments = [self.options.tool, 'compile', self.work, self.benchmark,
                     out, f'shards={shards}']
        if self.cpe:
            arguments.append('cpe=' + self.cpe)
        if profile != '(all)':
            arguments.append('profile=' + profile)
        arguments += ['set=' + pair for pair in sets]
        done = subprocess.run(arguments, check=True, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        parts = [line.split('\t')[1:] for line in done.stdout.splitlines()]
        for datastream, tailoring, _ in parts if validate else []:
            subprocess.run(['oscap', 'ds', 'sds-validate', datastream],
                           check=True)
            if tailoring != '-':
                subprocess.run(['oscap', 'xccdf', 'validate',
                                '--skip-schematron', tailoring], check=True)
        return parts

    def compiled(self, parts, trick):
        """Verdicts of the parts together, run side by side."""
        environment = dict(self.environment)
        if trick:
            environment['APT_CONFIG'] = trick

        def part(number, datastream, tailoring, profile):
            results = os.path.join(self.work, f'part-{number}.xml')
            if os.path.exists(results):
                os.unlink(results)
            arguments = ['oscap', 'xccdf', 'eval', '--skip-valid',
                         '--results', results, '--profile', profile]
            if tailoring != '-':
                arguments += ['--tailoring-file', tailoring]
            code, _, errors = run(arguments + [datastream], environment)
            if code not in (0, 2):
                raise RuntimeError(f'oscap failed on {datastream}: {errors}')
            return verdicts(results)

        start = time.monotonic()
        found = {}
        with ThreadPoolExecutor(max_workers=2) as pool:
            for one in pool.map(lambda at: part(at[0], *at[1]),
                                enumerate(parts)):
                found.update(one)
        return found, time.monotonic() - start


def differences(expected, got):
    """Lines that say where two sets of verdicts differ."""
    return [f'    {rule}: oscap {expected.get(rule)}, '
            f'compiled {got.get(rule)}'
            for rule in sorted(set(expected) | set(got))
            if expected.get(rule) != got.get(rule)]


def compare(content, profile, sets, options):
    """Prints one line per number of shards; how many verdicts differ."""
    expected, seconds = content.original(profile, sets)
    kinds = collections.Counter(result for results in expected.values()
                                for result in results)
    counts = ' '.join(f'{kind} {n}' for kind, n in sorted(kinds.items()))
    print(f'{content.name} {profile}: oscap {seconds:.2f} s, {counts}')
    bad = 0
    for shards in options.shards:
        parts = content.compile(profile, shards, sets, options.validate)
        got, took = content.compiled(parts, options.apt_config)
        wrong = differences(expected, got)
        bad += len(wrong)
        print(f'  {shards} shards ({len(parts)} used): {took:.2f} s, '
              f'{len(wrong)} of {len(expected)} differ')
        print('\n'.join(wrong[:20]), end='\n' if wrong else '')
        sys.stdout.flush()
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--tool', required=True)
    parser.add_argument('--root', default='', help='OSCAP_PROBE_ROOT')
    parser.add_argument('--work', required=True)
    parser.add_argument('--profile', action='append',
                        help='only these; "(all)" is every rule')
    parser.add_argument('--set', action='append', default=[],
                        help='VALUE:TEXT, on both sides')
    parser.add_argument('--shards', type=int, nargs='+', default=[1, 2, 4])
    parser.add_argument('--apt-config', help='APT_CONFIG for our side')
    parser.add_argument('--plain-apt-config', help='APT_CONFIG for oscap')
    parser.add_argument('--validate', action='store_true')
    parser.add_argument('files', nargs='+')
    options = parser.parse_args()
    options.tool = os.path.abspath(options.tool)
    options.work = os.path.abspath(options.work)
    if not shutil.which('oscap'):
        print('oscap is not installed')
        return 77
    bad = 0
    for path in options.files:
        content = Content(options, path)
        for profile in options.profile or content.profiles + ['(all)']:
            bad += compare(content, profile, options.set, options)
    print('all equal' if not bad else f'{bad} verdicts differ')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
