#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kube_server.py DIRECTORY: runs DIRECTORY/bin/kube-apiserver over
DIRECTORY/bin/etcd on loopback; see tests/services/kubernetes, which makes them.

Prints the folder that has everything of this one server, serves until standard
input ends, and removes the folder then:

  server         the URL; etcd has that of etcd, which asks nobody who they are
  pki/           ca.crt, admin.crt, admin.key and more
  NAME.yaml      kubeconfigs; see kubeconfigs() for what each one is
  NAME.token     of the users that kube_access.py describes
  serviceaccount/  what a pod would find of the service account scanner
  exec-plugin, exec-runs  the credential plugin; one line for each of its runs

Nothing runs here but the API server: no pods start, no controllers control.
"""
import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kube_access import (EVERYTHING, USERS, account, account_token,
                         give_access, grant, user)
from kube_client import Client
from kube_objects import named
from kube_tls import Authority, Unavailable
from ports import free_port

START_SECONDS = 120

EXEC_PLUGIN = """#!/bin/sh
# exec-plugin VERSION token|certificate|nothing|failure|hang
here=$(dirname "$0")
printf '%s %s %s\\n' "$1" "$2" "$KUBERNETES_EXEC_INFO" >>"$here/exec-runs"
api=client.authentication.k8s.io/$1
pem() { awk '{ printf "%s\\\\n", $0 }' "$here/pki/$1"; }
case $2 in
token) status='"token": "'$(cat "$here/reader.token")'"' ;;
certificate)
    status='"clientCertificateData": "'$(pem admin.crt)'",
        "clientKeyData": "'$(pem admin.key)'"' ;;
nothing) status= ;;
failure)
    echo "the plugin has no credentials" >&2
    exit 7 ;;
hang) exec sleep 600 ;;
esac
test -z "$EXEC_EXPIRES" ||
    status="$status, \\"expirationTimestamp\\": \\"$EXEC_EXPIRES\\""
printf '{"kind": "ExecCredential", "apiVersion": "%s", "status": {%s}}' \\
    "$api" "$status"
"""


def encoded(path):
    return base64.b64encode(Path(path).read_bytes()).decode()


def kubeconfig(path, server, cluster="", user="", namespace=None):
    """One cluster, user and context named `test`; the rest is YAML lines."""
    def lines(text):
        return "".join(f"    {line}\n" for line in text.splitlines())
    empty = "" if user else " {}"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
        "preferences: {}\nclusters:\n- name: test\n  cluster:\n"
        f"    server: {server}\n{lines(cluster)}"
        f"users:\n- name: test\n  user:{empty}\n{lines(user)}"
        "contexts:\n- name: test\n  context:\n    cluster: test\n"
        "    user: test\n"
        + (f"    namespace: {namespace}\n" if namespace else ""))
    path.chmod(0o600)
    return path


def exec_user(version, what, more=""):
    return (f"exec:\n  apiVersion: client.authentication.k8s.io/{version}\n"
            "  interactiveMode: Never\n"
            f"  command: ./exec-plugin\n  args: [{version}, {what}]\n{more}")


class Server:
    def __init__(self, directory):
        self.programs = Path(directory) / "bin"
        self.folder = Path(tempfile.mkdtemp(prefix="kubernetes-"))
        self.processes = []
        self.url = self.etcd = None

    def path(self, name):
        return self.folder / name

    # ---- what it is made of --------------------------------------------------

    def prepare(self):
        pki = Authority(self.path("pki"))
        pki.server()
        pki.client("admin", "admin", "system:masters")
        pki.client("reader", "reader")
        pki.client("service-accounts", "unused")
        Authority(self.path("other-pki"), "other-ca")
        rows = []
        for name in USERS:
            token = secrets.token_hex(20)
            self.path(f"{name}.token").write_text(token)
            rows.append(f"{token},{name},{name}-uid\n")
        self.path("tokens.csv").write_text("".join(rows))
        plugin = self.path("exec-plugin")
        plugin.write_text(EXEC_PLUGIN)
        plugin.chmod(0o700)
        self.path("exec-runs").touch()

    def kubeconfigs(self):
        ca = f"certificate-authority-data: {encoded(self.path('pki/ca.crt'))}"
        tokens = {name: self.path(f"{name}.token").read_text()
                  for name in USERS}
        port = self.url.rsplit(":", 1)[1]

        def put(name, cluster, user, server=self.url, **more):
            kubeconfig(self.path(f"{name}.yaml"), server, cluster, user, **more)
        token = f"token: {tokens['reader']}"
        put("admin", ca, "client-certificate-data: "
            f"{encoded(self.path('pki/admin.crt'))}\n"
            f"client-key-data: {encoded(self.path('pki/admin.key'))}")
        # relative to the file
        put("admin-files", "certificate-authority: pki/ca.crt",
            "client-certificate: pki/admin.crt\nclient-key: pki/admin.key")
        put("reader-certificate", ca, "client-certificate: pki/reader.crt\n"
            "client-key: pki/reader.key")
        for name in USERS:
            put(name, ca, f"token: {tokens[name]}")
        put("token-file", ca, "tokenFile: reader.token")
        put("anonymous", ca, "")
        put("bad-token", ca, "token: not-a-token-of-anybody")
        # must not get through
        put("wrong-ca", "certificate-authority: other-pki/other-ca.crt", token)
        put("no-ca", "", token)
        put("wrong-name", f"{ca}\ntls-server-name: elsewhere.test", token)
        # must
        put("insecure", "insecure-skip-tls-verify: true", token)
        put("server-name", f"{ca}\ntls-server-name: kubernetes.test", token)
        put("by-name", ca, token, f"https://localhost:{port}")
        put("in-namespace", ca, token, namespace="open")
        for version in ("v1", "v1beta1"):
            put(f"exec-{version}", ca, exec_user(version, "token"))
        put("exec-certificate", ca, exec_user("v1", "certificate"))
        put("exec-cluster-info", ca, exec_user(
            "v1", "token", "  provideClusterInfo: true"))
        for what in ("nothing", "failure", "hang"):
            put(f"exec-{what}", ca, exec_user("v1", what))
        put("exec-missing", ca, exec_user("v1", "token").replace(
            "./exec-plugin", "./no-such-plugin"))
        self.contexts(ca, tokens)

    def contexts(self, ca, tokens):
        """One file with a context for each user; the current is restricted."""
        text = ("apiVersion: v1\nkind: Config\ncurrent-context: restricted\n"
                f"clusters:\n- name: test\n  cluster:\n    server: {self.url}\n"
                f"    {ca}\nusers:\n")
        for name in USERS:
            text += (f"- name: user-{name}\n  user:\n"
                     f"    token: {tokens[name]}\n")
        text += "contexts:\n"
        for name in USERS:
            text += (f"- name: {name}\n  context:\n    cluster: test\n"
                     f"    user: user-{name}\n    namespace: open\n")
        self.path("contexts.yaml").write_text(text)
        self.path("contexts.yaml").chmod(0o600)

    # ---- running -------------------------------------------------------------

    def spawn(self, name, *arguments):
        program = self.programs / name
        if not os.access(program, os.X_OK):
            raise Unavailable(f"no {program}")
        with open(self.path(f"{name}.log"), "ab") as log:
            # They end with this process, however it ends.
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder)
        self.processes.append(process)
        return process

    def wait_for(self, name, process, ready):
        end = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                log = self.path(f"{name}.log").read_text(errors="replace")
                raise Unavailable(f"{name} does not start: {log[-1500:]}")
            time.sleep(0.1)

    def start_etcd(self):
        self.etcd = f"http://127.0.0.1:{free_port()}"
        peer = f"http://127.0.0.1:{free_port()}"
        shutil.rmtree(self.path("etcd"), ignore_errors=True)
        process = self.spawn(
            "etcd", "--name=test", "--data-dir=etcd",
            f"--listen-client-urls={self.etcd}",
            f"--advertise-client-urls={self.etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=test={peer}", "--unsafe-no-fsync",
            "--quota-backend-bytes=6000000000", "--log-level=warn",
            "--logger=zap")
        self.wait_for("etcd", process, lambda: self.answers(
            Client(self.etcd, timeout=5), "/health"))

    def start_apiserver(self):
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        process = self.spawn(
            "kube-apiserver", f"--etcd-servers={self.etcd}",
            "--bind-address=127.0.0.1", f"--secure-port={port}",
            "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--tls-cert-file=pki/server.crt",
            "--tls-private-key-file=pki/server.key",
            "--client-ca-file=pki/ca.crt", "--token-auth-file=tokens.csv",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=pki/service-accounts.crt",
            "--service-account-signing-key-file=pki/service-accounts.key",
            # no controller makes the service accounts that pods name
            "--disable-admission-plugins=ServiceAccount",
            "--allow-privileged=true", "--profiling=false")
        self.wait_for("kube-apiserver", process, lambda: self.answers(
            self.admin(5), "/readyz"))

    @staticmethod
    def answers(client, path):
        try:
            return client.ask("GET", path).status == 200
        except OSError:
            return False
        finally:
            client.close()

    def admin(self, timeout=60):
        return Client(self.url, self.path("pki/ca.crt"),
                      (self.path("pki/admin.crt"), self.path("pki/admin.key")),
                      timeout=timeout)

    def prepare_users(self):
        admin = self.admin()
        for name in ("open", "closed", "scan-engine"):
            admin.create("/api/v1/namespaces", named("v1", "Namespace", name))
        give_access(admin, "open", "test", user)
        token = account_token(admin, "scan-engine", "scanner")
        grant(admin, "test-scanner", account("scanner", "scan-engine"),
              EVERYTHING)
        mounted = self.path("serviceaccount")
        mounted.mkdir()
        (mounted / "token").write_text(token)
        (mounted / "namespace").write_text("scan-engine")
        shutil.copy(self.path("pki/ca.crt"), mounted / "ca.crt")
        admin.close()

    @staticmethod
    def on_free_ports(start):
        """Somebody else may have taken a port that was free."""
        for _ in range(3):
            try:
                return start()
            except Unavailable as why:
                if "address already in use" not in str(why):
                    raise
        return start()

    def start(self):
        self.prepare()
        self.on_free_ports(self.start_etcd)
        self.on_free_ports(self.start_apiserver)
        self.path("server").write_text(self.url)
        self.path("etcd-server").write_text(self.etcd)
        self.kubeconfigs()
        self.prepare_users()
        return self

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for_end():
    """Returns when standard input ends."""
    try:
        while os.read(0, 65536):
            pass
    except OSError:
        pass


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server = Server(sys.argv[1])
    try:
        server.start()
        print(server.folder, flush=True)
        wait_for_end()
    except Unavailable as why:
        sys.exit(f"kubernetes: {why}")
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


if __name__ == "__main__":
    main()
