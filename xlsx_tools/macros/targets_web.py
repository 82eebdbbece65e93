"""The add-ins that are pages or Python: WPS, Office and LibreOffice, put together from sources."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from xlsx_tools.excel.zip_writer import Member, write_zip
from xlsx_tools.macros.icon import draw_icon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SHARED_SCRIPTS = ("cells.js", "core.js", "pane.js")
_SHARED_PAGES = (*_SHARED_SCRIPTS, "pane.css")
_BESIDE_WPS = ("publish.xml", "jsplugins.xml")
_STORED = 0
_SUFFIXES = (".html", ".js", ".css", ".xml", ".svg", ".py", ".xcu")
_EXAMPLE_ADDRESS = "https://localhost:8443"
_ICON_SIZES = (32, 64)


def build_wps(
    sources: Path, *, version: str, address: str = _EXAMPLE_ADDRESS
) -> Mapping[str, bytes]:
    """The folder of the WPS add-in, and the two files by which WPS finds it, by path.

    Args:
        sources: the folder ``macros``.
        version: of the distribution, such as ``0.1.0``.
        address: where IT puts the folder when it is not copied to each desktop.
    """
    folder = f"wps/nianbao_{version}"
    files = {f"{folder}/{path}": data for path, data in _read(sources / "wps")}
    files |= {f"{folder}/{name}": (sources / "web" / name).read_bytes() for name in _SHARED_PAGES}
    beside = {f"wps/{name}": files.pop(f"{folder}/{name}") for name in _BESIDE_WPS}
    return _fill(files | beside, version, address)


def build_office(
    sources: Path, *, version: str, address: str = _EXAMPLE_ADDRESS
) -> Mapping[str, bytes]:
    """The folder of the Office task pane, by path; Microsoft's own script is not in it.

    Args:
        sources: the folder ``macros``.
        version: of the distribution, such as ``0.1.0``.
        address: where IT puts the folder; Office loads it over https only.
    """
    files = {f"office/{path}": data for path, data in _read(sources / "office")}
    files |= {f"office/{name}": (sources / "web" / name).read_bytes() for name in _SHARED_PAGES}
    files |= {f"office/icon-{size}.png": draw_icon(size) for size in _ICON_SIZES}
    return _fill(files, version, address)


def build_oxt(sources: Path, *, version: str) -> Mapping[str, bytes]:
    """The LibreOffice extension; the same bytes at every build, as nothing in it is packed."""
    files = _fill(dict(_read(sources / "libreoffice")), version, "")
    members = (
        Member(path, _STORED, zlib.crc32(data), len(data), data) for path, data in files.items()
    )
    return {"nianbao.oxt": write_zip(members)}


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every source below a folder by its path in it, in the order of the paths."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES)
    for path in paths:
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _fill(files: Mapping[str, bytes], version: str, address: str) -> Mapping[str, bytes]:
    """The files in the order of their paths, with what only the build knows put in."""
    return {
        path: files[path]
        .replace(b"@VERSION@", version.encode())
        .replace(b"@ADDRESS@", address.rstrip("/").encode())
        for path in sorted(files)
    }
