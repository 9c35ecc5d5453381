# SPDX-License-Identifier: Apache-2.0
"""What the HTTP servers of tests are made of."""
import http.server


class Server(http.server.ThreadingHTTPServer):
    """On a free port of loopback. All that a client opens at once is taken:
    the library's five would have the kernel drop connections on a busy
    machine, and a client wait for minutes."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)

    def secure(self, context):
        """The handshake is that connection's own thread's: who connects and
        says nothing keeps nobody else waiting."""
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
