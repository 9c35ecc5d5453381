# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of moto which breaks what goes through it as real AWS does,
and records it. Requests go on as they came, Host included, so that moto checks
the signatures that were made for the proxy.

    with AwsProxy(moto.url) as proxy:
        proxy.fault("ListUsers", "throttle", times=2)
        ... AWS_ENDPOINT_URL=proxy.url ...
        proxy.count("ListUsers")

Faults: throttle, busy (503 without a body that says more), after (503 with
x-amz-retry-after), cut (in the middle of the answer), drop (no answer),
expired, skewed, denied, slow, garbage, large.
"""
import http.client
import http.server
import re
import threading
import time
import urllib.parse

from listening import Server


class Request:
    """A request, what became of it and when it came."""

    def __init__(self, handler, body):
        self.method, self.target = handler.command, handler.path
        self.headers = {name.lower(): value
                        for name, value in handler.headers.items()}
        self.body, self.when = body, time.monotonic()
        self.status, self.fault = None, None
        text = self.headers.get("authorization", "")
        found = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", text)
        self.key, self.region, self.service = (
            found.groups() if found else (None, None, None))
        kind = self.headers.get("content-type", "")
        self.form = (dict(urllib.parse.parse_qsl(body.decode()))
                     if "form-urlencoded" in kind else {})
        self.operation = self.name()

    def name(self):
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].split(".")[-1]
        if "Action" in self.form:
            return self.form["Action"]
        path, _, query = self.target.partition("?")
        if self.service == "s3":
            what = query.partition("=")[0].partition("&")[0]
            return f"s3:{what}" if path != "/" else "s3:ListBuckets"
        return f"{self.service}:{path}"

    def __repr__(self):
        return (f"<{self.operation} {self.region} {self.key} {self.status} "
                f"{self.fault or ''}>")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self, self.rfile.read(length))
        self.server.proxy.serve(self, request)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def reply(self, status, headers, body, cut=None):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


def error(request, status, code, message="planned by the proxy"):
    """An error as the protocol of the request has it."""
    if "json" in request.headers.get("content-type", "") or \
            request.service in ("lambda", "guardduty", "efs"):
        kind = "application/x-amz-json-1.1"
        text = f'{{"__type":"com.amazon#{code}","message":"{message}"}}'
    elif request.service == "ec2":
        kind = "text/xml"
        text = (f"<Response><Errors><Error><Code>{code}</Code><Message>"
                f"{message}</Message></Error></Errors></Response>")
    elif request.service == "s3":
        kind = "application/xml"
        text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    else:
        kind = "text/xml"
        text = ("<ErrorResponse><Error><Type>Sender</Type><Code>"
                f"{code}</Code><Message>{message}</Message></Error>"
                "</ErrorResponse>")
    return status, [("Content-Type", kind)], text.encode()


THROTTLED = {"ec2": (503, "RequestLimitExceeded"), "s3": (503, "SlowDown"),
             "iam": (400, "Throttling")}


class Fault:
    def __init__(self, operation, kind, times, **how):
        self.operation, self.kind, self.left = operation, kind, times
        self.how = how

    def suits(self, request):
        return (self.left > 0 and self.operation in ("*", request.operation)
                and all(getattr(request, name) == value
                        for name, value in self.how.items()
                        if name in ("region", "key", "service")))


class AwsProxy:
    def __init__(self, url):
        self.upstream = urllib.parse.urlsplit(url)
        self.requests, self.faults = [], []
        self.delay = 0.0
        self.pages = {}      # operation: elements on a page
        self.regions = {}    # bucket: the only region that answers for it
        self.redirect = "header"  # how it is told: or "body", "endpoint"
        self.answers = {}    # operation: what makes the body of a request
        self.active = self.most = 0
        self.lock = threading.Lock()

    def __enter__(self):
        self.server = Server(Handler)
        self.server.proxy = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def reset(self):
        with self.lock:
            self.requests, self.faults = [], []
            self.pages, self.regions, self.delay = {}, {}, 0.0
            self.redirect, self.answers = "header", {}

    def fault(self, operation, kind, times=1, **how):
        self.faults.append(Fault(operation, kind, times, **how))

    def of(self, operation, **how):
        return [each for each in self.requests
                if each.operation == operation
                and all(getattr(each, name) == value
                        for name, value in how.items())]

    def count(self, operation, **how):
        return len(self.of(operation, **how))

    def take(self, request):
        with self.lock:
            self.requests.append(request)
            for fault in self.faults:
                if fault.suits(request):
                    fault.left -= 1
                    request.fault = fault.kind
                    return fault
        return None

    def serve(self, handler, request):
        fault = self.take(request)
        with self.lock:
            self.active += 1
            self.most = max(self.most, self.active)
        try:
            if self.delay:
                time.sleep(self.delay)
            if fault and fault.kind == "slow":
                time.sleep(fault.how.get("seconds", 2))
            elif fault and fault.kind != "cut":
                self.break_it(handler, request, fault)
                return
            self.forward(handler, request, fault)
        finally:
            with self.lock:
                self.active -= 1

    def break_it(self, handler, request, fault):
        kind = fault.kind
        if kind == "drop":
            handler.close_connection = True
            request.status = 0
            return
        headers = []
        time.sleep(fault.how.get("seconds", 0))
        if kind == "throttle":
            status, code = THROTTLED.get(request.service,
                                         (400, "ThrottlingException"))
            status, headers, body = error(request, status, code)
        elif kind == "expired":
            status, headers, body = error(request, 403, "ExpiredToken")
        elif kind == "skewed":
            status, headers, body = error(request, 403, "RequestTimeTooSkewed")
            headers.append(("Date", fault.how["date"]))
        elif kind == "error":
            status, headers, body = error(request, fault.how["status"],
                                          fault.how["code"],
                                          fault.how.get("message", "planned"))
        elif kind == "after":
            status, headers, body = error(request, 503, "ServiceUnavailable")
            headers.append(("x-amz-retry-after", str(fault.how["ms"])))
            if "after" in fault.how:
                headers.append(("Retry-After", str(fault.how["after"])))
        elif kind == "garbage":
            status, body = 200, b"<html>not an answer"
        else:
            status, body = 503, b"<html>busy"
        request.status = status
        handler.reply(status, headers, body)

    def forward(self, handler, request, fault):
        elsewhere = self.elsewhere(request)
        if elsewhere:
            status, headers, body = self.away(request, elsewhere)
        elif request.operation in self.answers:
            status, headers = 200, []
            body = self.answers[request.operation](request)
        else:
            status, headers, body = self.ask(request)
        if status == 200 and request.operation in self.pages:
            body = self.cut_page(request, body)
        request.status = status
        handler.reply(status, headers, body,
                      cut=len(body) // 2 if fault and fault.kind == "cut"
                      else None)

    def elsewhere(self, request):
        if request.service != "s3":
            return None
        bucket = request.target.partition("?")[0].split("/")[1]
        region = self.regions.get(bucket)
        return region if region and region != request.region else None

    def away(self, request, region):
        if self.redirect == "header":
            status, headers, body = error(request, 301, "PermanentRedirect")
            headers.append(("x-amz-bucket-region", region))
            return status, headers, body
        if self.redirect == "body":
            code, status = "AuthorizationHeaderMalformed", 400
            told = f"<Region>{region}</Region>"
        else:
            code, status = "PermanentRedirect", 301
            told = f"<Endpoint>b.s3.{region}.amazonaws.com</Endpoint>"
        text = f"<Error><Code>{code}</Code>{told}</Error>"
        return status, [("Content-Type", "application/xml")], text.encode()

    def ask(self, request):
        connection = http.client.HTTPConnection(self.upstream.hostname,
                                                self.upstream.port, timeout=60)
        try:
            connection.putrequest(request.method, request.target,
                                  skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name not in ("connection", "accept-encoding"):
                    connection.putheader(name, value)
            connection.endheaders(request.body)
            answer = connection.getresponse()
            body = answer.read()
            headers = [(name, value) for name, value in answer.getheaders()
                       if name.lower() not in ("content-length", "connection",
                                               "transfer-encoding")]
            return answer.status, headers, body
        finally:
            connection.close()

    # ---- pages, which moto does not make of every list

    def cut_page(self, request, body):
        size = self.pages[request.operation]
        text = body.decode()
        ec2 = request.service == "ec2"
        tag = "item" if ec2 else "member"
        start = int(request.form.get("NextToken" if ec2 else "Marker",
                                     "0").removeprefix("page-"))
        first, elements, last = self.elements(text, tag)
        more = start + size < len(elements)
        body = first + "".join(elements[start:start + size]) + last
        token = f"page-{start + size}"
        if ec2:
            body = re.sub(r"<nextToken>[^<]*</nextToken>|<nextToken/>", "",
                          body)
            end = body.rindex("</")
            more = f"<nextToken>{token}</nextToken>" if more else ""
            return (body[:end] + more + body[end:]).encode()
        body = re.sub(r"<IsTruncated>[^<]*</IsTruncated>", "", body)
        end = body.index(f"</{request.operation}Result>")
        more = (f"<IsTruncated>true</IsTruncated><Marker>{token}</Marker>"
                if more else "<IsTruncated>false</IsTruncated>")
        return (body[:end] + more + body[end:]).encode()

    @staticmethod
    def elements(text, tag):
        """Text around and in the outermost list."""
        depth, begin, out = 0, None, []
        first = last = None
        for found in re.finditer(rf"<(/?){tag}\b[^>]*?(/?)>", text):
            if found[2]:
                continue
            if not found[1]:
                depth += 1
                if depth == 1:
                    begin = found.start()
                    first = text[:begin] if first is None else first
            else:
                depth -= 1
                if depth == 0:
                    out.append(text[begin:found.end()])
                    last = text[found.end():]
                    closed = re.match(rf"\s*<{tag}\b", last)
                    if not closed:
                        break
        return (first or text), out, (last or "")
