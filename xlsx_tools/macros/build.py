"""What can be built from ``macros/``, and building it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlsx_tools.macros.add_in import build_add_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Target:
    """One thing to hand out.

    Attributes:
        says: for whom it is, in Chinese.
        build: its files by their path in the folder of results; the same bytes at every build.
    """

    says: str
    build: Callable[[], Mapping[str, bytes]]


def _build_vba() -> Mapping[str, bytes]:
    return {"nianbao.xlam": build_add_in()}


TARGETS: Final[Mapping[str, Target]] = {
    "vba": Target("Excel 加载项，也用于带 VBA 的 WPS 表格", _build_vba),
}
"""Every front end by the name of its folder in ``macros/``."""


def build_targets() -> Iterator[tuple[Target, str, bytes]]:
    """Every file of every target, with its path in the folder of results.

    Raises:
        MacroSourceError: a source that cannot be built.
    """
    for target in TARGETS.values():
        for path, data in target.build().items():
            yield target, path, data
