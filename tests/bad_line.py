"""A proxy that loses connections, or is slow."""

import socket
import threading
import time
from contextlib import contextmanager

_PIECE = 16 * 1024


class BadLine:
    """Passes TCP connections on to a server.

    Attributes:
        cuts: Bytes of the answer after which each of the next connections is cut.
        made: Number of connections so far.
        requests: What was asked through them.
        lost: Number of those that were cut.
        stalls: A cut line falls silent, but is not closed.
        pause_s: Wait after each piece of an answer.
    """

    def __init__(self, port):
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_open = True
        self.cuts, self.made, self.lost, self.pause_s = [], 0, 0, 0.0
        self.requests = b""
        self.stalls, self._ended = False, threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self):
        while self._is_open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.made += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.create_connection(("127.0.0.1", self._server_port))
        threading.Thread(target=self._pass_requests, args=(client, server), daemon=True).start()
        passed, limit = 0, None
        try:
            while piece := server.recv(_PIECE):
                # Answers to HEAD are short; it is the content that is cut.
                if limit is None and passed + len(piece) > 2000 and self.cuts:
                    limit = self.cuts.pop(0)
                if limit is not None and passed + len(piece) >= limit:
                    client.sendall(piece[: max(0, limit - passed)])
                    self.lost += 1
                    if self.stalls:
                        self._ended.wait()
                    # The other thread waits for the client and would keep it open.
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(piece)
                passed += len(piece)
                time.sleep(self.pause_s)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def _pass_requests(self, client, server):
        try:
            while piece := client.recv(_PIECE):
                self.requests += piece
                server.sendall(piece)
        except OSError:
            pass

    def close(self):
        self._is_open = False
        self._ended.set()
        self._listener.close()


@contextmanager
def bad_line(port):
    """A line to the server at the port."""
    line = BadLine(port)
    try:
        yield line
    finally:
        line.close()
