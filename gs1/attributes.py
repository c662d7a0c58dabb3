"""Any application identifier, key or data attribute: its length, its separator, its value.

General Specifications 7.8: what stands behind an AI of pre-defined length needs no separator.
"""

from __future__ import annotations

from suyuan.gs1.ai_table import PREDEFINED_LENGTH
from suyuan.gs1.application_identifiers import AI_LENGTH, IDENTIFIERS, check_value

__all__ = ["AI_LENGTH", "FIXED", "KNOWN", "check"]

#: Length of AI and value together by the AI's first two digits, where it is pre-defined and needs no separator.
FIXED = PREDEFINED_LENGTH
#: Every AI there is.
KNOWN = IDENTIFIERS.keys()
#: Refuses a value that its AI may not hold.
check = check_value
