"""What every device that writes tags keeps: readers and printers pass the same tests, over real TCP."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.labels.tag_benches import Fault, TagBench, a_bench, zpl_of

from suyuan.base.errors import Unavailable
from suyuan.labels.tag_writing import Fate, TagOrder, TagResult, TagWriter

KINDS = ("reader", "printer")
EPC = "3034257BF400000000000001"
OTHER = "3034257BF400000000000002"


async def written(writer: TagWriter, epc: str) -> TagResult:
    """One tag, as a job writes it."""
    ready = await writer.ready()
    assert ready.ready, ready.reason
    return await writer.write(TagOrder(epc, ready.tid, zpl=zpl_of(epc) if writer.prints else ""))


def on_tags(bench: TagBench, epc: str) -> list[str]:
    return [tid for tid, holds in bench.epcs() if holds == epc]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_good_tag_is_written_and_read_back_with_its_chip(kind: str, tmp_path: Path) -> None:
    async with a_bench(kind, tmp_path, ["good", "good"]) as bench:
        writer = bench.connect()
        first, second = await written(writer, EPC), await written(writer, OTHER)
        assert (first.fate, second.fate) == (Fate.WRITTEN, Fate.WRITTEN)
        assert (first.epc, second.epc) == (EPC, OTHER)
        assert bench.epcs() == [(first.tid, EPC), (second.tid, OTHER)]
        assert first.tid != second.tid
        await writer.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["bad", "silent", "cut_before", "cut"])
async def test_a_fate_is_never_better_than_the_truth(kind: str, fault: Fault, tmp_path: Path) -> None:
    """Written means on that tag, absent means on none; the next tag is written well."""
    async with a_bench(kind, tmp_path, [fault, "good", "good"]) as bench:
        writer = bench.connect()
        result = await written(writer, EPC)
        if result.fate is Fate.UNKNOWN:
            result = await writer.check(EPC, result.tid)
        if result.fate is Fate.WRITTEN:
            assert on_tags(bench, EPC) == [result.tid]
        if result.fate is Fate.ABSENT:
            assert on_tags(bench, EPC) == []
        assert kind == "printer" or result.fate is not Fate.UNKNOWN
        assert result.reason or result.fate is Fate.WRITTEN
        if kind == "reader" and fault == "cut_before":
            assert (await written(writer, EPC)).fate is Fate.WRITTEN
        assert (await written(writer, OTHER)).fate is Fate.WRITTEN
        await writer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_that_is_off_is_not_ready_and_works_when_it_is_on_again(kind: str, tmp_path: Path) -> None:
    async with a_bench(kind, tmp_path, ["good"]) as bench:
        writer = bench.connect()
        assert (await writer.ready()).ready
        await bench.off()
        for _ in range(2):
            ready = await writer.ready()
            assert not ready.ready
            assert ready.reason
        with pytest.raises(Unavailable):
            await writer.write(TagOrder(EPC, "E2" * 12, zpl=zpl_of(EPC)))
        assert bench.epcs() == []
        await bench.on()
        assert (await written(writer, EPC)).fate is Fate.WRITTEN
        await writer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_epc_that_was_never_written_is_nowhere_to_be_found(kind: str, tmp_path: Path) -> None:
    async with a_bench(kind, tmp_path, ["good"]) as bench:
        writer = bench.connect()
        assert (await writer.check(EPC, "E2" * 12)).fate is Fate.UNKNOWN
        await writer.close()
        await writer.close()
