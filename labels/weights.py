"""Net weights as labels say them: AI 310n, six digits of kilograms with n decimals (General Specifications 3.6.2)."""

from __future__ import annotations

import re
from typing import Final

from suyuan.base.errors import InvalidInput

_FORM: Final = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,5}))?", re.ASCII)
_DIGITS: Final = 6


def net_weight(kilograms: str) -> tuple[str, str]:
    """AI and value of a weight in decimal kilograms: ``0.356`` gives ``("3103", "000356")``. Raises `InvalidInput`."""
    match = _FORM.fullmatch(kilograms)
    digits = (match[1].lstrip("0") + (match[2] or "")) if match else ""
    if not match or len(digits) > _DIGITS or not digits.strip("0"):
        raise InvalidInput(
            f"{kilograms[:40]!a} is no net weight in kilograms", place="/kilograms",
            remedy="write it as the scale shows it, 0.356: over 0, six digits in all, five of them decimals at most",
        )  # fmt: skip
    return f"310{len(match[2] or '')}", digits.rjust(_DIGITS, "0")
