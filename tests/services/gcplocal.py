# SPDX-License-Identifier: Apache-2.0
"""A server that plays Google Cloud on loopback: gcplocal, of build/clouds,
which `./quickstart test` makes, or SCAN_ENGINE_TEST_CLOUDS (a venv with it).
It knows no credentials: gcp_fake.py stands in front of it."""
import json
import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import gcp_estate
import pytest
from ports import free_port

SOURCE = Path(__file__).resolve().parents[2]


def program():
    for each in (os.environ.get("SCAN_ENGINE_TEST_CLOUDS"),
                 SOURCE / "build/clouds"):
        found = each and shutil.which(Path(each) / "bin/gcplocal")
        if found:
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no gcplocal: see tests/stages.sh")
    return pytest.skip("no gcplocal: see tests/stages.sh")


class Gcplocal:
    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = Path(folder) / "gcplocal.log"
        self.process = None

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program(), "start", "--host", "127.0.0.1", "--port",
                 str(self.port)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while True:
            try:
                self.ask("GET", "/health")
                return self
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.__exit__()
                    pytest.fail("gcplocal: " + self.log.read_text()[-2000:])
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def seed(self, project, good):
        """What of gcp_estate.py it can hold, made by its own API."""
        def made(api, path):
            return gcp_estate.estate()[api, path]

        at = f"/compute/v1/projects/{project}/global"
        for each in made("compute", at[1:] + "/firewalls")["items"]:
            self.ask("POST", f"{at}/firewalls", each)
        for each in made("compute", at[1:] + "/networks")["items"]:
            self.ask("POST", f"{at}/networks", each)
            self.ask("PATCH", f"{at}/networks/{each['name']}", each)
        for each in made("sqladmin",
                         f"v1/projects/{project}/instances")["items"]:
            self.ask("POST", f"/sql/v1beta4/projects/{project}/instances",
                     each)
        self.ask("POST", f"/v1/projects/{project}:setIamPolicy", {
            "policy": made("cloudresourcemanager",
                           f"v1/projects/{project}:getIamPolicy")})
        for each in made("storage", "storage/v1/b?" + project)["items"]:
            name = each["name"]
            self.ask("POST", f"/storage/v1/b?project={project}", each)
            self.ask("PUT", f"/storage/v1/b/{name}/iam",
                     made("storage", f"storage/v1/b/{name}/iam"))
        at = f"/v1/projects/{project}/serviceAccounts"
        email = f"app@{project}.iam.gserviceaccount.com"
        self.ask("POST", at, {"accountId": "app"})
        if not good:
            self.ask("POST", f"{at}/{email}/keys", {})
