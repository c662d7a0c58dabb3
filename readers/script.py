"""What emulated readers will see: the emulator's configuration, and the reads that follow from it.

Times are scenario time, microseconds since 1970 UTC. All chance comes from a seed made of the script's seed, the
reader's name and the passage's number, so a passage gives the same reads however often it is replayed.
"""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from suyuan.base.errors import InvalidSetting
from suyuan.readers.reads import TagRead

#: Hex of 16 to 496 bits in whole words, the sizes a Gen2 tag's EPC bank can have.
Epc = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9A-Fa-f]{4}){1,31}$")]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Time = Annotated[int, msgspec.Meta(ge=0, le=7_258_118_400_000_000)]
#: A stray tag stands beside the gate: so many dB weaker than the tags that pass.
STRAY_LOSS_DB = 20.0
#: Weaker than this no reader hears a tag; stronger it isn't (dBm).
FAINTEST, LOUDEST = -90, -20


class Passage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tags that pass the reader together; the order of the antennas is the direction."""

    at_us: Time
    duration_us: Annotated[int, msgspec.Meta(ge=1, le=86_400_000_000)]
    tags: tuple[Epc, ...]
    antennas: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=4)], ...], msgspec.Meta(min_length=1)] = (1,)


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that goes wrong once, in the middle of a passage (numbered from 0).

    ``cut`` ends the connection inside a frame, ``garbage`` sends what isn't LLRP, ``parameter`` a well-framed report
    with a malformed parameter, ``silence`` nothing any more until the client gives the connection up.
    """

    passage: Annotated[int, msgspec.Meta(ge=0)]
    kind: Literal["cut", "garbage", "parameter", "silence"]


class FieldTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag that can be written. ``faults`` happen to the writes of its EPC, one each, in this order.

    ``weak``: too little power, nothing is written. ``half``: half of it is written, then the tag is silent.
    ``silent``: all is written, but the tag doesn't answer. ``leaves``: all is written and the tag is taken away.
    ``cut_before`` and ``cut``: the connection ends before or after the write. ``lock``: too little power to lock.
    """

    tid: Annotated[str, msgspec.Meta(pattern=r"^E2(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{22})$")]
    epc: Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9A-Fa-f]{4}){1,8}$")] = "0" * 24
    locked: bool = False
    password: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{8}$")] = "00000000"  # noqa: S105  as tags leave the factory
    antenna: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    faults: tuple[Literal["weak", "half", "silent", "leaves", "cut_before", "cut", "lock"], ...] = ()


class ReaderScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One emulated reader and its life.

    ``miss_rate``: probability that a tag isn't read at all in a passage. ``reads_per_tag``: mean number of reads of a
    tag that is. ``strays`` are read once, weakly, with probability ``stray_rate`` each. ``pace``: real seconds from
    one passage to the next, 0 as fast as they are acknowledged. Port 0 lets the system choose.

    ``presented`` makes it a reader at a packing table instead, which writes tags: groups of tags that lie before its
    antennas, one group after the other. It has no passages then.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)]
    seed: int = 0
    passages: tuple[Passage, ...] = ()
    miss_rate: Rate = 0.0
    reads_per_tag: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 3
    strays: tuple[Epc, ...] = ()
    stray_rate: Rate = 0.0
    rssi_mean: Annotated[float, msgspec.Meta(ge=FAINTEST, le=LOUDEST)] = -52.0
    rssi_sd: Annotated[float, msgspec.Meta(ge=0, le=40)] = 4.0
    pace: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    faults: tuple[Fault, ...] = ()
    presented: tuple[tuple[FieldTag, ...], ...] = ()


class EmulatorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All readers of one emulator process. ``state_file`` keeps how far each has come."""

    readers: Annotated[tuple[ReaderScript, ...], msgspec.Meta(min_length=1)]
    state_file: Annotated[str, msgspec.Meta(min_length=1)]
    host: str = "127.0.0.1"


def load_config(path: Path) -> EmulatorConfig:
    """The configuration in a TOML or JSON file, as `config_of` reads it. Raises `InvalidSetting` with the file."""
    return config_of(read_file(path), path)


def read_file(path: Path) -> Any:
    """What stands in a TOML or JSON file. Raises `InvalidSetting`."""
    try:
        text = path.read_bytes().decode()
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InvalidSetting(f"cannot be read: {error.strerror}", place=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise InvalidSetting(f"neither TOML nor JSON: {error}", place=str(path)) from None


def config_of(raw: Any, path: Path) -> EmulatorConfig:
    """The configuration that stands in the file at *path*; a relative ``state_file`` lies beside it.

    Raises `InvalidSetting` with the file and the key.
    """
    try:
        config = msgspec.convert(raw, EmulatorConfig)
    except msgspec.ValidationError as error:
        raise InvalidSetting(str(error), place=str(path), remedy="correct that key") from None
    _check(config, path)
    return msgspec.structs.replace(config, state_file=str(path.parent / config.state_file))


def _check(config: EmulatorConfig, path: Path) -> None:
    """What types can't say: names and ports occur once, a reader's clock doesn't run backwards."""
    names = [script.name for script in config.readers]
    ports = [str(script.port) for script in config.readers if script.port]
    for what, found in (("name", names), ("port", ports)):
        if len(set(found)) < len(found):
            twice = min(item for item in found if found.count(item) > 1)
            raise InvalidSetting(f"{what} {twice} is given to two readers", place=f"{path}: readers")
    for at, script in enumerate(config.readers):
        if script.passages and script.presented:
            place = f"{path}: readers[{at}].presented"
            raise InvalidSetting("a reader has passages or tags to write, not both", place=place)
        for number, (one, after) in enumerate(zip(script.passages, script.passages[1:], strict=False), 1):
            if one.at_us + one.duration_us > after.at_us:
                place = f"{path}: readers[{at}].passages[{number}].at_us"
                raise InvalidSetting("a passage begins before the one before it has ended", place=place)


def scenario_time(script: ReaderScript, recorded: int) -> int:
    """The reader's clock when so many passages are over: the next one's beginning, or the last one's end."""
    if recorded < len(script.passages):
        return script.passages[recorded].at_us
    return script.passages[-1].at_us + script.passages[-1].duration_us if script.passages else 0


def passage_reads(script: ReaderScript, number: int) -> list[TagRead]:
    """The reads of one passage, by time."""
    passage = script.passages[number]
    chance = random.Random(f"{script.seed}/{script.name}/{number}")
    reads: list[TagRead] = []
    for tag in passage.tags:
        if chance.random() >= script.miss_rate:
            count = chance.randint(1, 2 * script.reads_per_tag - 1)
            reads += [_read(script, passage, tag, script.rssi_mean, chance) for _ in range(count)]
    for tag in script.strays:
        if chance.random() < script.stray_rate:
            reads.append(_read(script, passage, tag, script.rssi_mean - STRAY_LOSS_DB, chance))
    return sorted(reads, key=lambda read: (read.first_us, read.epc, read.antenna))


def _read(script: ReaderScript, passage: Passage, tag: str, rssi_mean: float, chance: random.Random) -> TagRead:
    """One sighting somewhere on the way past the antennas."""
    way = chance.random()
    antenna = passage.antennas[int(way * len(passage.antennas))]
    at_us = passage.at_us + int(way * passage.duration_us)
    rssi = min(max(round(chance.gauss(rssi_mean, script.rssi_sd)), FAINTEST), LOUDEST)
    return TagRead(script.name, antenna, tag.upper(), at_us, at_us, float(rssi), 1)
