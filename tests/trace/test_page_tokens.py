"""Page tokens: good for a day, over a restart, until they are given back; anything else is refused."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request
from tests.trace.scribe import Scribe

from suyuan.base.clock import now, parse_time
from suyuan.base.errors import InvalidInput
from suyuan.trace import page_tokens
from suyuan.trace.page_tokens import LIFETIME, Sealed, TokenEnded, next_page, page_after, read_cursor, write_cursor


def request(query: str = "") -> Request:
    scope = {"type": "http", "method": "GET", "path": "/epcis/epcs", "query_string": query.encode(), "headers": [],
             "server": ("x", 80), "scheme": "http"}  # fmt: skip
    return Request(scope)


def sealed(expires: int, after: str = "7") -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(Sealed(expires, after))).decode()


def test_the_headers_lead_to_the_next_page_and_say_until_when() -> None:
    headers = next_page(request("perPage=2&EQ_x=a%26b"), "17")
    assert headers["Link"].startswith("</epcis/epcs?perPage=2&EQ_x=a%26b&nextPageToken=")
    assert headers["Link"].endswith('>; rel="next"')
    assert now() < parse_time(headers["GS1-Next-Page-Token-Expires"])[0] <= now() + LIFETIME
    assert next_page(request(), None) == {}


def test_a_token_gives_back_what_it_was_made_of(scribe: Scribe) -> None:
    token = next_page(request(), write_cursor([3, "x"]))["GS1-Next-Page-Token"]
    with scribe.view() as view:
        assert read_cursor(page_after(view, token), list[int | str], []) == [3, "x"]
        assert page_after(view, None) is None


def test_an_expired_token_is_refused(scribe: Scribe) -> None:
    with scribe.view() as view, pytest.raises(InvalidInput, match="expired"):
        page_after(view, sealed(now() - 1))


def test_a_token_that_was_given_back_is_refused_however_it_is_written(scribe: Scribe) -> None:
    token = sealed(now() + 1_000_000_000)
    other = sealed(now() + 1_000_000_000, "8")
    scribe.call("page-token-ended", TokenEnded(page_tokens._digest(token), now() + 1_000_000_000))
    with scribe.view() as view:
        assert page_after(view, other) == "8"
        for written in (token, token.rstrip("=")):
            with pytest.raises(InvalidInput, match="given back"):
                page_after(view, written)


def test_what_has_expired_is_forgotten(scribe: Scribe) -> None:
    scribe.call("page-token-ended", TokenEnded(b"1", now() - 1))
    scribe.call("page-token-ended", TokenEnded(b"2", now() + 1_000_000_000))
    scribe.call("page-token-ended", TokenEnded(b"2", now() + 1_000_000_000))
    assert scribe.rows("SELECT digest FROM ended_page_token") == [(b"2",)]


@given(st.text(max_size=40) | st.binary(max_size=30).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@example(5_000 * "A")
@example("é")
@example("A")
def test_anything_else_is_refused_as_no_token(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a page token"):
        page_tokens._open(text)


def test_the_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another list"):
        read_cursor('{"a":1}', int, 0)
