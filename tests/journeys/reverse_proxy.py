"""A reverse proxy as companies have them: it lets no large body pass, and refuses what it does not like."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Callable
from urllib.parse import urlsplit


class NarrowProxy:
    """Forwards to the server at `url`. Bodies over `most` bytes get 413, paths that `dislikes` is true of 403, both
    without a word of why and without reading the body. A context manager."""

    def __init__(self, url: str, *, most: int, dislikes: Callable[[str], bool]) -> None:
        self.largest = 0
        handler = type("Handler", (_Handler,), {"proxy": self, "most": most, "dislikes": staticmethod(dislikes)})
        handler.target = urlsplit(url)  # type: ignore[attr-defined]  # one server a proxy
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> NarrowProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection for each request, as the simplest of proxies."""

    proxy: NarrowProxy
    most: int
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Nothing."""

    def handle_one_request(self) -> None:
        """Every method alike."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        size = int(self.headers.get("Content-Length") or 0)
        if size > self.most or self.dislikes(self.path):
            self.answer(413 if size > self.most else 403, b"<h1>no</h1>", close=True)
        else:
            self.proxy.largest = max(self.proxy.largest, size)
            self.forward(size)

    def forward(self, size: int) -> None:
        body = self.rfile.read(size)
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        self.answer(answer.status, answer.read(), kind=answer.headers.get("Content-Type", ""))
        connection.close()

    def answer(self, status: int, body: bytes, *, kind: str = "text/html", close: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
