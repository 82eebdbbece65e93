"""Submissions: sending files in, their verdicts, their return workbooks and receipts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from xlsx_tools.batch import FileResult, Ignored
from xlsx_tools.last_year import offered_reasons
from xlsx_tools.receipt import write_receipt
from xlsx_tools.report.json import file_object, finding_object
from xlsx_tools.roster import FileNames
from xlsx_tools.server.answers import BYTES, TEXT, XLSX, file_response, json_response
from xlsx_tools.server.base import note
from xlsx_tools.server.checking import local_day
from xlsx_tools.server.contract import gives, gives_file
from xlsx_tools.server.desk import Desk
from xlsx_tools.server.payloads import ENTRIES, LARGEST_ID, RECEIVED, SUBMISSION
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.services import Services, Using, Who
from xlsx_tools.server.submissions import (
    Received,
    Row,
    Submission,
    count_queued,
    count_submissions,
    find_submission,
    list_rows,
    load_content,
    load_record,
    receive_file,
)
from xlsx_tools.server.uploads import Upload, split_form, unpack_upload

router = APIRouter(prefix="/submissions", tags=["填报"])
Number = Annotated[int, Path(ge=1, le=LARGEST_ID, description="填报的编号")]
_FORM = "multipart/form-data"
_FILES = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
    },
    "required": ["files"],
}
_ACCEPTED = ("passed", "passed_with_reasons")
_UNNAMED = "未命名"


@router.post(
    "",
    summary="上传工作簿、填报数据（JSON）或者压缩包（zip），保存后排队校验",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                BYTES: {"schema": {"type": "string", "format": "binary", "minLength": 1}},
                _FORM: {"schema": _FILES},
            },
        }
    },
    **gives(RECEIVED, status=201),
)
async def send_in(
    request: Request,
    services: Using,
    who: Who,
    name: Annotated[str, Query(max_length=400, description="文件名")] = "",
) -> Response:
    """Everything is on disk when this answers; the verdicts follow."""
    body, limits = await request.body(), services.settings.limits
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        uploads = await split_form(request.headers, body, limits)
    elif not body:
        raise refuse_request("server.empty")
    else:
        uploads = [Upload(name or _invent_name(body), body)]
    return await run_in_threadpool(_take_in, services, who, uploads)


def _invent_name(body: bytes) -> str:
    """Only the name tells JSON."""
    return f"{_UNNAMED}.json" if body.lstrip()[:1] == b"{" else f"{_UNNAMED}.xlsx"


def _take_in(services: Services, who: str, uploads: list[Upload]) -> Response:
    received: list[Received] = []
    ignored: list[Ignored] = []
    with services.base.change() as connection:
        for upload in uploads:
            for found in unpack_upload(upload, services.settings.limits):
                if isinstance(found, Ignored):
                    ignored.append(found)
                else:
                    received.append(receive_file(connection, found.name, found.data, who))
    services.pool.put((one.id, 1) for one in received if one.new)
    return json_response({"submissions": received, "ignored": ignored}, 201)


@router.get("", summary="全部填报，后收到的在前", **gives(ENTRIES))
def list_all(
    services: Using,
    offset: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """A page of the list."""
    with services.base.read() as connection:
        rows = list_rows(connection, offset, limit)
        total, queued = count_submissions(connection), count_queued(connection)
    desk = services.desk  # not older than the rows: what has a verdict there has its place here
    entries = [_entry(desk, row) for row in rows]
    return json_response({"submissions": entries, "total": total, "queued": queued})


def _entry(desk: Desk, row: Row) -> dict[str, object]:
    beside = desk.beside.get(row.id)
    findings = beside.findings if beside else ()
    stopped = any(finding.severity == "mandatory" for finding in findings)
    entry: dict[str, object] = {
        **row._asdict(),
        "label": desk.labels.get(row.id, row.name),
        "accepted": beside is not None and row.status in _ACCEPTED and not stopped,
        "counted": beside is not None and beside.counted,
        "set_aside": row.id in desk.aside,
        "leading": (row.leading or 0) + len(findings),
        "beside": [finding_object(finding) for finding in findings],
    }
    return entry


@router.get("/{number}", summary="一份填报和它的校验结果", **gives(SUBMISSION, 404))
def show_one(services: Using, number: Number) -> Response:
    """Its verdict is what ``nianbao check --format json`` says of the file; null before it."""
    one, result = _find(services, number)
    kept = ("id", "name", "sha256", "size", "received", "sender", "queued")
    found: dict[str, object] = {name: getattr(one, name) for name in kept}
    found["set_aside"] = number in services.desk.aside
    found["file"] = None if result is None else file_object(result)
    return json_response(found)


def _find(services: Services, number: int) -> tuple[Submission, FileResult | None]:
    with services.base.read() as connection:
        one = find_submission(connection, number)
        record = load_record(connection, number)
    if one is None:
        raise refuse_request("server.missing", f"填报 {number}")
    return one, None if record is None else services.desk.result(number, record)


def _find_result(services: Services, number: int) -> FileResult:
    _, result = _find(services, number)
    if result is None:
        raise refuse_request("server.no_verdict")
    return result


@router.get(
    "/{number}/original", summary="原文件，一字节不变", **gives_file(BYTES, refusals=(404,))
)
def load_original(services: Using, number: Number) -> Response:
    """The bytes as they came."""
    with services.base.read() as connection:
        one = find_submission(connection, number)
        if one is None:
            raise refuse_request("server.missing", f"填报 {number}")
        data = load_content(connection, one.sha256)
    return file_response(data, one.name, BYTES)


@router.get(
    "/{number}/return.xlsx",
    summary="退改工作簿：标红、批注、待办",
    **gives_file(XLSX, refusals=(404, 409)),
)
def make_return(services: Using, number: Number) -> Response:
    """The workbook to be sent back to its filler."""
    from xlsx_tools.returned import render_return  # noqa: PLC0415 - slow

    result = _find_result(services, number)
    verdict = result.verdict
    if verdict is None:
        raise refuse_request("server.no_return", "无法读取")
    if result.accepted:
        raise refuse_request("server.no_return", "已经通过")
    offered = offered_reasons(verdict.filing)
    with services.rendering:
        data = render_return(verdict, result.beside, offered=offered)
    name = FileNames().take(verdict.filing.organisation.name, number)
    return file_response(data, f"{name}（退改）.xlsx", XLSX)


@router.get(
    "/{number}/receipt.txt",
    summary="通过校验并计入的填报的回执",
    **gives_file("text/plain", refusals=(404, 409)),
)
def make_receipt(services: Using, who: Who, number: Number) -> Response:
    """Issued today, and written down as issued."""
    result = _find_result(services, number)
    text = write_receipt(result, local_day(), services.settings.receipt_key)
    with services.base.change() as connection:
        note(connection, who, "receipt", number, result.file)
    name = FileNames().take(result.filing.organisation.name if result.filing else "", number)
    return file_response("\ufeff" + text.replace("\n", "\r\n"), f"{name}-回执.txt", TEXT)
