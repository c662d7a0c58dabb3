"""The control information in front of a tag or raw URI: attribute bits, user memory indicator, XPC (TDS 2.3, 12.2.2).

``urn:epc:tag:[att=x01][umi=1]:sgtin-96:...``: each field may be absent, which says zero; those that are there stand in
alphabetical order.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier

_CONTROLS = re.compile(r"(?:\[att=x([0-9A-F]{2})\])?(?:\[umi=([01])\])?(?:\[xpc=x([0-9A-F]{4})\])?:(.+)", re.ASCII)


class ControlFields(NamedTuple):
    """What the EPC memory bank says beside the EPC."""

    #: The 8 attribute bits of the PC word.
    attribute_bits: int = 0
    #: Whether the tag has data in its user memory.
    user_memory: bool = False
    #: The 16 bits of the XPC word.
    xpc: int = 0

    def __str__(self) -> str:
        """As in a URI, with the colon behind; empty where everything is zero."""
        text = f"[att=x{self.attribute_bits:02X}]" if self.attribute_bits else ""
        text += "[umi=1]" if self.user_memory else ""
        text += f"[xpc=x{self.xpc:04X}]" if self.xpc else ""
        return text and text + ":"


def split_controls(body: str) -> tuple[ControlFields, str]:
    """The control fields of what stands behind ``urn:epc:tag:`` or ``urn:epc:raw:``, and the rest.

    Raises InvalidIdentifier for a field that is unknown, malformed or out of order.
    """
    if not body.startswith("["):
        return ControlFields(), body
    match = _CONTROLS.fullmatch(body)
    if match is None:
        raise InvalidIdentifier(
            f"{body[:60]!a} does not begin with control fields",
            remedy="write [att=xNN][umi=1][xpc=xNNNN]: in this order, each once or not at all",
        )
    attribute_bits, user_memory, xpc, rest = match.groups()
    return ControlFields(int(attribute_bits or "0", 16), user_memory == "1", int(xpc or "0", 16)), rest
