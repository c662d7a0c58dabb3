"""The installation's profiles, read from the folder that it names."""

from __future__ import annotations

from pathlib import Path

from suyuan.base.errors import InvalidSetting
from suyuan.epcis.profiles import Profile, read_profile

#: Largest profile in bytes, and most profiles.
LARGEST, MOST = 1_000_000, 100


def load_profiles(folder: str) -> tuple[Profile, ...]:
    """The profiles in a folder's TOML files, by file name; an empty name is none.

    Raises InvalidSetting, which names the file.
    """
    if not folder:
        return ()
    if not Path(folder).is_dir():
        raise InvalidSetting("there is no such folder of profiles", place=folder)
    files = sorted(Path(folder).glob("*.toml"))
    if len(files) > MOST:
        raise InvalidSetting(f"{len(files)} profiles, more than {MOST}", place=folder)
    return tuple(_load(file) for file in files)


def _load(file: Path) -> Profile:
    try:
        with file.open("rb") as stream:
            text = stream.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise InvalidSetting(f"the profile has more than {LARGEST} bytes")
        return read_profile(text.decode("utf-8"))
    except OSError as error:
        raise InvalidSetting(f"cannot read it: {error.strerror}", place=str(file)) from None
    except UnicodeDecodeError:
        raise InvalidSetting("the profile is not UTF-8", place=str(file)) from None
    except InvalidSetting as error:
        place = f"{file}, {error.place}" if error.place else str(file)
        raise InvalidSetting(error.detail, place=place, remedy=error.remedy) from None
