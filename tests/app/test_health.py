"""Health, readiness and figures."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import generate_latest
from tests.serving import Service

from suyuan.app.health import Measured, Metrics


def test_alive_and_ready(service: Service) -> None:
    assert service.get("/healthz", None).json() == {"status": "alive"}
    ready = service.get("/readyz", None).json()
    assert ready["status"] == "ready"
    assert ready["log_size"] > 0


def test_figures_are_counted_by_route_and_never_by_path(service: Service) -> None:
    for number in range(5):
        service.get(f"/epcis/events/urn:x:{number}")
        service.get(f"/nowhere/{number}", None)
    text = service.get("/metrics", None).text
    assert 'route="/epcis/events/{event_id:path}",status="404"' in text
    assert "urn:x:" not in text
    assert "/nowhere" not in text
    assert "suyuan_log_size" in text


class TestMeasured:
    """The middleware, around small ASGI applications."""

    async def call(self, app: Any, method: str = "GET", kind: str = "http") -> str:
        metrics = Metrics()
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        try:
            await Measured(app, metrics)({"type": kind, "method": method, "path": "/x"}, None, send)  # type: ignore[arg-type]
        except ZeroDivisionError:
            sent.append("failed")
        return generate_latest(metrics.registry).decode()

    async def test_a_failure_is_counted_as_one(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise ZeroDivisionError

        assert 'method="GET",route="none",status="500"} 1.0' in await self.call(app)

    async def test_the_status_is_that_of_the_answer(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 418})
            await send({"type": "http.response.body"})

        assert 'method="GET",route="none",status="418"} 1.0' in await self.call(app)

    async def test_methods_that_a_client_made_up_are_one(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 405})

        assert 'method="other"' in await self.call(app, "BREW")

    @pytest.mark.parametrize("kind", ["lifespan", "websocket"])
    async def test_what_is_no_request_passes_through(self, kind: str) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "anything"})

        assert "suyuan_http_requests_total{" not in await self.call(app, kind=kind)
