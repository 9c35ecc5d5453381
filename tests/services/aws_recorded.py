# SPDX-License-Identifier: Apache-2.0
"""AWS as it was recorded: answers to single operations, for what moto does not
know. A request that nothing was recorded for is an UnknownOperationException.

    with Recorded({"GetAccountSummary": (200, "<xml>"),
                   "GET /analyzer": (200, {...})}) as aws: aws.url
"""
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler

from listening import Server


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        form = urllib.parse.parse_qs(self.rfile.read(size).decode("latin-1"))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        path = urllib.parse.urlsplit(self.path).path
        name = target or form.get("Action", [f"{self.command} {path}"])[0]
        self.server.seen.append(name)
        signed = self.headers.get("Authorization", "").startswith(
            "AWS4-HMAC-SHA256 Credential=")
        status, body = self.server.answers.get(
            name, (400, {"__type": "UnknownOperationException"}))
        if not signed:
            status, body = 403, {"__type": "MissingAuthenticationToken"}
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml" if isinstance(body, str)
                         else "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, *_):
        pass


class Recorded:
    def __init__(self, answers):
        self.server = Server(Handler)
        self.server.answers = answers
        self.server.seen = self.seen = []
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
