"""The composition root of the service: settings in, a FastAPI application out. Nothing is opened at import."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from suyuan import __version__
from suyuan.app import api_document, health, key_routes, problems
from suyuan.app.company_prefixes import load_company_prefixes
from suyuan.app.health import Measured, Metrics
from suyuan.app.migrate import migrate, require_schema
from suyuan.app.profiles import load_profiles
from suyuan.app.provenance import LedgerProvenance
from suyuan.app.read_only import ReadOnlyWriter
from suyuan.app.staff.routes import create_router as create_staff_router
from suyuan.app.tag_writers import open_tag_jobs
from suyuan.app.writing import DATABASE, WriterSettings
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import InvalidSetting
from suyuan.base.permissions import Permission
from suyuan.base.settings import Settings
from suyuan.consumer_api.routes import create_router as create_consumer_router
from suyuan.epcis.json_text import Limits
from suyuan.labels import batch_routes, tag_job_routes
from suyuan.labels.print_routes import create_router as create_print_router
from suyuan.labels.routes import create_router as create_label_router
from suyuan.regulators import routes as recall_routes
from suyuan.trace import (
    alert_routes,
    capture_routes,
    epcis_routes,
    event_stream,
    log_routes,
    master_data_routes,
    query_routes,
    soap_routes,
    subscription_routes,
    trace_routes,
    vocabulary_routes,
)
from suyuan.trace.access import require
from suyuan.trace.capture_desk import CaptureDesk
from suyuan.trace.capture_routes import capture_abilities, capture_limits
from suyuan.trace.database_role import may_write
from suyuan.trace.document_intake import intake_limits
from suyuan.trace.epcis_gate import EpcisGate, add_discovery
from suyuan.trace.leadership import Leadership, NoLead
from suyuan.trace.ledger import Ledger
from suyuan.trace.publication import POLICY_FILE
from suyuan.trace.spool import Spool
from suyuan.trace.subscription_desk import Subscriptions
from suyuan.trace.webhooks import reach_of
from suyuan.trace.writer_client import WriterClient, python_command

#: Modules with a router, in the order of the documentation.
_ROUTES = (
    capture_routes, epcis_routes, query_routes, event_stream, subscription_routes, soap_routes, trace_routes,
    alert_routes, master_data_routes, vocabulary_routes, batch_routes, tag_job_routes, recall_routes, log_routes,
    key_routes, health,
)  # fmt: skip

_DESCRIPTION = """
Food traceability from the farm to the shopper. Events come in as EPCIS 2.0, every one is a leaf of a log that nobody
can rewrite unseen, and lifecycles are answered back and forward.

Keys travel as `Authorization: Bearer sy_...`; Digital Link pages, provenance, proofs and the log need none.
Errors are RFC 9457 problem details.
"""


def create_app(settings: Settings) -> FastAPI:
    """The service over one data folder (SQLite) or a database (PostgreSQL; read only as a role that may not write)."""
    url = settings.database or sqlite_url(settings.data)
    prepare_folder(settings, url)
    engine = open_reader(url)
    require_schema(engine)
    writes = may_write(engine)
    writer = WriterClient(writer_command(settings), writer_environment(settings)) if writes else ReadOnlyWriter()
    ledger = Ledger(engine, writer, settings.data / POLICY_FILE)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await writer.start()
        if writes:
            app.state.capture_desk.start()
        app.state.subscriptions.start(Leadership(engine, settings.data, "subscriptions") if writes else NoLead())
        try:
            yield
        finally:
            await app.state.subscriptions.stop()
            await app.state.capture_desk.stop()
            await app.state.tag_jobs.stop()
            await writer.close()
            engine.dispose()

    app = FastAPIOffline(
        redoc_url=None, title="Suyuan 溯源", version=__version__, description=_DESCRIPTION, lifespan=lifespan
    )  # the documentation's own scripts come from here too: no page of ours asks another server for anything
    app.state.ledger, app.state.settings, app.state.metrics = ledger, settings, Metrics()
    app.state.subscriptions = Subscriptions(
        ledger, reach_of(settings.webhook_networks, own_machine=settings.own_machine),
        lambda outcome: app.state.metrics.reports.labels(outcome).inc(),
    )  # fmt: skip
    app.state.intake_limits = intake_limits(settings)
    app.state.capture_desk = open_desk(settings, ledger)
    app.state.writer_ready = lambda: writer.ready
    app.add_middleware(EpcisGate, refuse=problems.refusal, special=capture_limits(settings))
    app.add_middleware(Measured, metrics=app.state.metrics)
    problems.install(app)
    _include(app, settings, ledger)
    api_document.install(app)
    return app


def _include(app: FastAPI, settings: Settings, ledger: Ledger) -> None:
    for module in _ROUTES:
        app.include_router(module.router)
    app.include_router(create_label_router(settings.base_url(), require(Permission.PRINT_LABELS)))
    prefixes = load_company_prefixes(settings.company_prefixes)
    app.state.tag_jobs = open_tag_jobs(settings, ledger, prefixes)
    app.include_router(create_print_router(settings.base_url(), prefixes))
    app.include_router(create_staff_router(settings, prefixes))
    app.include_router(create_consumer_router(LedgerProvenance(ledger), settings.base_url(), ledger.size))
    add_discovery(app, (module.router for module in _ROUTES), capture_abilities(settings))


def open_desk(settings: Settings, ledger: Ledger) -> CaptureDesk:
    """The desk of large documents. What stands beside their events must fit in a request's body."""
    limits = Limits(body=settings.max_body_bytes, events=settings.max_document_events)
    spool = Spool(settings.data.resolve(), settings.spool_bytes)
    load_profiles(settings.profiles)  # a server with one that nobody can read must not start

    def command(assignment: str) -> list[str]:
        return python_command("suyuan.app.document_main", assignment, settings.profiles, settings.company_prefixes)

    return CaptureDesk(ledger, spool, limits, command)


def prepare_folder(settings: Settings, url: str) -> None:
    """Make the data folder and bring the embedded database up to date; a served database is its owner's to migrate."""
    if settings.database.startswith("sqlite"):
        raise InvalidSetting("a served database is PostgreSQL", place="database", remedy="name a folder with --data")
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if url.startswith("sqlite"):
        migrate(url)


def writer_settings(settings: Settings) -> WriterSettings:
    """What the writer must know of the settings."""
    return WriterSettings(
        str(settings.data.resolve()), settings.origin, settings.max_body_bytes, settings.max_events, settings.database,
        settings.profiles, settings.company_prefixes,
    )  # fmt: skip


def writer_command(settings: Settings) -> list[str]:
    """The command that starts the writer process. The database's address, which may hold a password, is not in it."""
    shown = msgspec.structs.replace(writer_settings(settings), database="")
    return python_command("suyuan.app.writer_main", msgspec.json.encode(shown).decode())


def writer_environment(settings: Settings) -> dict[str, str]:
    """What the writer process finds in its environment beside our own."""
    return {DATABASE: settings.database}
