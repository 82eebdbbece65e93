"""The whole batch: roster, merge, reminders, verdicts of all, and the state as one zip."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from xlsx_tools.check import check_filing
from xlsx_tools.filing import Organisation
from xlsx_tools.merge.book import render_merged
from xlsx_tools.merge.gather import Merge, list_excluded, merge_batch
from xlsx_tools.merge.source import Excluded
from xlsx_tools.merge.trace import write_trace_csv, write_trace_json
from xlsx_tools.remind import OWING_WORDS, remind_units
from xlsx_tools.report.json import finding_object, render_json, roster_object
from xlsx_tools.server.answers import CSV, JSON, XLSX, ZIP, file_response, json_response
from xlsx_tools.server.base import note
from xlsx_tools.server.checking import local_day
from xlsx_tools.server.contract import gives, gives_file, takes
from xlsx_tools.server.export import export_state
from xlsx_tools.server.payloads import MERGE, NOTICES, ROSTER, SUMMARY, read_object
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.records import keep_roster
from xlsx_tools.server.services import Body, JsonBody, Using, Who

router = APIRouter(tags=["整批"])
_VERDICTS = {"type": "object", "required": ["files", "summary"]}
_TRACE = {"type": "object", "required": ["units"]}
_CSV = "text/csv"


@router.get("/verdicts", summary="全部校验结果，同 nianbao check --format json", **gives(_VERDICTS))
def list_verdicts(services: Using) -> Response:
    """One object, piece by piece."""
    return StreamingResponse(render_json(services.desk.batch), media_type=JSON)


@router.put(
    "/roster",
    summary="上传单位名册（CSV），替换原有的",
    openapi_extra=takes({"type": "string", "minLength": 1}, _CSV),
    **gives(ROSTER, 422),
)
def put_roster(services: Using, who: Who, body: Body) -> Response:
    """The standings by the new roster."""
    with services.base.change() as connection:
        keep_roster(connection, body, who)
    return get_roster(services)


@router.get("/roster", summary="名册中各单位的报送情况", **gives(ROSTER, 409))
def get_roster(services: Using) -> Response:
    """Every organisation with its standing, and the files of none."""
    desk = services.desk
    if desk.roster is None:
        raise refuse_request("server.no_roster")
    return json_response(roster_object(desk.roster))


@router.get("/reminders", summary="催报文字，每个尚未完成的单位一份", **gives(NOTICES, 409))
def list_reminders(
    services: Using,
    deadline: Annotated[date | None, Query(description="截止日期，写作 2026-01-31 的样子")] = None,
    year: Annotated[int | None, Query(ge=2008, le=9999, description="报告年度")] = None,
) -> Response:
    """Ready to be sent."""
    desk = services.desk.require_settled()
    if desk.roster is None:
        raise refuse_request("server.no_roster")
    found = remind_units(
        desk.roster, desk.batch.results, deadline=deadline, today=local_day(), year=year
    )
    notices = [
        {
            **one.line.organisation._asdict(),
            "contact": one.line.contact,
            "email": one.line.email,
            "owing": OWING_WORDS[one.owing],
            "problems": one.problems,
            "days_left": one.days_left,
            "subject": one.subject,
            "body": one.body,
        }
        for one in found
    ]
    return json_response({"year": found.year, "notices": notices})


@router.post(
    "/merge",
    summary="把通过校验的填报汇总为一份工作簿，或者先看纳入情况、来源明细",
    openapi_extra=takes(MERGE),
    **gives_file(XLSX, _CSV, refusals=(409, 415), others={JSON: {"anyOf": [SUMMARY, _TRACE]}}),
)
def merge(services: Using, who: Who, body: JsonBody) -> Response:
    """Add up what was accepted; figures cannot be given or changed here."""
    asked = read_object(body, "merge")
    desk = services.desk.require_settled()
    unit = Organisation(asked["organisation"].strip(), (asked.get("code") or "").strip() or None)
    output = asked.get("output", "workbook")
    batch = desk.batch
    with services.rendering:
        merged = merge_batch(batch, desk.lines, unit, asked.get("nested", "refuse"))
        excluded = list_excluded(batch, desk.lines)
        if output == "summary":
            return json_response(_summarise(merged, excluded))
        response = _write(merged, excluded, output)
    with services.base.change() as connection:
        count = len(merged.filing.includes)
        note(connection, who, "merge", unit.name, f"{output}，{count} 个单位")
    return response


def _write(merged: Merge, excluded: tuple[Excluded, ...], output: str) -> Response:
    name, form = merged.filing.organisation.name, merged.filing.form
    match output:
        case "trace_csv":
            data = b"".join(write_trace_csv(merged.sources, form))
            return file_response(data, f"{name}汇总来源.csv", CSV)
        case "trace_json":
            data = b"".join(write_trace_json(merged.sources, form))
            return file_response(data, f"{name}汇总来源.json", JSON)
        case _:
            missing = merged.missing
            data = render_merged(merged.filing, merged.sources, excluded=excluded, missing=missing)
            return file_response(data, f"{name}汇总.xlsx", XLSX)


def _summarise(merged: Merge, excluded: tuple[Excluded, ...]) -> dict[str, object]:
    verdict = check_filing(merged.filing)
    return {
        "organisation": merged.filing.organisation.name,
        "included": [
            {"unit": source.filing.organisation.name, "file": source.file}
            for source in merged.sources
        ],
        "excluded": [{"unit": one.unit, "file": one.file, "why": one.why} for one in excluded],
        "missing": list(merged.missing),
        "remarks": list(merged.remarks),
        "status": verdict.status,
        "findings": [finding_object(finding) for finding in verdict.leading],
    }


@router.get(
    "/export.zip", summary="全部原文件、校验结果、名册、豁免、决定和记录", **gives_file(ZIP)
)
def export(services: Using, who: Who) -> Response:
    """The whole state, readable without this program."""
    with services.base.change() as connection:
        note(connection, who, "export", "", "")
    return StreamingResponse(
        export_state(services.base, services.desk),
        media_type=ZIP,
        headers={"Content-Disposition": 'attachment; filename="nianbao-export.zip"'},
    )
