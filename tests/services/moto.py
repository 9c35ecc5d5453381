# SPDX-License-Identifier: Apache-2.0
"""A server that plays AWS on loopback: moto, of build/clouds, which
`./quickstart test` makes, or SCAN_ENGINE_TEST_CLOUDS (a venv with moto's
server, boto3 and c7n). With authentication on it verifies signatures as AWS
does, by botocore's own signer.

    with Moto(folder) as moto:
        moto.client("iam").create_user(UserName="joe")
        moto.environment(id, secret)     # for programs that ask it
"""
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from ports import free_port

SOURCE = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

# moto hashes the parameters of a GET in place of its empty body, so that it
# refuses every signature of a REST API with parameters, botocore's too.
LAUNCH = """
import sys
from moto.iam.access_control import IAMRequestBase
make = IAMRequestBase._create_aws_request
def request_of(self):
    if self._method in ("GET", "HEAD", "DELETE"):
        self._data = b""
    return make(self)
IAMRequestBase._create_aws_request = request_of
from moto.server import main
main(sys.argv[1:])
"""


def venv():
    """The folder with bin/moto_server, or None."""
    for each in (os.environ.get("SCAN_ENGINE_TEST_CLOUDS"),
                 SOURCE / "build/clouds"):
        if each and shutil.which(Path(each) / "bin/moto_server"):
            return Path(each)
    return None


class Moto:
    """One server; `seed` runs a program of boto3 on it before `signed` turns
    verification on."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "moto.log"
        self.process = None
        self.clock = self.folder / "moto.clock"

    def at(self, days):
        """Its clock is that many days off: things of the past can be made."""
        self.clock.write_text(f"{days:+d}d\n")

    def __enter__(self):
        self.at(0)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [venv() / "bin/python", "-c", LAUNCH, "-H", "127.0.0.1",
                 "-p", str(self.port)],
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder),
                     "PYTHONDONTWRITEBYTECODE": "1",
                     **({"LD_PRELOAD": FAKETIME, "FAKETIME_NO_CACHE": "1",
                         "FAKETIME_TIMESTAMP_FILE": str(self.clock)}
                        if os.path.exists(FAKETIME) else {}),
                     "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
                     "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        end = time.monotonic() + 120
        while True:
            try:
                self.post("reset")
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise RuntimeError(
                        f"moto did not start: {self.log.read_text()[-2000:]}")
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def post(self, what, text="", kind="text/plain"):
        request = urllib.request.Request(
            f"{self.url}/moto-api/{what}", text.encode(),
            {"Content-Type": kind}, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def signed(self):
        """From now on every request's signature and rights are checked."""
        self.post("reset-auth", "0")

    def unsigned(self):
        self.post("reset-auth", "999999999")

    def environment(self, key_id="test", secret="test", token=None,
                    region="us-east-1"):
        out = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret,
               "AWS_REGION": region, "AWS_DEFAULT_REGION": region,
               "AWS_ENDPOINT_URL": self.url,
               "AWS_EC2_METADATA_DISABLED": "true"}
        if token:
            out["AWS_SESSION_TOKEN"] = token
        return out

    def seed(self, program, *arguments):
        """Runs a program of boto3; what it prints is JSON."""
        result = subprocess.run(
            [venv() / "bin/python", program, *arguments],
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder),
                 "PYTHONDONTWRITEBYTECODE": "1", **self.environment()},
            capture_output=True, text=True, timeout=600, check=False)
        if result.returncode:
            raise RuntimeError(result.stderr[-4000:])
        return json.loads(result.stdout or "null")

    def calls(self):
        """How many requests were answered so far."""
        text = self.log.read_text(errors="replace")
        return len(re.findall(r'" \d{3} ', text)) - text.count("/moto-api/")
