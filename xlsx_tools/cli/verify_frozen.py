"""``nianbao verify`` on a frozen archive: made again, or compared with the files of today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.batch.workplace import open_workplace
from xlsx_tools.cli.bars import Bars
from xlsx_tools.cli.options import ACCEPTED, NOT_ACCEPTED
from xlsx_tools.cli.verified import Verified
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.frozen.compare import compare_files
from xlsx_tools.frozen.errors import AlteredError, NotFrozenError
from xlsx_tools.frozen.open import open_frozen
from xlsx_tools.frozen.remake import remake
from xlsx_tools.report.text import show_safely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from xlsx_tools.frozen.compare import Changes
    from xlsx_tools.frozen.manifest import Manifest
    from xlsx_tools.frozen.open import Frozen
    from xlsx_tools.frozen.remake import Remade

_LISTED = 50


def verify_frozen(path: Path, paths: Sequence[Path]) -> Verified:
    """Check and merge again from the archive; with `paths`, say what was changed since.

    Raises:
        click.UsageError: a zip, but no frozen archive.
        XlsxToolsError: it is damaged, or cannot be read.
    """
    try:
        with open_frozen(path) as frozen:
            frozen.verify_members()
            if paths:
                return _compare(frozen, path, paths)
            return _remake(frozen)
    except NotFrozenError as error:
        raise click.UsageError(
            "第一个参数不是回执，也不是封存包，而是工作簿或者其他压缩包。"
            "请先写回执，再写工作簿；或者先写封存包，再写文件夹。"
        ) from error
    except AlteredError as error:
        return Verified(NOT_ACCEPTED, (f"没有重现：{error}",))
    except UnusableFileError as error:
        raise UnusableFileError(error.reason, f"{path}：{error}", place=error.place) from error


def _remake(frozen: Frozen) -> Verified:
    with open_workplace(None) as place, Bars() as bars:
        remade = remake(frozen, LocalExecutor(), place, bars.watch)
    status = ACCEPTED if remade.reproduced else NOT_ACCEPTED
    lines = (*_describe(frozen), *_tell_remade(frozen.manifest, remade))
    return Verified(status, lines)


def _describe(frozen: Frozen) -> Iterator[str]:
    manifest = frozen.manifest
    name = show_safely(manifest.organisation.name)
    yield f"{name}，{manifest.today.isoformat()} 封存，报送文件 {len(manifest.files)} 份。"
    yield f"封存包摘要（SHA-256）：{frozen.digest()}"
    yield "  请与封存时另行保存的摘要对照；不同的，不是当时的那一个封存包。"


def _tell_remade(manifest: Manifest, remade: Remade) -> Iterator[str]:
    for name in remade.same:
        yield f"  {name}：逐字节相同"
    for name in remade.repacked:
        yield f"  {name}：各部件逐字节相同，只是压缩程序不同"
    if told := sum(bool(file.code) for file in manifest.files):
        yield f"  封存时没有读到或者没有处理完的 {told} 份文件，按当时的记录列出，没有重新校验。"
    if remade.reproduced:
        yield f"已经重现：重新校验、汇总 {remade.merged} 个单位，与封存的结果相同。"
        return
    yield "没有重现："
    yield from (f"  {difference}" for difference in remade.differences)
    if remade.versions:
        yield "可能的原因是程序版本不同，请使用封存时的版本核验："
        yield from (f"  {version}" for version in remade.versions)
    else:
        yield "程序版本与封存时相同，封存包的内容可能已被改动。"


def _compare(frozen: Frozen, path: Path, paths: Sequence[Path]) -> Verified:
    if missing := [given for given in paths if not given.exists()]:
        raise click.UsageError(f"{missing[0]}：找不到这个文件或者文件夹。")
    changes = compare_files(frozen.manifest.files, paths, [path])
    lines = (*_describe(frozen), *_tell_changes(changes))
    return Verified(ACCEPTED if changes.none else NOT_ACCEPTED, lines)


def _tell_changes(changes: Changes) -> Iterator[str]:
    moved = [f"{was} → {is_now}" for was, is_now in changes.moved]
    yield f"与封存时相同 {changes.same} 份。"
    yield from _list("内容有变化", changes.changed)
    yield from _list("已不在", changes.gone)
    yield from _list("新增", changes.new)
    yield from _list("改了名称或者位置，内容相同", moved)
    yield from _list("当时或者现在无法读取，不能比较", changes.unknown)
    yield "封存以后没有变化。" if changes.none else "封存以后有变化；封存包内的原件没有受影响。"
    yield "以上只比较文件；要重新校验、汇总，请只写封存包。"


def _list(word: str, names: Iterable[str]) -> Iterator[str]:
    names = list(names)
    if not names:
        return
    yield f"{word} {len(names)} 份："
    yield from (f"  {show_safely(name)}" for name in names[:_LISTED])
    if len(names) > _LISTED:
        yield f"  另有 {len(names) - _LISTED} 份"
