"""The server's settings: one frozen value from flags, environment (``SUYUAN_...``) and a TOML file, in that order."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from suyuan.base.errors import InvalidSetting

#: Prefix of every environment variable that is a setting.
PREFIX = "SUYUAN_"
#: Environment variables with the prefix that are not settings of the server.
_NOT_SETTINGS = {
    "SUYUAN_CONFIG",
    "SUYUAN_SHARED",
    "SUYUAN_KEY",
    "SUYUAN_SERVER",
    "SUYUAN_TAG_PASSWORD",
    "SUYUAN_ADMIN_KEY",
}


#: Settings of which nothing less than 1 makes sense.
_POSITIVE = (
    "max_body_bytes", "max_events", "large_document_bytes", "max_document_bytes", "max_document_events", "spool_bytes",
    "body_seconds",
)  # fmt: skip


#: Most API processes of one server.
MOST_WORKERS = 64


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything about a server that a person may choose."""

    #: Folder of the embedded database, keys, the log's last note and run files.
    data: Path = Path("suyuan-data")
    #: Database URL; empty means SQLite in the data folder.
    database: str = ""
    #: Address to listen on; this machine only, unless a proxy that speaks HTTPS stands before it.
    host: str = "127.0.0.1"
    #: TCP port to listen on; 0 takes a free one.
    port: int = 8000
    #: API processes behind that port. More than one need PostgreSQL, where each has a writer of its own.
    workers: int = 1
    #: Address under which shoppers reach this server; printed in QR codes. Empty means http://host:port.
    public_url: str = ""
    #: Name of the log in its checkpoints: a schema-less URL that this operator controls (C2SP tlog-checkpoint).
    origin: str = "suyuan.example/log"
    #: File with the lengths of GS1 company prefixes: GS1's list, or this firm's own prefixes, one a line.
    company_prefixes: str = ""
    #: Folder of profiles, which hold events to more than the standard does (docs/how-to/profiles.md); empty means none.
    profiles: str = ""
    #: Largest request body in bytes.
    max_body_bytes: int = 32 * 1024 * 1024
    #: Most events of a document that is captured while its sender waits; one with more is captured in the background.
    max_events: int = 10_000
    #: Most bytes of a document that is captured while its sender waits; a larger one is captured in the background.
    large_document_bytes: int = 8 * 1024 * 1024
    #: Largest document in bytes, unpacked.
    max_document_bytes: int = 1024 * 1024 * 1024
    #: Most events in one document.
    max_document_events: int = 5_000_000
    #: Most bytes of all documents together that wait to be captured in the background.
    spool_bytes: int = 8 * 1024 * 1024 * 1024
    #: Seconds in which a document must have come in.
    body_seconds: int = 3_600
    #: TOML file of the readers and printers that write tags (docs/reference/tag-writers.md); empty means none.
    tag_writers: str = ""
    #: Networks that reports of subscriptions may go to beside public addresses, such as ``10.0.0.0/8, fd00::/8``. A
    #: server for this machine only (``host`` is loopback and ``public_url`` empty) may call this machine, too.
    webhook_networks: str = ""
    #: ``json`` or ``console``.
    log_format: str = "console"
    #: ``debug``, ``info``, ``warning`` or ``error``.
    log_level: str = "info"

    @property
    def own_machine(self) -> bool:
        """Whether only programs of this machine reach the server."""
        return not self.public_url and (self.host in {"localhost", "::1"} or self.host.startswith("127."))

    def base_url(self) -> str:
        """Where shoppers reach this server, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def load_settings(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Settings from flags (None means not given), over the environment, over the TOML file, over the defaults."""
    environment = os.environ if environment is None else environment
    file = file or (Path(environment["SUYUAN_CONFIG"]) if environment.get("SUYUAN_CONFIG") else None)
    values: dict[str, Any] = {**_from_file(file), **_from_environment(environment)}
    values |= {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise InvalidSetting(str(error), remedy="see docs/reference/settings.md") from None
    return _checked(settings)


def _decode(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise TypeError(f"expected {kind.__name__.lower()}, got {type(value).__name__}")  # msgspec adds where


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(f"cannot read it: {error.strerror}", place=str(file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"not a TOML file: {error}", place=str(file)) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    given = {name for name in environment if name.startswith(PREFIX)} - _NOT_SETTINGS
    known = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}
    unknown = sorted(given - set(known))
    if unknown:
        raise InvalidSetting("there is no such setting", place=unknown[0], remedy=f"known: {', '.join(sorted(known))}")
    return {known[name]: environment[name] for name in sorted(given)}


def _checked(settings: Settings) -> Settings:
    if not 0 <= settings.port <= 65535:
        raise InvalidSetting(f"port {settings.port} is not between 0 and 65535", place="port")
    if not 1 <= settings.workers <= MOST_WORKERS:
        raise InvalidSetting(f"{settings.workers} is not between 1 and {MOST_WORKERS}", place="workers")
    if settings.log_format not in {"json", "console"}:
        raise InvalidSetting(f"{settings.log_format!r} is neither json nor console", place="log_format")
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        raise InvalidSetting(f"{settings.log_level!r} is not a log level", place="log_level")
    for name in _POSITIVE:
        if getattr(settings, name) < 1:
            raise InvalidSetting("must be at least 1", place=name)
    return settings
