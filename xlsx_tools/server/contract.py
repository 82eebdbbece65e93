"""The OpenAPI document: what each operation takes, gives, and refuses with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from xlsx_tools.server.answers import JSON
from xlsx_tools.server.payloads import ERROR, Schema
from xlsx_tools.server.problems import PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

_TITLE = "nianbao：政府信息公开工作年度报告"
_VERSION = "1"
_GENERATED = "422"
_ALWAYS: Final = (400, 401, 403, 405, 408, 413, 429)
_OPEN = ("/api/v1/health", "/api/v1/openapi.json")
_BINARY: Schema = {"type": "string", "format": "binary"}


class Raw(Response):
    """A response whose media type the operation states itself."""

    media_type = None


def gives(schema: Schema, *refusals: int, status: int = 200) -> dict[str, Any]:
    """Keywords of a route that answers with JSON and may refuse with these statuses."""
    return _route({JSON: {"schema": schema}}, refusals, status)


def gives_file(
    *media_types: str, refusals: tuple[int, ...] = (), others: Mapping[str, Schema] = {}
) -> dict[str, Any]:
    """Keywords of a route that answers with a file, or with JSON of these `others`."""
    content = {kind: {"schema": _BINARY} for kind in media_types}
    content |= {kind: {"schema": schema} for kind, schema in others.items()}
    return _route(content, refusals, 200)


def takes(schema: Schema, *media_types: str) -> dict[str, Any]:
    """The extra part of an operation that takes a body."""
    kinds = media_types or (JSON,)
    content = {kind: {"schema": schema} for kind in kinds}
    return {"requestBody": {"required": True, "content": content}}


def _route(content: dict[str, Any], refusals: tuple[int, ...], status: int) -> dict[str, Any]:
    responses: dict[int | str, Any] = {status: {"description": "成功", "content": content}}
    responses |= {refusal: _error(refusal) for refusal in (*_ALWAYS, *refusals)}
    return {
        "response_class": Raw,
        "response_model": None,
        "status_code": status,
        "responses": responses,
    }


def _error(status: int) -> dict[str, Any]:
    codes = "、".join(code for code, problem in PROBLEMS.items() if problem.status == status)
    return {
        "description": f"未处理（{codes}）" if codes else "未处理",
        "content": {JSON: {"schema": ERROR}},
    }


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=_TITLE, version=_VERSION, routes=app.routes)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                generated = operation["responses"].get(_GENERATED, {})
                if "HTTPValidationError" in str(generated):
                    del operation["responses"][_GENERATED]
                if path not in _OPEN:
                    operation["security"] = [{"token": []}]
        document["components"] = {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}
        }
        app.openapi_schema = document
    return app.openapi_schema
