"""The installation's list of GS1 Company Prefixes, read from the file that it names."""

from __future__ import annotations

from pathlib import Path

from suyuan.base.errors import InvalidInput, InvalidSetting
from suyuan.gs1.company_prefix import LONGEST, NONE, CompanyPrefixes, parse


def load_company_prefixes(file: str | Path) -> CompanyPrefixes:
    """The list in a file; an empty name is no list. Raises InvalidSetting, which names file and line."""
    if not str(file):
        return NONE
    try:
        with Path(file).open("rb") as stream:
            return parse(stream.read(LONGEST + 1).decode("utf-8"))
    except OSError as error:
        raise InvalidSetting(f"cannot read it: {error.strerror}", place=str(file)) from None
    except UnicodeDecodeError:
        raise InvalidSetting("list of company prefixes is not UTF-8", place=str(file)) from None
    except InvalidInput as error:
        place = f"{file}, {error.place}" if error.place else str(file)
        raise InvalidSetting(error.detail, place=place, remedy=error.remedy) from None
