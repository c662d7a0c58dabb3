"""The configuration of an edge gateway: one strict TOML file, documented in ``docs/reference/edge.md``.

A key that nobody knows is an error, not a silence: a misspelt ``min_rssi`` would let strays into the ledger for good.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from suyuan.base.clock import parse_offset
from suyuan.base.errors import InvalidDocument, InvalidInput, InvalidSetting
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.gs1.names import kind_of, name_of
from suyuan.readers.cleaning import SCHEMES, Cleaner, CleaningSettings, Observation, Passage, Tally
from suyuan.readers.delivery import DeliverySettings, document
from suyuan.readers.llrp_client import ReaderSettings
from suyuan.readers.outbox import DEFAULT_MAX_BYTES
from suyuan.readers.steps import Step, bind

_LARGEST_FILE: Final = 1 << 20
_MANUAL: Final = "docs/reference/edge.md lists the keys"
_KEY = re.compile(r"[!-~]{1,512}")
_PLACE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<place>.*)`", re.DOTALL)

Seconds = Annotated[float, Meta(gt=0, le=3600)]
Antenna = Annotated[int, Meta(ge=0, le=65535)]


class ReadPoint(Step, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place where a reader sees things: a business step, the antennas that look there (none named: all the rest),
    and how to clean."""

    antennas: tuple[Antenna, ...] = ()
    cleaning: CleaningSettings = CleaningSettings()


class Reader(ReaderSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One LLRP reader and its read points. ``tls`` speaks LLRP over TLS, trusting ``ca_file`` or the system."""

    read_points: Annotated[tuple[ReadPoint, ...], Meta(min_length=1, max_length=64)]
    tls: bool = False
    ca_file: str | None = None

    def tls_context(self, folder: Path) -> ssl.SSLContext | None:
        """The TLS context for this reader, or None. Raises InvalidSetting when ``ca_file`` can't be used."""
        return _tls_context(folder, self.ca_file, f"reader {self.name}") if self.tls else None


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server that takes the events. The key comes from a file or an environment variable, never from here."""

    url: Annotated[str, Meta(max_length=2000)]
    key_file: str | None = None
    key_env: str | None = None
    ca_file: str | None = None
    plain_http: bool = False
    max_events: Annotated[int, Meta(ge=1, le=10_000)] = 500
    max_bytes: Annotated[int, Meta(ge=1000, le=100_000_000)] = 1_000_000
    timeout: Seconds = 30.0
    longest_wait: Seconds = 30.0
    hold_wait: Seconds = 30.0


class OutboxFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the outbox is, and how many bytes of events may wait in it."""

    file: str = "outbox.db"
    max_bytes: Annotated[int, Meta(ge=10_000)] = DEFAULT_MAX_BYTES


class EdgeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one edge. Paths are relative to ``folder``, the configuration file's."""

    zone_offset: str
    server: Server
    readers: Annotated[tuple[Reader, ...], Meta(min_length=1, max_length=1000)]
    outbox: OutboxFile = OutboxFile()
    status_file: str = "edge-status.json"
    stop_seconds: Seconds = 10.0
    folder: str = "."

    @property
    def offset_minutes(self) -> int:
        """Minutes east of UTC of the site's zone."""
        return parse_offset(self.zone_offset)

    def path(self, name: str) -> Path:
        """A file that the configuration names."""
        return Path(self.folder) / name

    def key(self) -> str:
        """The API key as it is now. Raises InvalidSetting, which never shows it."""
        place = self.server.key_file or self.server.key_env or "server"
        try:
            if self.server.key_file is not None:
                text = self.path(self.server.key_file).read_text(encoding="ascii")
            else:
                text = os.environ.get(self.server.key_env or "", "")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not ASCII"
            raise InvalidSetting(f"the API key can't be read: {reason}", place=place) from None
        if not _KEY.fullmatch(text.strip()):
            raise InvalidSetting("this holds no API key", place=place, remedy="put the device's key there, on one line")
        return text.strip()

    def server_tls(self) -> ssl.SSLContext | None:
        """The TLS context for the server where it isn't the default one."""
        return _tls_context(Path(self.folder), self.server.ca_file, "server") if self.server.ca_file else None

    def delivery(self) -> DeliverySettings:
        """How to deliver."""
        server = self.server
        return DeliverySettings(
            url=server.url,
            max_events=server.max_events,
            max_bytes=server.max_bytes,
            timeout=server.timeout,
            longest_wait=server.longest_wait,
            hold_wait=server.hold_wait,
        )


def load_config(path: Path) -> EdgeConfig:
    """Read and check a configuration file. Raises InvalidSetting with the file, the key and what to do."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise InvalidSetting(f"the configuration can't be read: {error}", place=str(path)) from None
    try:
        return parse_config(data, path.parent)
    except InvalidSetting as error:
        place = f"{path}: {error.place}" if error.place else str(path)
        raise InvalidSetting(error.detail, place=place, remedy=error.remedy or _MANUAL) from None


def parse_config(data: bytes, folder: Path) -> EdgeConfig:
    """The configuration in these bytes of TOML; ``folder`` is where its relative paths begin."""
    config = _convert(_toml(data), folder)
    _checked("zone_offset", lambda: parse_offset(config.zone_offset))
    _check_server(config.server)
    names = [reader.name for reader in config.readers]
    if len(set(names)) < len(names):
        raise InvalidSetting("two readers have one name", place="readers", remedy="name each reader differently")
    for number, reader in enumerate(config.readers):
        _check_reader(reader, f"readers[{number}]")
    return config


def _toml(data: bytes) -> dict[str, Any]:
    if len(data) > _LARGEST_FILE:
        raise InvalidSetting(f"the configuration is larger than {_LARGEST_FILE} bytes")
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidSetting(f"this is not TOML: {error}"[:300]) from None


def _convert(table: dict[str, Any], folder: Path) -> EdgeConfig:
    if "folder" in table:
        raise InvalidSetting("Object contains unknown field `folder`")
    try:
        return msgspec.convert({**table, "folder": str(folder)}, EdgeConfig)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        what, place = (found["what"], found["place"] or None) if found else (str(error), None)
        raise InvalidSetting(what, place=place) from None


def _check_server(server: Server) -> None:
    try:
        parts = urlsplit(server.url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidSetting(f"{server.url!r} is no address: {error}", place="server.url") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise InvalidSetting(
            f"{server.url!r} is no server's address", place="server.url", remedy="write it as https://server.example"
        )
    if parts.scheme == "http" and not server.plain_http and not _is_loopback(host):
        raise InvalidSetting(
            "over http the API key travels in clear",
            place="server.url",
            remedy="use https, or set plain_http = true in a network that you trust",
        )
    if (server.key_file is None) == (server.key_env is None):
        raise InvalidSetting("exactly one of key_file and key_env is needed", place="server")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_reader(reader: Reader, place: str) -> None:
    named = [antenna for point in reader.read_points for antenna in point.antennas]
    everything_else = sum(not point.antennas for point in reader.read_points)
    if len(set(named)) < len(named) or everything_else > 1:
        raise InvalidSetting(
            "two read points share an antenna",
            place=f"{place}.read_points",
            remedy="give each read point antennas of its own",
        )
    if len({point.read_point for point in reader.read_points}) < len(reader.read_points):
        raise InvalidSetting("two read points have one name", place=f"{place}.read_points")
    for number, point in enumerate(reader.read_points):
        _check_read_point(point, f"{place}.read_points[{number}]")


def _check_read_point(point: ReadPoint, place: str) -> None:
    """Refuse what would make every event of this read point a dead one: found now, not in a year's outbox."""
    _checked(f"{place}.cleaning", lambda: Cleaner("", "", point.cleaning, str))
    _checked(f"{place}.read_point", lambda: _check_location(point.read_point))
    if point.biz_location is not None:
        _checked(f"{place}.biz_location", lambda: _check_location(point.biz_location or ""))
    if point.kind == "aggregation" and point.parent not in SCHEMES:
        raise InvalidSetting(f"{point.parent!r} is no EPC scheme", place=f"{place}.parent", remedy='such as "sscc"')
    _checked(place, lambda: _check_events(point))


def _check_location(uri: str) -> None:
    if kind_of(name_of(uri).class_key) not in ("location", "other"):
        raise InvalidSetting(f"{uri!r} is not a place", remedy="name an SGLN, such as urn:epc:id:sgln:0614141.00777.0")


def _check_events(point: ReadPoint) -> None:
    """Bind a passage of one made-up item, and read the event as the server will."""
    item = Observation("", "", "3034257BF7194E4000001A85", "urn:epc:id:sgtin:0614141.812345.6789", 0, 0, 1, None, ())
    events = bind(Passage("", 0, 0, (item,), Tally()), point, 0).events
    try:
        read_document(document(events, 0), Limits())
    except InvalidDocument as error:
        detail = f"makes an event that no server takes: {(error.place or '').rpartition('/')[2]}: {error.detail}"
        raise InvalidSetting(detail, remedy=error.remedy) from None


def _checked(place: str, check: Callable[[], object]) -> None:
    """Run a check; what it refuses is refused as a setting, at ``place``."""
    try:
        check()
    except InvalidInput as error:
        raise InvalidSetting(error.detail, place=place, remedy=error.remedy) from None


def _tls_context(folder: Path, ca_file: str | None, whose: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(folder / ca_file) if ca_file else None)
    except (OSError, ValueError) as error:
        raise InvalidSetting(f"ca_file of {whose} can't be used: {error}", remedy="name a PEM file") from None
