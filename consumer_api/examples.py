"""Examples for the API documentation; `tests/consumer_api` shows that the documents have these fields."""

from __future__ import annotations

from typing import Any

from suyuan.base.api_schema import PROBLEM_EXAMPLE

GTIN = "09506000134352"
SSCC = "095060001343529997"
GLN = "9506000134376"
GRAI = "009506000134369CRATE1"
_EVENT_ID = "ni:///sha-256;df1eb5abdcbcf5d2d6a1f2a4a1e8d8f6c3b1b9a0d3c2e1f0a9b8c7d6e5f4a3b2?ver=CBV2.0"

JOURNEY: dict[str, Any] = {
    "id": f"https://id.gs1.org/01/{GTIN}/21/1001",
    "kind": "instance",
    "known": True,
    "link": f"https://trace.example/01/{GTIN}/21/1001",
    "state": "in place",
    "warnings": [
        {
            "kind": "recalled",
            "recall": "R-2026-0001",
            "link": "https://trace.example/recalls/R-2026-0001",
            "reason": "Salmonella",
            "since": "2026-11-02T01:00:00.000Z",
            "places": [],
        }
    ],
    "product": {"id": f"https://id.gs1.org/01/{GTIN}", "name": {"zh": "猪肉托盘装", "en": "Pork tray"}},
    "producer": {"id": "https://id.gs1.org/417/9506000134376", "name": {"zh": "示例肉品厂", "en": "Example Meat"}},
    "lot": f"https://id.gs1.org/01/{GTIN}/10/L20261012",
    "here": {"id": f"https://id.gs1.org/414/{GLN}", "name": {"zh": "示例超市", "en": "Example Supermarket"}},
    "journey": [
        {
            "time": "2026-10-12T09:30:00.000+08:00",
            "step": "packing",
            "disposition": "in_progress",
            "place": f"https://id.gs1.org/414/{GLN}",
            "site": {
                "id": f"https://id.gs1.org/414/{GLN}",
                "name": {"zh": "示例分割厂", "en": "Example Cutting Plant"},
            },
            "party": None,
            "subject": f"https://id.gs1.org/01/{GTIN}/21/1001",
            "relation": "self",
            "measurements": [
                {"kind": "Temperature", "value": 2.5, "unit": "CEL", "time": "2026-10-12T09:30:00.000+08:00"}
            ],
            "event_id": _EVENT_ID,
            "log_index": 41,
            "in_log": True,
            "proof": "https://trace.example/api/v1/proof/ni%3A%2F%2F%2Fsha-256%3Bdf1e...",
        }
    ],
    "log": {"size": 640, "broken": [], "checkpoint": "https://trace.example/log/checkpoint"},
}
NOTICE: dict[str, Any] = {
    "id": "R-2026-0001",
    "link": "https://trace.example/recalls/R-2026-0001",
    "state": "open",
    "reason": "Salmonella",
    "seed": f"https://id.gs1.org/01/{GTIN}/10/L20261012",
    "products": [JOURNEY["product"]],
    "lots": [f"https://id.gs1.org/01/{GTIN}/10/L20261012"],
    "launched": "2026-11-02T09:00:00.000+08:00",
    "affected": 128,
}
_PAGE: dict[str, Any] = {"schema": {"type": "string"}}

Responses = dict[int | str, dict[str, Any]]
_WRONG: Responses = {400: {"description": "not a valid identifier"}, 404: {"description": "nothing is known about it"}}


def _as_pages(refusals: Responses) -> Responses:
    """Refusals that a browser gets as a page, and a program as a problem."""
    problem = {"schema": {"type": "object"}, "example": PROBLEM_EXAMPLE}
    content = {"text/html": _PAGE, "application/problem+json": problem}
    return {status: {**response, "content": content} for status, response in refusals.items()}


DATA_RESPONSES: Responses = {
    200: {"description": "its journey", "content": {"application/json": {"example": JOURNEY}}},
    **_WRONG,
}
THING_RESPONSES: Responses = {
    200: {
        "description": "its journey, as a page or as data",
        "content": {"text/html": _PAGE, "application/json": {"example": JOURNEY}},
    },
    **_as_pages(_WRONG),
}
NOTICE_RESPONSES: Responses = {
    200: {"description": "the notice", "content": {"text/html": _PAGE, "application/json": {"example": NOTICE}}},
    **_as_pages({404: {"description": "there is no such recall"}}),
}
FIND_RESPONSES: Responses = {
    303: {"description": "to the page of the thing"},
    **_as_pages({400: {"description": "not a valid identifier"}}),
}
PROOF_RESPONSES: Responses = {
    200: {"description": "proof bundle in its one canonical encoding", "content": {"application/json": {}}},
    404: {"description": "no such event"},
    503: {"description": "the log's next checkpoint will cover it: try again in a few seconds"},
}
