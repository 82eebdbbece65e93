"""What can be built from ``macros/``, and building it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlsx_tools.macros.add_in import build_add_in
from xlsx_tools.macros.sources import macros_folder
from xlsx_tools.macros.targets_web import build_office, build_oxt, build_wps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


VERSION: Final = "0.1.0"
"""Of the add-ins: the distribution's, wherever they are built; a test holds it to pyproject."""


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


def _build_wps() -> Mapping[str, bytes]:
    return build_wps(macros_folder(), version=VERSION)


def _build_office() -> Mapping[str, bytes]:
    return build_office(macros_folder(), version=VERSION)


def _build_oxt() -> Mapping[str, bytes]:
    return build_oxt(macros_folder(), version=VERSION)


TARGETS: Final[Mapping[str, Target]] = {
    "vba": Target("Excel 加载项，也用于带 VBA 的 WPS 表格", _build_vba),
    "wps": Target("WPS 表格加载项（企业部署）", _build_wps),
    "office": Target("Excel 任务窗格（由内网服务器提供）", _build_office),
    "libreoffice": Target("LibreOffice 扩展", _build_oxt),
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
