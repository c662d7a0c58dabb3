"""A head that never ends is refused before it fills the memory; what is allowed goes through."""

from __future__ import annotations

import socket

import pytest
from tests.serving import Service

from suyuan.app.http_protocol import LONGEST_HEAD


def answer_to(service: Service, request: bytes) -> bytes:
    """What the server says to these bytes, until it closes the connection or has said everything."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        told = b""
        try:
            connection.sendall(request)
            while data := connection.recv(65_536):
                told += data
                if b"\r\n\r\n" in told and b"connection: close" not in told.lower():
                    break
        except ConnectionError:  # the server had closed before all was sent
            pass
        return told


@pytest.mark.parametrize(
    "begin", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: ", b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 9_000]
)
def test_an_endless_head_is_refused(service: Service, begin: bytes) -> None:
    told = answer_to(service, begin + b"a" * (LONGEST_HEAD * 8))
    assert b" 431 " in told.split(b"\r\n")[0] or told == b""
    assert service.get("/healthz", None).status_code == 200


def test_a_body_is_no_head(service: Service) -> None:
    for size in (0, 100, LONGEST_HEAD * 4):
        head = b"POST /epcis/capture HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
        assert b" 401 " in answer_to(service, head + b"x" * size).split(b"\r\n")[0]


def test_requests_one_after_the_other_may_together_be_longer(service: Service) -> None:
    for _ in range(20):
        assert service.get("/healthz", None, headers={"X-Long": "a" * 9_000}).status_code == 200
