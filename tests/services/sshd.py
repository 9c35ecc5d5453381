#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sshd.py start|stop DIRECTORY: an OpenSSH server of its own on loopback.

Everything of it is in DIRECTORY: host key, the user's key (id), known_hosts,
configuration, log, pid. It lets in the user that started it, with that key
only. What runs in its sessions has the variable SCAN_ENGINE_SSHD=DIRECTORY and
a TMPDIR of its own, so that leftovers can be told.
"""
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ports import free_port

CONFIG = """ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers {user}
SetEnv SCAN_ENGINE_SSHD={folder} TMPDIR={folder}/tmp
Subsystem sftp internal-sftp
MaxStartups 100
LogLevel VERBOSE
"""


class Unavailable(Exception):
    pass


class Sshd:
    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.user = getpass.getuser()
        self.key = self.folder / "id"
        self.known_hosts = self.folder / "known_hosts"
        self.port = None

    def keygen(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                        name, "-f", self.folder / name], check=True)
        return (self.folder / f"{name}.pub").read_text()

    def prepare(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        host = self.keygen("host_key")
        (self.folder / "authorized_keys").write_text(self.keygen("id"))
        self.port = free_port()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {host}")
        (self.folder / "config").write_text(CONFIG.format(
            port=self.port, folder=self.folder, user=self.user))

    def start(self):
        program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:"
                               + os.environ.get("PATH", ""))
        if not program or not shutil.which("ssh-keygen"):
            raise Unavailable("no sshd: install openssh-server")
        if os.geteuid() == 0:  # for privilege separation
            os.makedirs("/run/sshd", exist_ok=True)
        self.prepare()
        started = subprocess.run(
            [program, "-f", self.folder / "config", "-E",
             self.folder / "log"], capture_output=True, text=True)
        if started.returncode:
            raise Unavailable(f"sshd does not start: {started.stderr} "
                              + self.log()[-500:])
        for _ in range(3000):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self.check()
            except OSError:
                time.sleep(0.02)
        raise Unavailable(f"sshd does not answer: {self.log()[-500:]}")

    def check(self):
        """Whether this user may log in at all: some have no shell."""
        tried = subprocess.run(
            ["ssh", "-T", "-F", "none", "-p", str(self.port), "-i", self.key,
             "-oBatchMode=yes", "-oIdentitiesOnly=yes",
             f"-oUserKnownHostsFile={self.known_hosts}",
             f"{self.user}@127.0.0.1", "true"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60)
        if tried.returncode:
            raise Unavailable(f"sshd does not let {self.user} in: "
                              f"{tried.stderr[-300:]}")
        return self

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def sessions(self):
        """Processes that were started in its sessions."""
        mark = f"SCAN_ENGINE_SSHD={self.folder}".encode()
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if mark in Path(f"/proc/{entry}/environ").read_bytes().split(
                        b"\0"):
                    found.append(int(entry))
            except OSError:
                continue
        return found

    def stop(self):
        try:
            pid = int((self.folder / "pid").read_text())
        except (OSError, ValueError):
            return
        try:
            if b"sshd" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGTERM)
        except OSError:
            pass
        for pid in self.sessions():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass

    __enter__ = start

    def __exit__(self, *_):
        self.stop()


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit(__doc__)
    sshd = Sshd(sys.argv[2])
    if sys.argv[1] == "stop":
        sshd.stop()
        return
    try:
        sshd.start()
    except Unavailable as why:
        sys.exit(f"sshd.py: {why}")
    print(sshd.port)


if __name__ == "__main__":
    main()
