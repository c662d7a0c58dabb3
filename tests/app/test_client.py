"""The command line's side of the HTTP API, against answers that no server of ours gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from suyuan.app.client import Api
from suyuan.base.errors import InvalidInput, SuyuanError, Unavailable


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Api]:
    """A server with one answer to every POST."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Api(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def test_progress_is_told_until_the_result() -> None:
    told: list[tuple[int, int]] = []
    with answering(200, b'{"done":1,"of":2}\n{"done":2,"of":2}\n{"result":{"x":7}}\n') as api:
        assert api.follow("/job", b"{}", lambda *line: told.append(line)) == {"x": 7}
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (200, b'{"error":{"type":"conflict","status":409,"detail":"no"}}\n', InvalidInput, "^no$"),
        (200, b'{"error":{"type":"unavailable","status":503,"detail":"later"}}\n', Unavailable, "later"),
        (200, b'{"done":1,"of":2}\n', Unavailable, "ended early"),
        (200, b"what?\n", Unavailable, "does not answer"),
        (404, b'{"detail":"there is no batch"}', InvalidInput, "no batch"),
        (500, b"", Unavailable, "the server answered 500"),
    ],
)
def test_what_goes_wrong_with_a_long_job_is_said(status: int, body: bytes, kind: type[SuyuanError], words: str) -> None:
    with answering(status, body) as api, pytest.raises(kind, match=words):
        api.follow("/job", b"{}", lambda *_: None)
