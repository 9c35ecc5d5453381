# SPDX-License-Identifier: Apache-2.0
"""A server that answers as a test tells it: a scan that has just completed,
but for the answers that are given."""
import http.server
import sys
import threading
import time

from support import SOURCE

sys.path.insert(0, str(SOURCE / "tests/services"))
from listening import Server  # noqa: E402

SCAN = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Request:
    def __init__(self, handler, body):
        self.method, self.path = handler.command, handler.path
        self.headers, self.body = handler.headers, body


class Hostile:
    """`answers`: for "execute", "events", "scan", "results", "cancel" a body,
    (status, headers, body), None (nothing, until the client goes), a function
    that gets a `write`, or a list of them, one for each request; the last one
    stays."""

    PLAIN = {
        "execute": b'{"scan_id": "%s", "status": "pending"}' % SCAN.encode(),
        "events": b"event: end\ndata: {}\n\n",
        "scan": b'{"scan_id": "%s", "status": "completed", '
                b'"total_verdicts": 0, "total_rules": 0}' % SCAN.encode(),
        "results": b'{"results": [], "has_more": false}',
        "cancel": b"{}",
        "rules": b"",
    }

    def __init__(self, answers):
        self.answers = {**self.PLAIN, **answers}
        self.requests, self.closing = [], False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                outer.requests.append(Request(self, body))
                try:
                    outer.answer(self, outer.name(self.path))
                except OSError:
                    pass  # the client has gone
                self.close_connection = True

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args):
                pass

        self.server = Server(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def close(self):
        self.closing = True
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def name(path):
        path = path.split("?")[0].rstrip("/")
        last = path.split("/")[-1]
        if last in ("execute", "events", "results", "cancel"):
            return last
        return "rules" if "/rules" in path else "scan"

    def count(self, name):
        return sum(self.name(each.path) == name for each in self.requests)

    def answer(self, handler, name):
        given = self.answers[name]
        if isinstance(given, list):
            given = given[min(self.count(name), len(given)) - 1]
        status, headers = 200, {}
        if isinstance(given, tuple):
            status, headers, given = given
        headers = {"Content-Type": "text/event-stream" if name == "events"
                   else "application/json", "Connection": "close", **headers}
        if given is None:
            while not self.closing:
                time.sleep(0.05)
            return
        handler.send_response(status)
        for key, value in headers.items():
            handler.send_header(key, value)
        handler.end_headers()
        if callable(given):
            given(handler.wfile.write)
        else:
            handler.wfile.write(given)
            handler.wfile.flush()
            if name == "events" and given.startswith(b": "):
                while not self.closing:  # it stays open
                    time.sleep(0.05)
