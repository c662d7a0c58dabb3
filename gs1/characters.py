"""The character sets of application identifiers and their escapes in URNs and Digital Links.

AI 82 and AI 39 are GS1 General Specifications 7.11, the URN escapes TDS 6.1 and annex A, the escapes of a Digital
Link RFC 3986: in a path everything but the unreserved characters is written ``%XX``, so that a link has one form.
"""

from __future__ import annotations

import re

from suyuan.base.errors import InvalidIdentifier

#: The 82 characters of ``X`` values, as the inside of a regular expression's brackets.
AI82 = r"!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z"
#: The 39 characters of ``Y`` values (component and part identifiers).
AI39 = r"#\-/0-9A-Z"

#: What stands for itself in an EPC URN: AI 82 without ``" % & / < > ?`` (TDS annex A).
URN_PLAIN = r"!'()*+,\-.:;=_0-9A-Za-z"
#: What stands for itself in a segment of a link that we read: AI 82 without what RFC 3986 keeps out of segments.
LINK_PLAIN = r"!&'()*+,\-.:;=_0-9A-Za-z"

#: An escape that a value of AI 39 has no use for (TDS 5: CPRefChar; 6.3.18: ADIChar has one of the two).
OTHER_ESCAPE_39 = re.compile("%(?!23|2[Ff])", re.ASCII)

_UNSAFE_IN_URN = re.compile('["%&/<>?#]')
_UNSAFE_IN_LINK = re.compile(r"[^0-9A-Za-z\-._~]")
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_URN_TEXT = re.compile(f"[{URN_PLAIN}]*(?:%[2-7][0-9A-Fa-f][{URN_PLAIN}]*)*")
_LINK_TEXT = re.compile(rf"[{LINK_PLAIN}~@$]*(?:%[2-7][0-9A-Fa-f][{LINK_PLAIN}~@$]*)*")


def _escape(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def urn_escape(value: str) -> str:
    """A value as it stands in an EPC URN. The value holds AI 82 or AI 39 characters only."""
    return _UNSAFE_IN_URN.sub(_escape, value)


def urn_unescape(text: str) -> str:
    """The value of a component of an EPC URN.

    Hexadecimal digits of either case are read. Raises InvalidIdentifier for a character that must be escaped, a bare
    percent sign, or an escape outside ASCII.
    """
    if not _URN_TEXT.fullmatch(text):
        raise InvalidIdentifier(
            f"URN component {text[:60]!a} holds a character that a URN cannot or a broken escape",
            remedy='write " % & / < > ? # as %22 %25 %26 %2F %3C %3E %3F %23',
        )
    return _ESCAPE.sub(_unescape, text) if "%" in text else text


def link_escape(value: str) -> str:
    """A value as it stands in a path segment of a canonical Digital Link. The value holds ASCII only."""
    return _UNSAFE_IN_LINK.sub(_escape, value)


def link_unescape(text: str) -> str:
    """The value of a path segment of a link. Raises InvalidIdentifier for what RFC 3986 does not allow in one."""
    if not _LINK_TEXT.fullmatch(text):
        raise InvalidIdentifier(
            f"link segment {text[:60]!a} holds a character that a path cannot or a broken escape",
            remedy="write every character but letters, digits and - . _ ~ as %XX",
        )
    return _ESCAPE.sub(_unescape, text) if "%" in text else text
