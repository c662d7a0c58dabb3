"""Cleaning: same reads, same observations; strays go, nothing accepted is lost."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier, InvalidSetting
from suyuan.gs1.tag_forms import epc_of_tag
from suyuan.readers.cleaning import Cleaner, CleaningSettings, Passage
from suyuan.readers.reads import Moment, MomentKind, TagRead

SECOND = 1_000_000


def decode(epc: str) -> str:
    """A readable stand-in for the tag codec, which has its own tests: 30 is an SGTIN, 31 an SSCC, EE is no EPC."""
    if epc.startswith("EE"):
        raise InvalidIdentifier("no EPC")
    scheme = {"30": "sgtin", "31": "sscc"}.get(epc[:2], "grai")
    return f"urn:epc:id:{scheme}:{epc[2:]}"


def cleaner(**changes: object) -> Cleaner:
    return Cleaner("gate", "door", CleaningSettings(**changes), decode)  # type: ignore[arg-type]


def moment(kind: MomentKind, time_us: int) -> Moment:
    return Moment("gate", time_us, kind)


def read(epc: str, at: int, *, antenna: int = 1, rssi: float | None = -50.0, count: int = 1) -> TagRead:
    return TagRead("gate", antenna, epc, at, at, rssi, count)


def passage(machine: Cleaner, reads: list[TagRead], start: int = 0, end: int = 10 * SECOND) -> Passage:
    assert machine.advance(moment("rospec_start", start)) == []
    for one in reads:
        machine.feed(one)
    (only,) = machine.advance(moment("rospec_end", end))
    return only


epcs = st.sampled_from([f"{header}{n:02X}" for header in ("30", "31", "33", "EE") for n in range(6)])
reads_of_a_passage = st.lists(
    st.builds(
        TagRead,
        st.just("gate"),
        st.integers(1, 4),
        epcs,
        st.integers(0, 5 * SECOND),
        st.integers(5 * SECOND, 9 * SECOND),
        st.none() | st.sampled_from([-80.0, -60.0, -40.0]),
        st.integers(1, 5),
    ),
    max_size=40,
)


@given(reads_of_a_passage, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_arrival_inside_a_passage_does_not_matter(reads: list[TagRead], chance: random.Random) -> None:
    shuffled = list(reads)
    chance.shuffle(shuffled)
    rules = {"min_reads": 3, "min_rssi": -70.0, "accept": ("sgtin", "sscc", "33")}
    assert passage(cleaner(**rules), reads) == passage(cleaner(**rules), shuffled)


@given(reads_of_a_passage)
@settings(max_examples=60)
def test_no_accepted_tag_is_lost_and_every_tag_is_counted_once(reads: list[TagRead]) -> None:
    result = passage(cleaner(), reads)
    assert {seen.epc_hex for seen in result.observations} == {r.epc for r in reads if not r.epc.startswith("EE")}
    strict = passage(cleaner(min_reads=4, min_rssi=-60.0, accept=("sgtin",)), reads).tally
    assert strict.tag_reads == len(reads)
    counted = strict.observations + strict.strays + strict.masked + strict.repeats + strict.undecodable
    assert counted == len({r.epc for r in reads})


@given(reads_of_a_passage)
@settings(max_examples=60)
def test_reading_everything_twice_observes_the_same_things(reads: list[TagRead]) -> None:
    once = passage(cleaner(), reads).observations
    twice = passage(cleaner(), reads + reads).observations
    assert [(o.epc_uri, o.first_us, o.last_us, o.rssi, o.antennas) for o in once] == [
        (o.epc_uri, o.first_us, o.last_us, o.rssi, o.antennas) for o in twice
    ]


@given(reads_of_a_passage)
@settings(max_examples=40)
def test_a_second_passage_within_the_dedupe_window_repeats_nothing(reads: list[TagRead]) -> None:
    machine = cleaner(dedupe_seconds=60)
    first = passage(machine, reads)
    second = passage(machine, reads, start=11 * SECOND, end=20 * SECOND)
    assert second.observations == ()
    assert second.tally.repeats == first.tally.observations


def test_the_dedupe_window_forgets() -> None:
    machine = cleaner(dedupe_seconds=60)
    passage(machine, [read("3001", SECOND)])
    later = passage(machine, [read("3001", 62 * SECOND)], start=61 * SECOND, end=63 * SECOND)
    assert [seen.epc_uri for seen in later.observations] == ["urn:epc:id:sgtin:01"]


def test_an_observation_tells_times_reads_best_signal_and_direction() -> None:
    reads = [
        read("3001", 3 * SECOND, antenna=2, rssi=-40.0, count=2),
        read("3001", 1 * SECOND, antenna=7, rssi=-60.0),
        read("3001", 5 * SECOND, antenna=1, rssi=None),
    ]
    (seen,) = passage(cleaner(), reads).observations
    assert (seen.reader, seen.read_point) == ("gate", "door")
    assert (seen.first_us, seen.last_us, seen.reads, seen.rssi) == (1 * SECOND, 5 * SECOND, 4, -40.0)
    assert seen.antennas == (7, 2, 1)


def test_undecodable_tags_are_counted_and_a_few_named() -> None:
    result = passage(cleaner(), [read(f"EE{n:02X}", n) for n in range(9)])
    assert result.tally.undecodable == 9
    assert result.undecodable == ("EE00", "EE01", "EE02", "EE03", "EE04")
    assert result.observations == ()


def test_an_empty_passage_is_a_passage() -> None:
    assert passage(cleaner(), []) == Passage("gate", 0, 10 * SECOND, (), passage(cleaner(), []).tally)


def test_a_passage_told_again_from_the_same_start_counts_once() -> None:
    machine = cleaner(min_reads=2)
    machine.advance(moment("rospec_start", 5))
    machine.feed(read("3001", 6))
    machine.advance(moment("disconnected", 6))
    machine.advance(moment("connected", 6))
    again = passage(machine, [read("3001", 6)], start=5)
    assert again.tally.tag_reads == 1
    assert again.tally.strays == 1


def test_another_start_closes_what_never_ended() -> None:
    machine = cleaner()
    machine.advance(moment("rospec_start", 5))
    machine.feed(read("3001", 6))
    (broken,) = machine.advance(moment("rospec_start", 7 * SECOND))
    assert (broken.start_us, broken.end_us, len(broken.observations)) == (5, 6, 1)


def test_reads_outside_any_bracket_are_not_lost() -> None:
    machine = cleaner()
    assert machine.advance(moment("rospec_end", 1)) == []
    machine.feed(read("3001", 6))
    assert machine.waiting
    assert machine.advance(2 * SECOND) == []
    (late,) = machine.advance(moment("keepalive", 3 * SECOND))
    assert len(late.observations) == 1
    assert not machine.waiting


def test_a_window_ends_after_the_gap_and_only_then() -> None:
    machine = cleaner(mode="window", gap_seconds=2, idle_seconds=5)
    machine.advance(moment("rospec_start", 0))
    machine.feed(read("3001", 1 * SECOND))
    machine.feed(read("3002", 3 * SECOND))
    assert machine.advance(moment("rospec_end", 4 * SECOND)) == []
    machine.feed(read("3003", 6 * SECOND))
    (first,) = machine.drain()
    assert [seen.epc_hex for seen in first.observations] == ["3001", "3002"]
    assert machine.idle(7 * SECOND) == []
    (second,) = machine.idle(8 * SECOND)
    assert [seen.epc_hex for seen in second.observations] == ["3003"]
    assert machine.idle(10 * SECOND) == []


def test_a_window_with_a_tag_that_stays_ends_all_the_same() -> None:
    machine = cleaner(mode="window", gap_seconds=2, longest_seconds=10)
    passages = []
    for second in range(30):
        machine.feed(read("3001", second * SECOND))
        passages += machine.drain()
    assert len(passages) == 2


def test_silence_does_not_end_what_the_reader_brackets() -> None:
    machine = cleaner()
    machine.advance(moment("rospec_start", 0))
    machine.feed(read("3001", 1))
    assert machine.idle(3600 * SECOND) == []
    assert machine.advance(3600 * SECOND) == []


@pytest.mark.parametrize("bracketed", [True, False])
def test_more_tags_than_memory_allows_make_several_passages(bracketed: bool) -> None:
    machine = cleaner(max_tags=10)
    if bracketed:
        machine.advance(moment("rospec_start", 0))
    for n in range(25):
        machine.feed(read(f"30{n:02X}", n))
    passages = machine.drain() + machine.advance(moment("rospec_end", 30))
    assert [len(one.observations) for one in passages] == [10, 10, 5]
    assert len({one.start_us for one in passages}) == (1 if bracketed else 3)


@given(reads_of_a_passage, st.integers(0, 40))
@settings(max_examples=40)
def test_a_passage_survives_a_stop_of_the_edge(reads: list[TagRead], cut: int) -> None:
    before, after = cleaner(), cleaner()
    before.advance(moment("rospec_start", 0))
    for one in reads[:cut]:
        before.feed(one)
    after.restore(before.snapshot())
    for one in reads[cut:]:
        after.feed(one)
    (result,) = after.advance(moment("rospec_end", 10 * SECOND))
    assert result == passage(cleaner(), reads)


@given(st.binary(max_size=80) | st.just(b"[" * 100_000))
@settings(max_examples=40)
def test_a_kept_state_of_any_bytes_is_taken_or_refused(state: bytes) -> None:
    with contextlib.suppress(InvalidSetting):
        cleaner().restore(state)


def test_a_mask_is_a_hex_prefix_or_a_scheme() -> None:
    reads = [read("3001", 1), read("3101", 1), read("3301", 1)]
    kept = passage(cleaner(accept=("SSCC", "33")), reads)
    assert [seen.epc_hex for seen in kept.observations] == ["3301", "3101"]
    assert kept.tally.masked == 1
    with pytest.raises(InvalidSetting, match="neither a hex prefix nor an EPC scheme"):
        cleaner(accept=("pallets",))


def test_a_scheme_masks_tags_that_are_told_as_links_too() -> None:
    machine = Cleaner("gate", "door", CleaningSettings(accept=("sscc",)), epc_of_tag)
    kept = passage(machine, [read("F90095201234567891235", 1), read("F700950600013435221A", 2), read("F9009520", 3)])
    assert [seen.epc_uri for seen in kept.observations] == ["https://id.gs1.org/00/095201234567891235"]
    assert (kept.tally.masked, kept.tally.undecodable) == (1, 1)


def test_what_is_no_epc_urn_has_no_scheme() -> None:
    machine = Cleaner("gate", "door", CleaningSettings(accept=("sgtin",)), lambda epc: "urn:x")
    assert passage(machine, [read("3001", 1)]).tally.masked == 1
