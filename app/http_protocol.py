"""HTTP/1.1 on the wire: uvicorn's quick parser, with a limit on what stands before a request's body."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Longest request line and headers in bytes; a query of 10,000 EPCs belongs into the body of POST /epcis/queries.
LONGEST_HEAD: Final = 65_536
_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%b"
)
_PROBLEM: Final = (
    b'{"type":"about:blank","title":"Request Header Fields Too Large","status":431,'
    b'"detail":"the request line and headers have more than %d bytes"}' % LONGEST_HEAD
)


class BoundedHttp(HttpToolsProtocol):
    """One connection. A head that never ends would otherwise fill the memory: the parser keeps all of it."""

    _head = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Bytes from the client: refuse them once the head that they belong to is too long."""
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > LONGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LONG % (len(_PROBLEM), _PROBLEM))
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole: what comes now is its body, which whoever reads it limits."""
        self._in_head, self._head = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head may begin with the next bytes."""
        self._in_head = True
        super().on_message_complete()
