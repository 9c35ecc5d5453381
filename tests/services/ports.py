#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ports for servers that must be told one. The kernel never gives these to who
asks for any: so no other test gets it before the server listens on it, nor
while the server is stopped that will be started on it again. Run as a program
it prints one."""
import random
import socket
from pathlib import Path

LEAST, USUAL = 10240, 32768  # USUAL: where the kernel's begin


def free_port():
    try:
        most = int(Path("/proc/sys/net/ipv4/ip_local_port_range")
                   .read_text().split()[0])
    except OSError:
        most = USUAL
    chance = random.SystemRandom()
    for _ in range(200 if most > LEAST + 1000 else 0):
        with socket.socket() as probe:
            port = chance.randrange(LEAST, most)
            # as servers do: what is left of closed connections is no hindrance
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    print(free_port())
