"""Label routes, for those who may print labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from suyuan.labels.qr import Format, Level, link_of, qr_file

_MEDIA = {Format.PNG: "image/png", Format.SVG: "image/svg+xml"}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "the symbol, quiet zone included", "content": {"image/png": {}, "image/svg+xml": {}}},
    400: {"description": "not a valid identifier, or one without a Digital Link"},
    413: {"description": "no symbol of this level holds it"},
}


def create_router(public_url: str, require: Callable[..., Any]) -> APIRouter:
    """Routes of labels that lead to *public_url*; *require* is the dependency that lets only printers in."""
    router = APIRouter(prefix="/api/v1/labels", tags=["labels"], dependencies=[Depends(require)])

    def qr(
        id: Annotated[  # noqa: A002 - the parameter's name
            str, Query(max_length=2000, description="identifier in any form", examples=["(01)09506000134352(21)1001"])
        ],
        file_format: Annotated[Format, Query(alias="format")] = Format.PNG,
        level: Annotated[Level, Query(description="error correction: M for paper, Q or H for wet goods")] = Level.M,
    ) -> Response:
        text = link_of(id, public_url)
        # Tells whoever prints what the symbol says; ASCII without spaces and angle brackets, because links are.
        headers = {"Cache-Control": "private, max-age=86400", "Link": f'<{text}>; rel="about"'}
        return Response(qr_file(text, file_format, level), media_type=_MEDIA[file_format], headers=headers)

    router.add_api_route(
        "/qr",
        qr,
        methods=["GET"],
        summary="QR symbol with a Digital Link",
        response_class=Response,
        response_model=None,
        responses=_RESPONSES,
    )
    return router
