# SPDX-License-Identifier: Apache-2.0
"""Prints pytest's results as TAP, on descriptor 3."""
import os


def reason(report):
    """Why it was skipped."""
    said = report.longrepr[2] if isinstance(
        report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")


class Tap:
    def __init__(self, out):
        self.number = 0
        self.out = out

    def say(self, line):
        print(line, file=self.out, flush=True)

    def result(self, good, name, note="", text=""):
        self.number += 1
        word = "ok" if good else "not ok"
        self.say(f"{word} {self.number} - {name.replace('#', '')}{note}")
        for line in text.splitlines():
            self.say(f"# {line}")

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::", 1)[-1]
        if report.skipped and hasattr(report, "wasxfail"):
            self.result(False, name, f" # TODO {report.wasxfail}")
        elif report.skipped:
            self.result(True, name, f" # SKIP {reason(report)}")
        elif report.when == "call" or report.failed:
            text = ""
            if report.failed:
                text = report.longreprtext
                for title, section in report.sections:
                    text += f"\n--- {title}\n{section}"
            self.result(report.passed, f"{name}"
                        + ("" if report.when == "call"
                           else f" ({report.when})"), text=text)

    def pytest_collectreport(self, report):
        if report.failed:
            self.result(False, report.nodeid or "collection",
                        text=report.longreprtext)
        elif report.skipped:
            self.result(True, report.nodeid, f" # SKIP {reason(report)}")

    def pytest_internalerror(self, excrepr):
        self.result(False, "pytest itself", text=str(excrepr))

    def pytest_sessionfinish(self):
        note = "" if self.number else " # SKIP no tests"
        self.say(f"1..{self.number}{note}")


def pytest_configure(config):
    # Standard output belongs to pytest's own report, which nobody reads.
    os.set_inheritable(3, False)
    config.pluginmanager.register(Tap(os.fdopen(3, "w")), "scan-engine-tap")
