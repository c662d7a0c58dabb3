"""The banks of a tag's memory as forms of what they hold: EPC bank, TID bank, user memory (TDS 2.3, 9, 16 and 17)."""

from __future__ import annotations

import re

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import element_string, packed_objects, tag_memory
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes
from suyuan.gs1.forms import Forms, forms_of

#: Banks by the names that `suyuan decode --bank` takes; the manufacturer of the chip has written the second.
BANKS = ("epc", "tid", "user")
_HEX = re.compile("(?:[0-9A-Fa-f]{2})+", re.ASCII)
_TAG = "urn:epc:tag:"


def forms_of_bank(
    bank: str, digits: str, *, company_prefix_length: int | None = None, company_prefixes: CompanyPrefixes = NONE
) -> Forms:
    """What a bank holds, given in hexadecimal digits from its first byte.

    An EPC bank gives the forms of its EPC, the control fields in its tag URI; what is no EPC has only a raw URI. A TID
    bank gives the name of the chip as its tag URI, user memory its AI data as element string.
    Raises InvalidIdentifier for another bank, and for what breaks a rule of its standard.
    """
    if bank not in BANKS:
        raise InvalidIdentifier(f"bank {bank[:20]!a} is not one of {', '.join(BANKS)}", place="bank")
    if not _HEX.fullmatch(digits):
        raise InvalidIdentifier(f"{digits[:60]!a} is not the whole bytes of a bank in hexadecimal digits")
    memory = bytes.fromhex(digits)
    if bank == "tid":
        return Forms(digits, "tid", None, tag_memory.parse_tid(memory).stid_uri, None, None, digits.upper(), None)
    if bank == "user":
        elements = element_string.build(packed_objects.decode(memory))
        return Forms(digits, "user", None, None, None, elements or None, digits.upper(), None)
    found = tag_memory.parse(memory)
    raw = Forms(digits, "raw", found.raw_uri, None, None, None, found.epc, None)
    if found.toggle:
        return raw
    try:
        forms = forms_of(
            found.epc, company_prefix_length=company_prefix_length, company_prefixes=company_prefixes, writing="hex"
        )
    except InvalidIdentifier:
        return raw
    tag_uri = forms.tag_uri and f"{_TAG}{found.controls}{forms.tag_uri.removeprefix(_TAG)}"
    return msgspec.structs.replace(forms, input=digits, tag_uri=tag_uri)


def user_memory_of(text: str) -> Forms:
    """The user memory bank for the AI data of an element string, as ``hex``.

    Raises InvalidIdentifier for a text that is none, and for an AI that user memory cannot hold.
    """
    elements = element_string.parse(text, complete=False)
    written = element_string.build(elements)
    return Forms(text, "user", None, None, None, written, packed_objects.encode(elements).hex().upper(), None)


def with_epc_bank(forms: Forms) -> Forms:
    """The forms with the EPC bank in place of the EPC: checksum, PC word, EPC.

    Raises InvalidIdentifier where there is no EPC.
    """
    if forms.hex is None:
        raise InvalidIdentifier(f"{forms.input[:80]!a} names no one thing, so no tag holds it")
    return msgspec.structs.replace(forms, hex=tag_memory.build(forms.hex).stored.hex().upper())
