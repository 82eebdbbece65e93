"""What can go wrong with a frozen archive."""

from __future__ import annotations

from xlsx_tools.errors import XlsxToolsError


class FrozenError(XlsxToolsError):
    """An archive that cannot be made, or cannot be read as what it should be."""

    code = "frozen"


class InputChangedError(FrozenError):
    """A file that is no longer what was checked, so that it must not be packed."""

    code = "frozen-input-changed"

    def __init__(self, label: str) -> None:
        self.label = label
        super().__init__(
            f"{label}：校验之后又有变化，没有封存。请确认没有人正在改动报送文件，再重新运行。"
        )


class NotFrozenError(FrozenError):
    """A sound zip that is no frozen archive: it has no manifest."""

    code = "not-frozen"

    def __init__(self) -> None:
        super().__init__("不是封存包：其中没有封存清单。")


class AlteredError(FrozenError):
    """An archive whose content is not what its own manifest says.

    Attributes:
        member: which of its files.
    """

    code = "frozen-altered"

    def __init__(self, member: str, why: str) -> None:
        self.member = member
        super().__init__(f"封存包已被改动：其中的 {member} {why}。")
