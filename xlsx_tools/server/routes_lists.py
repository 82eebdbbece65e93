"""Waivers, decisions, and the audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from xlsx_tools.server.answers import json_response
from xlsx_tools.server.base import ACTION_WORDS
from xlsx_tools.server.contract import gives, takes
from xlsx_tools.server.payloads import (
    AUDIT,
    DECISION,
    DECISIONS,
    KEPT_DECISION,
    KEPT_WAIVER,
    LARGEST_ID,
    WAIVER,
    WAIVERS,
    read_object,
)
from xlsx_tools.server.records import (
    KeptWaiver,
    add_decision,
    add_waiver,
    list_audit,
    list_decisions,
    list_waivers,
    revoke_decision,
    revoke_waiver,
)
from xlsx_tools.server.services import JsonBody, Using, Who

router = APIRouter(tags=["决定和记录"])
Number = Annotated[int, Path(ge=1, le=LARGEST_ID, description="编号")]


@router.get("/waivers", summary="豁免清单，包括已撤销的", **gives(WAIVERS))
def show_waivers(services: Using) -> Response:
    """Every waiver there ever was."""
    with services.base.read() as connection:
        found = [_waiver(kept) for kept in list_waivers(connection)]
    return json_response({"waivers": found})


@router.post(
    "/waivers",
    summary="登记一项豁免；有关的填报重新校验",
    openapi_extra=takes(WAIVER),
    **gives(KEPT_WAIVER, 415, 422, status=201),
)
def post_waiver(services: Using, who: Who, body: JsonBody) -> Response:
    """The rule and the unit must be known by name or code; a mandatory rule is never waived."""
    asked = read_object(body, "waiver")
    fields = {key: str(value) for key, value in asked.items()}
    with services.base.change() as connection:
        kept = add_waiver(connection, fields, who)
    services.pool.wake()
    return json_response(_waiver(kept), 201)


@router.delete("/waivers/{number}", summary="撤销一项豁免", **gives(WAIVERS, 404, 409))
def delete_waiver(services: Using, who: Who, number: Number) -> Response:
    """It stays on the list, revoked."""
    with services.base.change() as connection:
        revoke_waiver(connection, number, who)
    services.pool.wake()
    return show_waivers(services)


def _waiver(kept: KeptWaiver) -> dict[str, object]:
    waiver = kept.waiver
    return {
        "id": kept.id,
        "rule": waiver.rule,
        "unit": waiver.unit,
        "year": waiver.year,
        "by": waiver.by,
        "why": waiver.why,
        "until": waiver.until.isoformat(),
        "figures": waiver.figures,
        "revoked": kept.revoked,
    }


@router.get("/decisions", summary="以哪一份为准、哪一份不计入的决定", **gives(DECISIONS))
def show_decisions(services: Using) -> Response:
    """Every decision there ever was."""
    with services.base.read() as connection:
        found = list(list_decisions(connection))
    return json_response({"decisions": found})


@router.post(
    "/decisions",
    summary="决定以哪一份为准、哪一份不计入",
    openapi_extra=takes(DECISION),
    **gives(KEPT_DECISION, 404, 415, status=201),
)
def post_decision(services: Using, who: Who, body: JsonBody) -> Response:
    """It settles which file counts; it cannot change a figure."""
    asked = read_object(body, "decision")
    kind, submission = asked["kind"], asked.get("submission")
    with services.base.change() as connection:
        found = add_decision(connection, kind, submission, asked["why"].strip(), who)
    return json_response(found, 201)


@router.delete("/decisions/{number}", summary="撤销一项决定", **gives(DECISIONS, 404, 409))
def delete_decision(services: Using, who: Who, number: Number) -> Response:
    """It stays on the list, revoked."""
    with services.base.change() as connection:
        revoke_decision(connection, number, who)
    return show_decisions(services)


@router.get("/audit", summary="操作记录，新的在前", **gives(AUDIT))
def show_audit(
    services: Using,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Who changed what, and when."""
    words = {str(key): word for key, word in ACTION_WORDS.items()}
    with services.base.read() as connection:
        lines = [
            {**line._asdict(), "action": words.get(line.action, line.action)}
            for line in list_audit(connection, before, limit)
        ]
    return json_response({"lines": lines})
