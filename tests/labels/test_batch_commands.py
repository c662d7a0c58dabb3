"""`suyuan labels`: a batch from the order to food on the command line, with exit codes that scripts can trust."""

from __future__ import annotations

import json

import pytest
from tests.serving import Service, run
from typer.testing import CliRunner

from suyuan.app.commands.labels import app
from suyuan.base.errors import SuyuanError, Unavailable
from suyuan.gs1.keys import GLN, GTIN

PARTY = GLN.from_body("061414177700").value
ITEM, CASE = GTIN.from_body("0061414177701").value, GTIN.from_body("1061414177701").value


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    """The key of a producer with a site and two products."""
    party = f"(417){PARTY}"
    data = {
        "sites": [{"id": f"(414){GLN.from_body('061414177701').value}", "name": {"en": "Plant"}, "party": party}],
        "products": [{"id": f"(01){gtin}", "name": {"en": "Ham"}, "party": party} for gtin in (ITEM, CASE)],
    }
    assert service.call("PUT", "/api/v1/masterdata", "administrator", json=data).status_code == 200
    return str(service.new_key("producer", party)["key"])


def test_a_batch_goes_from_the_order_to_food(service: Service, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.app.commands.labels._PAGE", 3)

    def labels(*words: str) -> str:
        done = CliRunner().invoke(app, [*words], env={"SUYUAN_SERVER": service.url, "SUYUAN_KEY": key})
        if isinstance(done.exception, SuyuanError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    order = ("batch", "open", "--gtin", ITEM, "--lot", "C1", "--quantity", "6", "--made", "2026-11-21")
    packing = ("--case-gtin", CASE, "--case-holds", "3", "--pallet-prefix", "0614141", "--pallet-holds", "2")
    batch = labels(*order, *packing).strip()
    assert labels("allocate", batch, "--count", "4") == "item labels 1-4\n"
    cases = labels("allocate", batch, "--count", "1", "--level", "case", "--json")
    assert json.loads(cases) == {"batch": batch, "level": "case", "first": 1, "count": 1, "numbers": "1"}
    assert labels("mark", batch, "--numbers", "1-4") == "4 printed, 0 were before\n"
    labels("mark", batch, "--numbers", "1", "--level", "case")
    labels("void", batch, "--numbers", "4", "--reason", "jam")
    applied = labels("apply", batch, "--numbers", "1-3", "--time", "2026-11-21T12:00:00+08:00", "--json")
    assert json.loads(applied)["changed"] == 3
    labels("apply", batch, "--level", "case", "--numbers", "1", "--contents", "1-3")
    found = [json.loads(line) for line in labels("batch", "labels", batch).splitlines()]
    assert [label["state"] for label in found] == ["applied", "applied", "applied", "voided"]
    assert found[3]["reason"] == "jam"
    shown = json.loads(labels("batch", "show", batch, "--json"))
    assert [counts["applied"] for counts in shown["counts"]] == [3, 1, 0]
    assert batch in labels("batch", "list")
    assert json.loads(labels("batch", "list", "--json").splitlines()[0]) == shown
    (voided,) = labels("batch", "labels", batch, "--state", "voided").splitlines()
    assert json.loads(voided) == found[3]
    with pytest.raises(SuyuanError, match="was voided"):
        labels("apply", batch, "--numbers", "4")
    assert labels(*order, "--lot", "C3", "--request", "r", "--json") == labels(
        *order, "--lot", "C3", "--request", "r", "--json"
    )
    other = labels(*(word.replace("C1", "C2") for word in order)).strip()
    piece = json.loads(labels("relabel", other, "--parent", found[0]["epc"], "--kilograms", "0.125"))
    assert (piece["kilograms"], piece["parent"]) == ("0.125", found[0]["epc"])


def test_a_refusal_is_one_line_and_exit_code_2(service: Service, key: str) -> None:
    done = run("labels", "mark", "B0", "--numbers", "1", SUYUAN_SERVER=service.url, SUYUAN_KEY=key)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no batch" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("batch", "show", "../keys"), "see /docs"),
        (("batch", "open", "--gtin", ITEM[1:], "--lot", "C", "--quantity", "1", "--made", "2026-11-21"), "enter"),
    ],
)
def test_what_is_refused_says_why(service: Service, key: str, words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, [*words], env={"SUYUAN_SERVER": service.url, "SUYUAN_KEY": key})
    assert isinstance(done.exception, SuyuanError)
    assert said in str(done.exception)


def test_no_server_is_said_so_and_may_work_later() -> None:
    done = CliRunner().invoke(app, ["allocate", "B0", "--count", "1", "--server", "http://127.0.0.1:9"])
    assert isinstance(done.exception, Unavailable)
    assert "does not answer" in str(done.exception)
