"""The server put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from xlsx_tools.errors import UnusableFileError, XlsxToolsError
from xlsx_tools.server import routes_addin, routes_desk, routes_lists, routes_submissions
from xlsx_tools.server.answers import error_response, json_response, refuse_bug
from xlsx_tools.server.contract import describe_api
from xlsx_tools.server.gate import Gate
from xlsx_tools.server.log import log_bug
from xlsx_tools.server.problems import LIBRARY_STATUSES, RequestError, refuse_request
from xlsx_tools.server.services import Answerer, open_services, refuse_unknown_parameters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from xlsx_tools.server.settings import Settings

_PREFIX = "/api/v1"
_PAGE: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page/api.js": ("api.js", "text/javascript; charset=utf-8"),
    "/page/views.js": ("views.js", "text/javascript; charset=utf-8"),
}
_METHOD_NOT_ALLOWED = 405


def create_app(settings: Settings, answer: Answerer | None = None) -> FastAPI:
    """The application; `answer` runs the add-in's buttons.

    Raises:
        DatabaseError: the database of the settings cannot be used.
    """
    services = open_services(settings, answer)

    @asynccontextmanager
    async def live(_app: FastAPI) -> AsyncIterator[None]:
        services.pool.start()
        yield
        services.pool.stop()
        services.base.close()

    app = FastAPI(
        lifespan=live,
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    for routes in (routes_addin, routes_submissions, routes_desk, routes_lists):
        app.include_router(
            routes.router, prefix=_PREFIX, dependencies=[Depends(refuse_unknown_parameters)]
        )
    _add_page(app)
    app.openapi = lambda: describe_api(app)  # type: ignore[method-assign]
    app.add_api_route(f"{_PREFIX}/openapi.json", lambda: _document(app), include_in_schema=False)
    for kind in (HTTPException, RequestValidationError, XlsxToolsError, Exception):
        app.add_exception_handler(kind, _refuse)
    app.add_middleware(Gate, settings=settings)
    return app


def _document(app: FastAPI) -> Response:
    return json_response(app.openapi())


def _add_page(app: FastAPI) -> None:
    """The files of the page: a closed list, read once."""
    for path, (name, media_type) in _PAGE.items():
        data = files("xlsx_tools.server").joinpath("page", name).read_bytes()
        app.add_api_route(path, _giver(data, media_type), include_in_schema=False)


def _giver(data: bytes, media_type: str) -> Any:
    return lambda: Response(data, media_type=media_type)


async def _refuse(request: Request, error: Exception) -> Response:
    """Every error as its code and a sentence."""
    match error:
        case RequestError():
            refusal = error
        case UnusableFileError():
            refusal = RequestError(error.reason, str(error), LIBRARY_STATUSES[error.code])
        case XlsxToolsError():
            refusal = _of_library(error)
        case RequestValidationError():
            refusal = refuse_request("server.parameter", _name_parameters(error))
        case HTTPException():
            return _of_framework(request, error)
        case _:
            log_bug(str(request.state.number), error)
            refusal = refuse_bug(error)
    return error_response(refusal)


def _of_library(error: XlsxToolsError) -> RequestError:
    """Errors of the add-in say their status themselves."""
    status = getattr(error, "status", LIBRARY_STATUSES.get(error.code, 422))
    return RequestError(str(getattr(error, "reason", error.code)), str(error), int(status))


def _name_parameters(error: RequestValidationError) -> str:
    names = [str(problem["loc"][-1]) for problem in error.errors() if problem.get("loc")]
    return "、".join(dict.fromkeys(names))


def _of_framework(request: Request, error: HTTPException) -> Response:
    if error.status_code != _METHOD_NOT_ALLOWED:
        return error_response(refuse_request("server.path"))
    response = error_response(refuse_request("server.method"))
    response.headers["Allow"] = ", ".join(_allowed(request)) or "GET"
    return response


def _allowed(request: Request) -> list[str]:
    """What a path may be asked for; the framework tells of one of its endpoints only."""
    path = str(request.scope["path"])
    return [
        method.upper()
        for template, operations in request.app.openapi()["paths"].items()
        if compile_path(template)[0].fullmatch(path)
        for method in operations
    ]
