"""``suyuan emulate``: the readers and printers of one configuration file, in one process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from suyuan.base.errors import InvalidSetting
from suyuan.labels.emulated_printer import EmulatedPrinter, EmulatedPrinterConfig
from suyuan.readers.emulator import run_emulator
from suyuan.readers.script import EmulatorConfig, config_of, read_file

_HOST = "127.0.0.1"


def emulate(path: Path) -> None:
    """Run what a file describes until SIGTERM or SIGINT. Raises `InvalidSetting`."""
    raw = read_file(path)
    printers = _printers(raw, path)
    only_printers = bool(printers) and "readers" not in raw
    config = None if only_printers else config_of(raw, path)
    host = str(raw.get("host", _HOST))
    with suppress(asyncio.CancelledError):
        asyncio.run(_until_signal(config, printers, host))


def _printers(raw: Any, path: Path) -> tuple[EmulatedPrinterConfig, ...]:
    """The printers of a file, which are taken out of it."""
    found = raw.pop("printers", ()) if isinstance(raw, dict) else ()
    try:
        printers = msgspec.convert(found, tuple[EmulatedPrinterConfig, ...])
    except msgspec.ValidationError as error:
        raise InvalidSetting(str(error), place=f"{path}: printers", remedy="correct that key") from None
    names = [printer.name for printer in printers]
    if len(set(names)) < len(names):
        twice = min(name for name in names if names.count(name) > 1)
        raise InvalidSetting(f"name {twice} is given to two printers", place=f"{path}: printers")
    return printers


async def _until_signal(config: EmulatorConfig | None, printers: tuple[EmulatedPrinterConfig, ...], host: str) -> None:
    work = asyncio.ensure_future(_run(config, printers, host))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    await work


async def _run(config: EmulatorConfig | None, printers: tuple[EmulatedPrinterConfig, ...], host: str) -> None:
    log = structlog.get_logger()

    def ready(ports: Mapping[str, int]) -> None:
        log.info("readers listen", ports=dict(ports))

    running = [EmulatedPrinter(printer) for printer in printers]
    try:
        if running:
            log.info("printers listen", ports={printer.config.name: await printer.listen(host) for printer in running})
        await (run_emulator(config, ready) if config else asyncio.Event().wait())
    finally:
        await asyncio.gather(*(printer.stop() for printer in running))
