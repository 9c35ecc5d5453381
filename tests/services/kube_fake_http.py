# SPDX-License-Identifier: Apache-2.0
"""The HTTP of kube_fake.py: connections, TLS, requests as they are recorded,
and replies as a real server would send them, or as they say."""
import http.server
import itertools
import select
import socket
import ssl
import time
import zlib

PLAIN_MOST = 128 * 1024  # longer answers are compressed


class Request:
    """One request, and what became of it."""

    def __init__(self, server, handler, fault, path, query, body):
        self.method, self.path, self.query = handler.command, path, query
        self.headers = {name.lower(): value
                        for name, value in handler.headers.items()}
        self.body, self.connection = body, handler.number
        self.peer = handler.peer()
        self.fault, self.when = fault, time.monotonic()
        self.target = path + ("?" + handler.path.partition("?")[2]
                              if "?" in handler.path else "")
        self.status, self.sent, self.aborted = None, 0, False
        self._server, self._handler = server, handler

    def pause(self, seconds):
        """Waits, for ever with None; True if nobody is there any more."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            left = 0.1 if end is None else min(0.1, end - time.monotonic())
            if self._server.stopping.wait(max(left, 0)):
                return True
            if self._handler.is_left():
                return True
        return False

    def __repr__(self):
        return (f"<{self.method} {self.target} {self.status} "
                f"{self.fault or ''}>")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    numbers = itertools.count(1)

    def setup(self):
        self.number = next(self.numbers)
        self.server.fake.connected(self.request)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(30)
            self.request.do_handshake()
            self.request.settimeout(None)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def peer(self):
        """Who the client's certificate is for, or None."""
        if not isinstance(self.connection, ssl.SSLSocket):
            return None
        subject = (self.connection.getpeercert() or {}).get("subject", ())
        return dict(pair for parts in subject for pair in parts).get(
            "commonName")

    def is_left(self):
        """The other end has closed."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1)
        except (OSError, ValueError):
            return True

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        fake = self.server.fake
        request = fake.received(self, body)
        try:
            reply = fake.reply(request)
            request.status = reply.status
            self.send(reply, request)
        except OSError:
            request.aborted = True
            self.close_connection = True
        finally:
            fake.ended(request)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def send(self, reply, request):
        if reply.status is None:
            self.close_connection = True
            return
        body, length, coding = self.coded(reply)
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if coding:
            self.send_header("Content-Encoding", coding)
        if length is None and reply.status != 204:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        for piece in body:
            if self.server.fake.stopping.is_set():
                raise ConnectionAbortedError
            if length is None:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            self.wfile.write(piece)
            request.sent += len(piece)
        if reply.cut or reply.close:
            self.close_connection = True
        if length is None and reply.status != 204 and not reply.cut:
            self.wfile.write(b"0\r\n\r\n")

    def coded(self, reply):
        """The pieces, their length if it is known, the content coding: as of
        a real server, long answers are compressed, short ones have a length.
        """
        start, rest = b"", reply.body
        if isinstance(rest, bytes):
            start, rest = rest, None
        elif reply.gzip:
            start, rest = beginning(rest)
        pieces = filter(None, itertools.chain([start], rest or ()))
        if (reply.gzip and (rest or len(start) > PLAIN_MOST)
                and "gzip" in self.headers.get("Accept-Encoding", "")):
            return filter(None, compressed(pieces)), None, "gzip"
        length = reply.length
        if length is None and rest is None:
            length = len(start)
        return pieces, length, None


def beginning(pieces):
    """All of it, or more than PLAIN_MOST bytes and an iterator of the rest."""
    start = b""
    for piece in pieces:
        start += piece
        if len(start) > PLAIN_MOST:
            return start, pieces
    return start, None


def compressed(pieces):
    encoder = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        yield encoder.compress(piece)
    yield encoder.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def get_request(self):
        connection, address = super().get_request()
        if self.context:
            connection = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        pass  # handshakes that clients break off
