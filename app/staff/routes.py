"""All staff pages, composed."""

from __future__ import annotations

from fastapi import APIRouter

from suyuan.app.staff import batch_pages, label_pages, login
from suyuan.app.staff.drawing import Drawing
from suyuan.app.staff.frame import Frame
from suyuan.app.staff.sessions import Sessions
from suyuan.app.staff.visitor import Door
from suyuan.base.permissions import Permission
from suyuan.base.settings import Settings
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes


def create_router(settings: Settings, prefixes: CompanyPrefixes = NONE) -> APIRouter:
    """The pages under ``/staff``; *prefixes* tell how tags are written.

    Nothing is opened; a session becomes a file in the data folder when somebody logs in.
    """
    frame, sessions, drawing = Frame(), Sessions(settings.data), Drawing(settings.base_url(), prefixes)
    door = Door(sessions, Permission.PRINT_LABELS)
    router = APIRouter()
    router.include_router(login.create_router(frame, sessions))
    router.include_router(label_pages.create_router(frame, door, drawing))
    router.include_router(batch_pages.create_router(frame, door, drawing))
    return router
