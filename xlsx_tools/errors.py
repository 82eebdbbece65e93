"""Every error raised on purpose: facts as attributes, a stable code, a sentence in Chinese."""

from __future__ import annotations

import errno
from typing import ClassVar

_SYSTEM_SAYS = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.ENOSPC: "磁盘已满",
    getattr(errno, "EDQUOT", errno.ENOSPC): "磁盘空间已用完",
    errno.EIO: "磁盘读写出错",
    errno.ENOENT: "位置不存在",
    errno.ENOTDIR: "上级位置不是文件夹",
    errno.EISDIR: "是文件夹",
    errno.EEXIST: "同名的位置已被占用",
    errno.ENAMETOOLONG: "名称过长",
    errno.EMFILE: "打开的文件过多",
}


def explain_system(error: OSError) -> str:
    """What the system says, in Chinese where we know the words; never empty."""
    return _SYSTEM_SAYS.get(error.errno or 0, error.strerror or "原因不明")


class XlsxToolsError(Exception):
    """A file or a request we cannot use at all; the message says what is wrong and what to do.

    Problems *inside* a filing are findings and are never raised.
    """

    code: ClassVar[str] = "error"


class UnusableFileError(XlsxToolsError):
    """A file from outside that cannot be used.

    Attributes:
        reason: one of the closed list of codes, such as ``package.bomb`` or ``file.encrypted``.
        place: the part, sheet or cell concerned, or an empty string.
    """

    code = "unusable-file"

    def __init__(self, reason: str, message: str, *, place: str = "") -> None:
        self.reason = reason
        self.place = place
        super().__init__(message)


class IllegalTextError(XlsxToolsError):
    """A text that no workbook can hold: over-long, or with characters XML forbids."""

    code = "illegal-text"

    def __init__(self, place: str, why: str) -> None:
        self.place = place
        self.why = why
        super().__init__(f"{place}：{why}。")


class FormFileError(XlsxToolsError):
    """A form file is wrong or missing: for those who write forms, so partly in English."""

    code = "form-file"

    def __init__(self, name: str, reason: str, *, near: str = "") -> None:
        self.name = name
        self.reason = reason
        self.near = near
        super().__init__(f"{name}：{reason}")


class FilingError(XlsxToolsError):
    """Foreign JSON that is not a filing, or a filing that cannot be put into a workbook."""

    code = "filing"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class MergeError(XlsxToolsError):
    """Filings that must not be added up; the message names them."""

    code = "merge"


class NotOurWorkbookError(UnusableFileError):
    """The file is not a workbook made from one of our templates."""

    def __init__(self, stamp: str = "") -> None:
        why = f"模板标识“{stamp}”无法识别" if stamp else "没有模板标识"
        super().__init__(
            "template.version", f"{why}。请使用汇总单位发放的当年工作簿，重新填写后再报送。"
        )
