# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for the Kubernetes servers of the tests."""
import shutil
import subprocess
from pathlib import Path

# Server certificates are for these; "kubernetes.test" is for tls-server-name.
NAMES = "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.test"


class Unavailable(Exception):
    """Why a service cannot be started here."""


def openssl(*arguments):
    program = shutil.which("openssl")
    if not program:
        raise Unavailable("no openssl: install openssl")
    done = subprocess.run([program, *map(str, arguments)],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode:
        raise Unavailable(f"openssl {arguments[0]}: {done.stderr[-500:]}")


class Authority:
    """Everything is in `folder`, as NAME.crt and NAME.key; its own are ca.*"""

    def __init__(self, folder, name="ca"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.crt, self.key = self.path(f"{name}.crt"), self.path(f"{name}.key")
        openssl("req", "-x509", *self.new_key(self.key), "-out", self.crt,
                "-subj", f"/CN=tests of scan-engine: {name}", "-days", "30")

    def path(self, name):
        return self.folder / name

    @staticmethod
    def new_key(path):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", path)

    def issue(self, name, subject, extensions, days=30):
        """A pair of paths: certificate and key. Expired if days < 0."""
        crt, key = self.path(f"{name}.crt"), self.path(f"{name}.key")
        request, settings = self.path(f"{name}.csr"), self.path(f"{name}.ext")
        settings.write_text(extensions)
        openssl("req", "-new", *self.new_key(key), "-out", request, "-subj",
                subject)
        openssl("x509", "-req", "-in", request, "-CA", self.crt, "-CAkey",
                self.key, "-CAcreateserial", "-days", days, "-extfile",
                settings, "-out", crt)
        request.unlink()
        settings.unlink()
        return crt, key

    def server(self, name="server", names=NAMES, days=30):
        return self.issue(name, "/CN=kube-apiserver",
                          "extendedKeyUsage=serverAuth\n"
                          f"subjectAltName={names}\n", days)

    def client(self, name, user, group=None):
        organization = f"/O={group}" if group else ""
        return self.issue(name, f"{organization}/CN={user}",
                          "extendedKeyUsage=clientAuth\n")
