# SPDX-License-Identifier: Apache-2.0
"""A daemon of a test, and a client for it that remembers what it has seen."""
import http.client
import json
import signal
import ssl
import time
import urllib.parse

from support import BUILD, DONE, SLOW, unavailable, wait_for

PREFIX = "/api/v1"
SEEN = set()  # (method, path, status) of every answer in this run

if not (BUILD / "engine/server/libengineserver.la").exists():
    unavailable("built without the daemon")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def error(self):
        error = self.json()["error"]
        assert set(error) <= {"code", "message", "hint", "details",
                              "request_id"}, error
        assert error["code"] and error["message"]
        assert error["request_id"] == self.headers["X-Request-ID"]
        return error

    def __repr__(self):
        return f"{self.status} {self.body[:2000]!r}"


class Daemon:
    """`scan-engine serve` on a port of its own."""

    def __init__(self, engine, extra="", start=True, **options):
        self.engine, self.process, self.port = engine, None, None
        self.tokens, self.scheme = {}, "http"
        self.options = {"listen": "127.0.0.1:0", **options}
        self.extra = extra
        self.log = engine.directory / f"serve-{id(self)}.log"
        self.configure()
        if start:
            self.start()

    def configure(self, **changes):
        self.options.update(changes)
        parts = "".join(f"{name} = {json.dumps(value)};\n"
                        for name, value in self.options.items())
        self.engine.configure(extra=f"log_level = \"info\";\nserver: {{\n"
                              f"{parts}{self.extra}}};\n")

    def start(self, env=None):
        with open(self.log, "ab") as log:
            self.process = self.engine.start("serve", env=env, stderr=log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("serving at "), self.log.read_text()
        url = urllib.parse.urlsplit(line.split()[2])
        self.scheme, self.host, self.port = (url.scheme, url.hostname,
                                             url.port)
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.stdout.read()
        code = self.process.wait(60 * SLOW)
        self.process = None
        text = self.log.read_text()
        assert "Sanitizer" not in text and "runtime error" not in text, text
        return code

    def kill(self):
        self.process.kill()
        self.process.communicate()
        self.process = None

    def token(self, role="admin", *more):
        key = (role, *more)
        if key not in self.tokens:
            self.tokens[key] = self.engine.run(
                "token", "create", "--role", role, *more,
                code=DONE).out.strip()
        return self.tokens[key]

    def connect(self, timeout=60):
        if self.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=timeout * SLOW, context=context)
        return http.client.HTTPConnection(self.host, self.port,
                                          timeout=timeout * SLOW)

    def ask(self, method, path, body=None, status=None, role="admin",
            token=None, headers=None, connection=None):
        """One request; `body`: JSON, or bytes as they are."""
        headers = dict(headers or {})
        token = token if token is not None else role and self.token(role)
        if token:
            headers.setdefault("Authorization", f"Bearer {token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        link = connection or self.connect()
        try:
            try:
                link.request(method, PREFIX + path if path.startswith("/")
                             else path[1:], body, headers)
            except BrokenPipeError:
                pass  # refused before it was read
            got = link.getresponse()
            answer = Answer(got.status, got.headers, got.read())
        finally:
            if not connection:
                link.close()
        SEEN.add((method, path.split("?")[0], answer.status))
        assert answer.status != 500, f"{answer!r}\n{self.log.read_text()}"
        if answer.status >= 400 and method != "HEAD":
            answer.error()
        if status is not None:
            assert answer.status == status, f"{method} {path}: {answer!r}"
        return answer

    def execute(self, body=None, query="", **how):
        body = {"target": {"type": "local"}} if body is None else body
        how.setdefault("status", 202)
        return self.ask("POST", "/scans/execute" + query, body, **how).json()

    def scan(self, scan_id, query="?results_limit=1000"):
        return self.ask("GET", f"/scans/{scan_id}{query}", status=200).json()

    def ended(self, scan_id, seconds=60):
        def over():
            scan = self.scan(scan_id, "?results_limit=0")
            return scan["status"] not in ("pending", "running") and scan
        return wait_for(over, seconds, f"the end of scan {scan_id}")

    def running(self, scan_id, verdicts=0):
        def begun():
            state = self.ask("GET", f"/scans/{scan_id}/status").json()
            return (state["status"] == "running" and
                    state["progress"]["rules_done"] >= verdicts and state)
        return wait_for(begun, 20, f"scan {scan_id} running")

    def events(self, scan_id, query=""):
        """Every (event, data) until the stream ends."""
        link = self.connect()
        path = f"{PREFIX}/scans/{scan_id}/events{query}"
        link.request("GET", path, headers={
            "Authorization": f"Bearer {self.token()}"})
        got = link.getresponse()
        SEEN.add(("GET", f"/scans/{scan_id}/events", got.status))
        assert got.status == 200
        assert got.headers["Content-Type"] == "text/event-stream"
        name, found = None, []
        for line in got:
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
        link.close()
        return found


def check_once(scan, rules):
    """Every rule has exactly one verdict, and the counters agree."""
    ids = [each["rule_id"] for each in scan["results_by_rule"]]
    assert sorted(ids) == sorted(set(ids)), "a rule has two verdicts"
    assert sorted(ids) == sorted(each["rule_id"] for each in rules)
    for verdict in scan["results_by_rule"]:
        assert len(verdict["results"]) == 1, verdict
    assert scan["total_verdicts"] == len(rules)


def until_ended(daemon, ids, seconds=60):
    end = time.monotonic() + seconds * SLOW
    return {each: daemon.ended(each, max(1, end - time.monotonic()) / SLOW)
            for each in ids}
