# SPDX-License-Identifier: Apache-2.0
"""Azure Resource Manager on loopback as Microsoft's own server-side fakes play
it: the program of tests/services/azure_sdk, of build/clouds, which
`./quickstart test` makes, or SCAN_ENGINE_TEST_CLOUDS."""
import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
from azure_fake import CLIENT, SECRET

SOURCE = Path(__file__).resolve().parents[2]
TENANT = "33333333-cccc-4333-8333-333333333333"
GOOD = "11111111-aaaa-4111-8111-111111111111"
BAD = "22222222-bbbb-4222-8222-222222222222"


def program():
    for each in (os.environ.get("SCAN_ENGINE_TEST_CLOUDS"),
                 SOURCE / "build/clouds"):
        found = each and shutil.which(Path(each) / "bin/azure_sdk")
        if found:
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no azure_sdk: see tests/stages.sh")
    return pytest.skip("no azure_sdk: see tests/stages.sh")


class AzureSdk:
    def __init__(self, folder):
        self.log = Path(folder) / "azure_sdk.log"
        self.process = self.url = None

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program(), CLIENT, TENANT], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True,
                env={"AZURE_SDK_SECRET": SECRET})
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            self.__exit__()
            pytest.fail(self.refusals())
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def refusals(self):
        """What it refused and why, a line each."""
        return self.log.read_text()

    def unasked(self):
        """Paths that Microsoft's clients ask for and nobody did."""
        with urllib.request.urlopen(self.url + "/-/unasked") as answer:
            return json.load(answer)

    def target(self, **more):
        endpoints = {"resource_manager": self.url, "authority": self.url,
                     "graph": self.url}
        return {"type": "azure_subscription", "tenant": TENANT,
                "endpoints": endpoints, **more}
