"""The emulator's configuration, and reads that follow from it and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidSetting
from suyuan.readers.script import Passage, ReaderScript, load_config, passage_reads, scenario_time

TAG = "3034257BF400000000000001"
GOOD = """
state_file = "state.json"
[[readers]]
name = "gate"
port = 5084
[[readers.passages]]
at_us = 1000
duration_us = 500
tags = ["3034257BF400000000000001"]
"""


def a_file(folder: Path, text: str, name: str = "emulator.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml = load_config(a_file(tmp_path, GOOD))
    passage = {"at_us": 1000, "duration_us": 500, "tags": [TAG]}
    raw = {"state_file": "state.json", "readers": [{"name": "gate", "port": 5084, "passages": [passage]}]}
    assert load_config(a_file(tmp_path, json.dumps(raw), "emulator.json")) == toml
    assert toml.state_file == str(tmp_path / "state.json")
    assert toml.readers[0].passages[0].antennas == (1,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("port = 5084", "port = 99999"), r"readers\[0\].port"),
        (GOOD.replace("port = 5084", "port = 5084\ncolour = 1"), "colour"),
        (GOOD.replace('name = "gate"\n', ""), "name"),
        (GOOD.replace("0000001", "000000G"), r"tags\[0\]"),
        (GOOD + GOOD.split("\n", 2)[2], "name gate is given to two readers"),
        (GOOD + GOOD.split("\n", 2)[2].replace("gate", "other"), "port 5084 is given to two readers"),
        (GOOD + GOOD[GOOD.index("[[readers.passages") :], r"passages\[1\].at_us.*before the one before it"),
        ("= 3", "neither TOML nor JSON"),
        ("readers = []\nstate_file = 's'", "readers"),
    ],
)
def test_a_wrong_configuration_names_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidSetting, match=words) as caught:
        load_config(a_file(tmp_path, text))
    assert "emulator.toml" in str(caught.value)


def test_files_that_cannot_be_read_are_settings_that_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_config(tmp_path / "nowhere.toml")
    with pytest.raises(InvalidSetting, match="neither"):
        load_config(a_file(tmp_path, "[" * 100_000, "deep.json"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidSetting, match="neither"):
        load_config(tmp_path / "bytes.toml")


scripts = st.builds(
    ReaderScript,
    name=st.text(min_size=1, max_size=5),
    port=st.just(0),
    seed=st.integers(0, 9),
    passages=st.lists(
        st.builds(
            Passage,
            at_us=st.integers(0, 10**15),
            duration_us=st.integers(1, 10**7),
            tags=st.lists(st.integers(0, 99).map(lambda n: f"{n:024X}"), max_size=8, unique=True).map(tuple),
            antennas=st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    miss_rate=st.floats(0, 1),
    reads_per_tag=st.integers(1, 6),
    strays=st.just(("F" * 24,)),
    stray_rate=st.floats(0, 1),
)


@settings(max_examples=80, deadline=None)
@given(scripts)
def test_a_passage_gives_the_same_reads_every_time_and_only_what_the_script_allows(script: ReaderScript) -> None:
    passage, reads = script.passages[0], passage_reads(script, 0)
    assert reads == passage_reads(script, 0)
    assert [read.first_us for read in reads] == sorted(read.first_us for read in reads)
    for read in reads:
        assert passage.at_us <= read.first_us == read.last_us < passage.at_us + passage.duration_us
        assert read.epc in {*passage.tags, *script.strays}
        assert read.antenna in passage.antennas
        assert read.rssi is not None
        assert -90 <= read.rssi <= -20


def test_without_misses_every_tag_is_read_and_with_all_misses_none() -> None:
    tags = tuple(f"{number:024X}" for number in range(50))
    passages = (Passage(0, 1000, tags, (1, 2)), Passage(2000, 1000, tags, (2, 1)))
    script = ReaderScript("gate", 0, passages=passages, reads_per_tag=4)
    for number in (0, 1):
        assert {read.epc for read in passage_reads(script, number)} == set(tags)
    assert passage_reads(ReaderScript("gate", 0, passages=passages, miss_rate=1.0), 0) == []
    assert 100 <= len(passage_reads(script, 0)) <= 300


def test_the_order_of_antennas_is_the_direction() -> None:
    script = ReaderScript("gate", 0, passages=(Passage(0, 1000, (TAG,), (2, 1)),), reads_per_tag=200)
    antennas = [read.antenna for read in passage_reads(script, 0)]
    assert antennas == sorted(antennas, reverse=True)
    assert set(antennas) == {1, 2}


def test_strays_are_weak() -> None:
    script = ReaderScript(
        "gate", 0, passages=(Passage(0, 10, (TAG,)),), strays=("F" * 24,), stray_rate=1.0, rssi_sd=0.0
    )
    strength = {read.epc: read.rssi for read in passage_reads(script, 0)}
    assert strength == {TAG: -52.0, "F" * 24: -72.0}


def test_scenario_time_is_that_of_the_next_passage() -> None:
    script = ReaderScript("gate", 0, passages=(Passage(10, 5, ()), Passage(100, 5, ())))
    assert [scenario_time(script, recorded) for recorded in (0, 1, 2)] == [10, 100, 105]
    assert scenario_time(ReaderScript("gate", 0), 0) == 0


def test_the_documented_example_loads(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "emulator.md"
    example = page.read_text().split("```toml\n")[1].split("```")[0]
    config = load_config(a_file(tmp_path, example))
    documented = msgspec.to_builtins(config.readers[0])
    assert documented.keys() == set(ReaderScript.__struct_fields__)
    assert all(f"{key} =" in example or f"readers.{key}" in example for key in documented)
