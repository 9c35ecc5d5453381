# SPDX-License-Identifier: Apache-2.0
"""A proxy on loopback that knows CONNECT (RFC 9110, section 9.3.6) only.

    with Proxy() as proxy:
        ... proxy.url ...
        assert proxy.asked == ["127.0.0.1:6443"]
"""
import base64
import select
import socket
import socketserver
import threading


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        proxy = self.server.proxy
        method, _, rest = self.rfile.readline().decode().partition(" ")
        where = rest.split(" ")[0]
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        proxy.asked.append(where)
        wanted = proxy.password and "Basic " + base64.b64encode(
            proxy.password.encode()).decode()
        if wanted and headers.get("proxy-authorization") != wanted:
            self.say("407 Proxy Authentication Required")
        elif method != "CONNECT" or proxy.refusal:
            self.say(proxy.refusal or "405 Method Not Allowed")
        else:
            host, _, port = where.rpartition(":")
            with socket.create_connection((host, int(port))) as other:
                self.say("200 Connection established", "")
                self.carry(other)

    def say(self, status, length="Content-Length: 0\r\n"):
        self.wfile.write(f"HTTP/1.1 {status}\r\n{length}\r\n".encode())

    def carry(self, other):
        """Both ways, until one of them closes."""
        pairs = {self.connection: other, other: self.connection}
        while not self.server.proxy.stopping.is_set():
            for readable in select.select(list(pairs), [], [], 0.1)[0]:
                data = readable.recv(65536)
                if not data:
                    return
                pairs[readable].sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # connections that either side breaks off


class Proxy:
    """`password`: "user:password" that it wants; `refusal`: what it says
    instead, such as "502 Bad Gateway"."""

    def __init__(self, password=None, refusal=None):
        self.password, self.refusal, self.asked = password, refusal, []
        self.stopping = threading.Event()
        self.server = Server(("127.0.0.1", 0), Tunnel)
        self.server.proxy = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
