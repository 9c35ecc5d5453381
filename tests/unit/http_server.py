#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""http_server.py FOLDER: an HTTP server on loopback which does what a test
asks for by the path, well or badly. Makes a CA and certificates in FOLDER,
prints its ports (plain, TLS, TLS with client certificate, proxy) in one line,
and ends when its standard input does."""

import gzip
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from email.utils import formatdate
from urllib.parse import unquote

EXTENSIONS = """[server]
subjectAltName=DNS:server.test,IP:127.0.0.1
[client]
extendedKeyUsage=clientAuth
"""


def make_certificates(folder):
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def path(name):
        return os.path.join(folder, name)

    with open(path("extensions"), "w") as file:
        file.write(EXTENSIONS)
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=test " + name, "-keyout", name + ".key", "-out",
                name + ".pem")
    for name in ("server", "client"):
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=test " + name, "-keyout", name + ".key", "-out",
                name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem",
                "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "extensions", "-extensions", name, "-out",
                name + ".pem")


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = {}
        self.seen = {}
        self.times = {}

    def add(self, name, number=1):
        with self.lock:
            value = self.values.get(name, 0) + number
            self.values[name] = value
            if value > self.values.get("most_" + name, 0):
                self.values["most_" + name] = value
            return value

    def nth(self, path):
        """How often this path was asked before."""
        with self.lock:
            before = self.seen.get(path, 0)
            self.seen[path] = before + 1
            self.times.setdefault(path, []).append(time.monotonic())
            return before

    def text(self):
        with self.lock:
            return "".join("%s=%d\n" % item
                           for item in sorted(self.values.items()))

    def gaps(self, path):
        """Milliseconds between the requests for a path."""
        with self.lock:
            times = self.times.get(path, [])
        return " ".join(str(int((b - a) * 1000))
                        for a, b in zip(times, times[1:]))


counts = Counts()


class Request:
    def __init__(self, method, target, headers, body, secure):
        self.method, self.target = method, target
        self.path = target.split("?")[0]
        self.headers, self.body, self.secure = headers, body, secure

    def header(self, name):
        return self.headers.get(name.lower(), "")


def read_request(stream, secure):
    line = stream.readline(65536)
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(None, 2)
    headers = {}
    while True:
        line = stream.readline(65536)
        if line in (b"\r\n", b"\n", b""):
            break
        name, value = line.decode("latin-1").split(":", 1)
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    return Request(method, target, headers, stream.read(length), secure)


def head(status, headers, length=None):
    lines = ["HTTP/1.1 %d Some words" % status]
    if length is not None:
        lines.append("Content-Length: %d" % length)
    lines += headers
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(send, status, body=b"", *headers):
    if isinstance(body, str):
        body = body.encode()
    send(head(status, ["Content-Type: text/plain", *headers], len(body)) + body)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def zeros(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join(out) + packer.flush()


# --- what a path does; a true result ends the connection ----------------------

def do_hello(request, send, *args):
    answer(send, 200, "hello")


def do_close(request, send, *args):
    answer(send, 200, "goodbye", "Connection: close")
    return True


def do_counts(request, send, *args):
    answer(send, 200, counts.text())


def do_gaps(request, send, *args):
    answer(send, 200, counts.gaps("/" + "/".join(args)))


def do_status(request, send, code, *rest):
    answer(send, int(code), "status " + code, *(["Retry-After: " + rest[0]]
                                                if rest else []))


def do_answer(request, send, code, text=""):
    """CODE and a body, which is given in the path."""
    answer(send, int(code), unquote(text))


def do_flaky(request, send, times, code, *rest):
    """The first TIMES answers are CODE, with a Retry-After if there is one."""
    if counts.nth(request.path) >= int(times):
        return answer(send, 200, "at last")
    headers = []
    if rest and rest[0] == "date":
        headers = ["Retry-After: " + formatdate(time.time() + 2, usegmt=True)]
    elif rest:
        headers = ["Retry-After: " + rest[0]]
    answer(send, int(code), "not yet", *headers)


def do_slow(request, send, milliseconds, *rest):
    counts.add("parallel")
    time.sleep(int(milliseconds) / 1000)
    counts.add("parallel", -1)
    answer(send, 200, "slow")


def do_auth(request, send, *args):
    counts.nth(request.path)
    counts.add("asked")
    if request.header("authorization") == "Bearer fresh":
        answer(send, 200, "welcome")
    else:
        answer(send, 401, "who are you?", "WWW-Authenticate: Bearer realm=x")


def do_stall(request, send, *args):
    if args and counts.nth(request.path) >= int(args[0]):
        return answer(send, 200, "awake")
    send(head(200, [], 1000) + b"some")
    time.sleep(60)
    return True


def do_silent(request, send, *args):
    time.sleep(60)
    return True


def do_cut(request, send, *args):
    if args and counts.nth(request.path) >= int(args[0]):
        return answer(send, 200, "whole")
    send(head(200, [], 1000) + b"some")
    return True


def do_drop(request, send, *args):
    """The first connections are closed without an answer."""
    if counts.nth(request.path) >= int(args[0]):
        return answer(send, 200, "kept")
    return True


def do_endless(request, send, *args):
    send(head(200, ["Transfer-Encoding: chunked"]))
    while True:
        send(chunk(b"x" * 65536))


def do_big(request, send, megabytes, *args):
    size = int(megabytes) << 20
    block = b"x" * (1 << 20)
    send(head(200, [], size))
    for _ in range(int(megabytes)):
        send(block)


def do_gzip(request, send, *args):
    body = gzip.compress(b"hello " * 1000)
    answer(send, 200, body, "Content-Encoding: gzip")


def do_badgzip(request, send, *args):
    answer(send, 200, b"this is not gzip at all", "Content-Encoding: gzip")


def do_bomb(request, send, *args):
    answer(send, 200, zeros(64), "Content-Encoding: gzip")


def do_flood(request, send, *args):
    send(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        send(b"X-Flood-%d: %s\r\n" % (number, b"y" * 1000))


def do_continues(request, send, *args):
    while True:
        send(b"HTTP/1.1 103 Early Hints\r\nX-Hint: a\r\n\r\n")


def do_hints(request, send, *args):
    send(b"HTTP/1.1 103 Early Hints\r\nX-Hint: a\r\n\r\n")
    answer(send, 200, "after hints")


def do_trailers(request, send, *args):
    send(head(200, ["Transfer-Encoding: chunked", "Trailer: X-End"]))
    send(chunk(b"with trailers") + b"0\r\nX-End: yes\r\n\r\n")


def do_redirect(request, send, *args):
    answer(send, 302, "elsewhere", "Location: /hello")


def do_garbage(request, send, *args):
    send(b"\x00\x01\x02 what is this\r\n\r\n")
    return True


def do_echo(request, send, *args):
    lines = ["%s %s" % (request.method, request.target)]
    lines += ["%s: %s" % item for item in request.headers.items()]
    answer(send, 200, "\n".join(lines).encode() + b"\n\n" + request.body,
           "X-Echo: one", "x-empty:")


# --- serving ------------------------------------------------------------------

def serve_connection(sock, secure):
    counts.add("connections")
    stream = sock.makefile("rb")
    try:
        while True:
            request = read_request(stream, secure)
            if request is None:
                break
            name, *args = request.path.strip("/").split("/")
            if re.match(r"^/\.\./|^/a/", request.path):
                name, args = "echo", []
            if name != "counts":
                counts.add("requests")
            action = globals().get("do_" + name)
            if action is None:
                answer(sock.sendall, 404, "no such thing")
            elif action(request, sock.sendall, *args):
                break
    except (OSError, ValueError):
        pass
    finally:
        stream.close()
        sock.close()


def serve_tls(sock, context):
    try:
        secure = context.wrap_socket(sock, server_side=True)
    except (OSError, ValueError):
        sock.close()
        return
    if secure.session_reused:
        counts.add("sessions_reused")
    serve_connection(secure, True)


def serve_proxy(sock):
    stream = sock.makefile("rb", buffering=0)
    try:
        request = read_request(stream, False)
        if request is None or request.method != "CONNECT":
            answer(sock.sendall, 200, "by proxy")
            return
        counts.add("tunnels")
        if request.header("authorization"):
            counts.add("leaked")
        host, port = request.target.rsplit(":", 1)
        other = socket.create_connection((host, int(port)))
        sock.sendall(b"HTTP/1.1 200 tunnel\r\nX-Proxy: yes\r\n\r\n")
        thread = threading.Thread(target=pump, args=(other, sock), daemon=True)
        thread.start()
        pump(sock, other)
    except (OSError, ValueError):
        pass
    finally:
        stream.close()
        sock.close()


def pump(one, other):
    try:
        while True:
            data = one.recv(65536)
            if not data:
                break
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def listen(serve, *args):
    server = socket.create_server(("127.0.0.1", 0), backlog=128)

    def accept():
        while True:
            sock, _ = server.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(sock, *args),
                             daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def tls_context(folder, clients):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "server.pem"),
                            os.path.join(folder, "server.key"))
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(os.path.join(folder, "ca.pem"))
    return context


def main():
    folder = sys.argv[1]
    make_certificates(folder)
    ports = [listen(serve_connection, False),
             listen(serve_tls, tls_context(folder, False)),
             listen(serve_tls, tls_context(folder, True)),
             listen(serve_proxy)]
    print(*ports, flush=True)
    sys.stdin.read()
    os._exit(0)


main()
