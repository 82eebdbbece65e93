"""Why a request is refused: every code with its HTTP status and the sentence a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlsx_tools.errors import XlsxToolsError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Problem(NamedTuple):
    """What one code means: fields in braces are filled in where it is raised."""

    status: int
    says: str


PROBLEMS: Final[Mapping[str, Problem]] = {
    "server.host": Problem(400, "请求的主机名不是本服务的地址。请用启动时显示的网址访问。"),
    "server.json": Problem(400, "请求内容不是有效的 JSON：{detail}。"),
    "server.request": Problem(400, "请求内容不符合要求：{detail}。请对照接口说明改正。"),
    "server.parameter": Problem(400, "请求的参数“{detail}”不符合要求。请对照接口说明改正。"),
    "server.empty": Problem(400, "没有收到文件内容。请重新选择文件后上传。"),
    "server.multipart": Problem(400, "上传的内容不完整，无法分出各个文件。请重新上传。"),
    "server.token": Problem(401, "没有访问令牌，或者令牌不正确。请用启动时显示的完整网址打开。"),
    "server.role": Problem(403, "这个令牌只能用于插件，不能用于汇总单位的操作。"),
    "server.origin": Problem(403, "请求来自未经允许的网页，没有处理。"),
    "server.path": Problem(404, "没有这个地址。请检查网址是否正确。"),
    "server.missing": Problem(404, "没有找到所要的内容（{detail}），可能已被撤销。请刷新后再试。"),
    "server.no_addin": Problem(404, "本服务没有装上插件的功能。请联系管理员。"),
    "server.method": Problem(405, "这个地址不支持此种请求方式。"),
    "server.slow": Problem(408, "内容没有在规定时间内传完，已停止接收。请检查网络后重试。"),
    "server.checking": Problem(409, "还有 {detail} 份填报正在校验，请稍候再试。"),
    "server.no_verdict": Problem(409, "这份填报还没有校验结果，请稍候再试。"),
    "server.no_return": Problem(409, "这份填报{detail}，没有退改工作簿。"),
    "server.no_roster": Problem(409, "还没有单位名册。请先上传名册（CSV）。"),
    "server.revoked": Problem(409, "这一条已经撤销，不能再次撤销。"),
    "server.too_big": Problem(413, "内容超过上限 {detail}，没有接收。请分批上传。"),
    "server.media_type": Problem(415, "请求内容的类型不对，应为 {detail}。"),
    "server.busy": Problem(429, "同时上传的内容过多，请稍候再试。"),
    "server.internal": Problem(500, "程序内部出错（编号 {detail}），请把编号告知管理员。"),
}  # fmt: skip


LIBRARY_STATUSES: Final[Mapping[str, int]] = {
    "merge": 409,
    "choice": 409,
    "receipt": 409,
    "year-unknown": 409,
    "illegal-text": 409,
    "form-file": 409,
    "roster": 422,
    "waivers": 422,
    "filing": 422,
    "unusable-file": 422,
}
"""The HTTP status of errors that the library raises, by their code."""


class RequestError(XlsxToolsError):
    """A request that is refused; `reason` is a code of `PROBLEMS`, or of the library's lists."""

    code = "request"

    def __init__(self, reason: str, message: str, status: int) -> None:
        self.reason, self.status = reason, status
        super().__init__(message)


def refuse_request(reason: str, detail: object = "") -> RequestError:
    """The error of this code, to be raised."""
    problem = PROBLEMS[reason]
    return RequestError(reason, problem.says.format(detail=detail), problem.status)
