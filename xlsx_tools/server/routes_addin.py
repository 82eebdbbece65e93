"""The add-in's buttons, and a sign of life."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from xlsx_tools.server.answers import json_response
from xlsx_tools.server.contract import gives, takes
from xlsx_tools.server.payloads import ANSWER, HEALTH, MESSAGE, read_object
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.services import JsonBody, Using
from xlsx_tools.server.submissions import count_queued

router = APIRouter(tags=["插件"])


@router.get("/health", summary="服务是否正常", **gives(HEALTH))
def health(services: Using) -> Response:
    """The database answers, and there are workers."""
    with services.base.read() as connection:
        queued = count_queued(connection)
    return json_response({"status": "ok", "queued": queued, "workers": services.settings.jobs})


@router.post(
    "/addin/{button}",
    summary="插件的一个按钮：工作簿内容 → 要做的动作",
    openapi_extra=takes(MESSAGE),
    **gives(ANSWER, 404, 409, 415, 422),
)
def press_button(
    services: Using, button: Annotated[str, Path(pattern="^[a-z_]{1,30}$")], body: JsonBody
) -> Response:
    """What the button is to do in the spreadsheet, and what to say."""
    if services.answer is None:
        raise refuse_request("server.no_addin")
    return json_response(services.answer(button, read_object(body, "message")))
