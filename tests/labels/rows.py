"""At least one row in every table of labels, through the operations of the writer."""

from __future__ import annotations

from typing import Any

from tests.trace.scribe import Scribe

from suyuan.labels.allocation import LabelsAllocated
from suyuan.labels.batches import Batch, LabelState, Level, LevelPlan, SerialStyle
from suyuan.labels.marking import LabelsMarked, Tag
from suyuan.labels.opening import BatchOpened
from suyuan.labels.tag_job_operations import JobMoved, JobOpened, TagIntended, TagSettled
from suyuan.labels.tag_jobs import JobState
from suyuan.labels.tag_writing import Fate


def print_some(scribe: Scribe, actor: str, party: str) -> None:
    """A batch with one label of a scale, written to a tag, and four plain ones: one in each state."""
    plan = LevelPlan(Level.ITEM, "09506000134352", 1)
    batch = Batch(
        id="B1", index=0, party=party, gtin=plan.gtin, lot="L", production_date="2026-11-21", expiration_date="",
        best_before_date="", site="https://id.gs1.org/414/9506000000015", levels=[plan],
        serials=SerialStyle.NUMERIC, design="", opened="", opened_by=actor,
    )  # fmt: skip
    who: Any = {"actor": actor, "party": party}
    scribe.call("label-batch-opened", BatchOpened(**who, request="r", batch=batch))
    one: Any = {"batch": "B1", "level": Level.ITEM}
    cut: Any = {"count": 1, "request": "r", "kilograms": ["0.5"], "parent": "urn:x:y"}
    scribe.call("labels-allocated", LabelsAllocated(**who, **one, **cut))
    scribe.call("labels-allocated", LabelsAllocated(**who, **one, count=4, request="s"))
    _write_tag(scribe, who, one)
    _mark(scribe, who, one, LabelState.PRINTED, (1, 4), tags=[Tag(1, "E280", False)])
    _mark(scribe, who, one, LabelState.APPLIED, (2, 2))
    _mark(scribe, who, one, LabelState.VOIDED, (3, 3), reason="smeared")


def _write_tag(scribe: Scribe, who: Any, one: Any) -> None:
    """A job that writes the first label."""
    job: Any = {"ranges": [(1, 1)], "writer": "w", "design": "", "lock": False, "rewrite": False, "attempts": 3}
    scribe.call("tag-job-opened", JobOpened(**who, **one, id="T1", request="r", **job))
    scribe.call("tag-job-moved", JobMoved(**who, job="T1", state=JobState.RUNNING, reason=""))
    scribe.call("tag-intended", TagIntended(**who, job="T1", number=1, tid="E280"))
    settled: Any = {"attempt": 1, "fate": Fate.WRITTEN, "tid": "E280", "locked": False, "reason": ""}
    scribe.call("tag-settled", TagSettled(**who, job="T1", number=1, **settled))


def _mark(scribe: Scribe, who: Any, one: Any, state: LabelState, numbers: tuple[int, int], **more: Any) -> None:
    scribe.call("labels-marked", LabelsMarked(**who, **one, state=state, ranges=[numbers], zone=480, **more))
