"""The page in a frozen archive that tells people what it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.frozen.manifest import (
    INPUTS,
    LAST_YEAR,
    MANIFEST,
    MERGED,
    RESULTS,
    ROSTER,
    TRACE,
    WAIVERS,
)
from xlsx_tools.report.text import show_safely

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.frozen.manifest import Manifest

_LISTS = {ROSTER: "单位名册", WAIVERS: "豁免清单"}
_UNKNOWN = "不详"


def write_readme(manifest: Manifest) -> bytes:
    """The page, as Windows programs read it; the same manifest gives the same page."""
    return ("\ufeff" + "".join(f"{line}\r\n" for line in _lines(manifest))).encode()


def _lines(manifest: Manifest) -> Iterator[str]:
    yield "政府信息公开工作年度报告　封存包"
    yield ""
    yield f"汇总单位：{show_safely(manifest.organisation.name)}"
    yield f"封存日期：{manifest.today.isoformat()}"
    yield f"报送文件：{len(manifest.files)} 份（{'，'.join(_say_statuses(manifest))}）"
    yield f"程序版本：{say_versions(manifest.versions)}"
    yield ""
    yield "一、内容"
    yield f"  {INPUTS}/：报送文件的原件，未作任何改动；原名、摘要（SHA-256）见 {MANIFEST}"
    if manifest.last_year is not None:
        yield f"  {LAST_YEAR}/：校验所依据的上年度填报，共 {len(manifest.last_year)} 份"
    for name in manifest.lists:
        yield f"  {name}：{_LISTS[name]}"
    yield f"  {RESULTS}：每一份文件的校验结果"
    yield f"  {MERGED}：汇总工作簿"
    yield f"  {TRACE}：每个汇总数的来源，具体到单位、文件、单元格"
    yield f"  {MANIFEST}：封存清单"
    if unread := [file for file in manifest.files if not file.path]:
        yield ""
        yield f"  有 {len(unread)} 份文件封存时无法读取，只记录了名称和原因："
        yield from (f"    {show_safely(file.label)}" for file in unread)
    yield ""
    yield "二、核验"
    yield "  安装 nianbao 后，不需要网络，在任何一台电脑上运行："
    yield "    nianbao verify 封存包.zip"
    yield "  将用包内的文件重新校验、重新汇总，与封存的结果逐字节比较。"
    yield "  与现在的报送文件比较，看封存以后改了哪些：在后面写上文件夹。"
    yield "    nianbao verify 封存包.zip 报送文件夹"
    yield ""
    yield "三、注意"
    yield "  封存时显示的封存包摘要（SHA-256）应另行保存：核验时显示的摘要与之相同，"
    yield "  才说明整个封存包就是当时的那一个，没有被整体替换。"
    yield "  请保留封存包原样，不要解压后重新压缩。"


def _say_statuses(manifest: Manifest) -> Iterator[str]:
    counts = Counter(file.status for file in manifest.files)
    yield from (f"{word} {counts[status]} 份" for status, word in STATUS_WORDS.items())


def say_versions(versions: Mapping[str, str]) -> str:
    """The programs with their versions, in one line."""
    shown = (f"{name} {version or _UNKNOWN}" for name, version in versions.items())
    return show_safely("，".join(shown))
