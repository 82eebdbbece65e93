"""A period with something of everything, and its frozen archive taken apart and put together."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tests.support.builders import filing_of, with_figures
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.frozen.manifest import MANIFEST
from xlsx_tools.frozen.zip_stream import ZipStream
from xlsx_tools.interchange import dumps_filing

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
YEAR = FORM.first_year + 1
ROSTER = """name,code,scope,parent,merge,note
某县,,consolidated,,,
甲镇,,own,某县,,
乙局,,own,某县,,
丙局,,own,某县,,
丁局,,own,某县,,
戊局,,own,某县,,
己局,,own,某县,否,垂直管理
没报局,,own,某县,,
"""
WAIVERS = f"rule,unit,year,by,why,until\nregulations-power,丁局,{YEAR},张三,受委托填报,2030-01-01\n"
OPTIONS = ("--roster", "名册.csv", "--waivers", "豁免.csv", "--last-year", "上年")
ORGANISATION = ("--organisation", "某县", "--code", "11330000000000000X")
TODAY = ("--today", "2026-01-20")
BIG = 21 * 1024 * 1024


def unit(name: str, **changes: int) -> Filing:
    filing = replace(filing_of(FORM), year=YEAR, organisation=Organisation(name))
    return with_figures(filing, **changes)


def make_period(folder: Path) -> None:
    """A roster with levels, waivers, last year, and an inbox with every kind of file."""
    inbox, last = folder / "报送", folder / "上年"
    (inbox / "下级").mkdir(parents=True)
    last.mkdir()
    (folder / "名册.csv").write_text(ROSTER, "utf-8")
    (folder / "豁免.csv").write_text(WAIVERS, "gb18030")
    before = replace(unit("甲镇", carried_out__natural_person=2), year=YEAR - 1)
    (last / "甲镇.json").write_text(dumps_filing(before), "utf-8")
    (last / "坏.xlsx").write_bytes(b"not one")
    (inbox / "甲镇.xlsx").write_bytes(render_workbook(unit("甲镇")))
    (inbox / "甲镇 (1).xlsx").write_bytes(render_workbook(unit("甲镇")))
    (inbox / "下级" / "乙局.json").write_text(dumps_filing(unit("乙局")), "utf-8")
    (inbox / "丙局.xlsx").write_bytes(render_workbook(unit("丙局", licences__decisions=4)))
    (inbox / "丙局更正.xlsx").write_bytes(render_workbook(unit("丙局", licences__decisions=5)))
    (inbox / "丁局.xlsx").write_bytes(render_workbook(unit("丁局", regulations__in_force=2)))
    (inbox / "己局.xlsx").write_bytes(render_workbook(unit("己局")))
    (inbox / "错.xlsx").write_bytes(render_workbook(unit("外局", received__other=3)))
    (inbox / "旧.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    (inbox / "空.xlsx").write_bytes(b"")
    (inbox / "通知.docx").write_bytes(b"nothing of ours")
    (inbox / "坏.zip").write_bytes(b"PK\x03\x04 cut off")
    (inbox / "链接.xlsx").symlink_to("甲镇.xlsx")
    with (inbox / "过大.xlsx").open("wb") as file:
        file.truncate(BIG)
    (inbox / "包.zip").write_bytes(_zip_of_submissions())


def _zip_of_submissions() -> bytes:
    """With a name in GBK, a member whose check sum is wrong, and one that is too big."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xxxx.xlsx", render_workbook(unit("戊局")))
        archive.writestr(zipfile.ZipInfo("a/damaged.xlsx"), b"damaged damaged")
        archive.writestr("a/big.xlsx", bytes(BIG))
        archive.writestr("a/read.txt", b"nothing of ours")
    data = file.getvalue().replace(b"xxxx.xlsx", "戊局".encode("gbk") + b".xlsx")
    return data.replace(b"damaged damaged", b"damaged Damaged")


def unpack(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(archive)) as package:
        return {name: package.read(name) for name in package.namelist()}


def manifest_of(parts: dict[str, bytes]) -> Any:
    return json.loads(parts[MANIFEST])


def repack(parts: dict[str, bytes], manifest: object = None) -> bytes:
    """An archive of these parts, sound as a zip whatever is in them."""
    if manifest is not None:
        parts = {**parts, MANIFEST: json.dumps(manifest).encode()}
    stream, pieces = ZipStream(), list[bytes]()
    for name, data in parts.items():
        pieces += stream.deflate(name, (data,))
    return b"".join((*pieces, *stream.end()))


def with_output(parts: dict[str, bytes], name: str, data: bytes) -> bytes:
    """An archive with another output, its digest in the manifest and all."""
    manifest = manifest_of(parts)
    sha256 = hashlib.sha256(data).hexdigest()
    manifest["outputs"][name] = {"size": len(data), "sha256": sha256}
    return repack({**parts, name: data}, manifest)
