"""A server on the loopback interface that sends one file, and can be made to misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Served:
    """What is sent, and how.

    Attributes
    ----------
    content : bytes
    cut_after : int, optional
        The connection breaks after so many bytes, once.
    status : int
        What is answered.
    tag : str
        The content's name; a resumed download must ask for this one.
    ranges : list of str
        The ranges that were asked for.
    """

    content: bytes
    cut_after: int | None = None
    status: int = 200
    tag: str = '"one"'
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            served.ranges.append(wanted)
            start = 0
            if served.status != 200:
                self.send_error(served.status)
                return
            if wanted and self.headers.get("If-Range") == served.tag:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start and start >= len(served.content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            body = served.content[start:]
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", served.tag)
            self.end_headers()
            if served.cut_after is not None:
                body, served.cut_after = body[: served.cut_after], None
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/set.zip"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
