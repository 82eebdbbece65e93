"""Frozen archives: made again byte for byte, and no change of anything in them goes unnoticed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zlib
from contextlib import contextmanager
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from tests.support.commands import run_command
from tests.support.period import (
    BIG,
    FORM,
    OPTIONS,
    ORGANISATION,
    ROSTER,
    TODAY,
    make_period,
    manifest_of,
    repack,
    unit,
    unpack,
    with_output,
)
from tests.support.raw_xlsx import Entry, pack, zip_of
from tests.support.workbooks import number, put_cells, read_bytes
from xlsx_tools.batch.desk import Order, run_order
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.cli import freeze
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.address import layout_of
from xlsx_tools.excel.file_bytes import FileBytes
from xlsx_tools.excel.package import open_package
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.frozen import remake as remaking
from xlsx_tools.frozen import zip_stream
from xlsx_tools.frozen.compare import compare_files
from xlsx_tools.frozen.differ import find_first_line, has_same_parts
from xlsx_tools.frozen.errors import FrozenError, InputChangedError, NotFrozenError
from xlsx_tools.frozen.manifest import MANIFEST, OUTPUTS, README, list_versions
from xlsx_tools.frozen.names import name_within, root_of
from xlsx_tools.frozen.open import FROZEN_LIMITS, open_frozen
from xlsx_tools.frozen.outputs import make_outputs
from xlsx_tools.frozen.pack import Closing, pack_frozen
from xlsx_tools.frozen.parse import parse_manifest
from xlsx_tools.frozen.wording import write_readme
from xlsx_tools.frozen.zip_stream import ZipStream
from xlsx_tools.interchange import dumps_filing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.commands import Command
    from xlsx_tools.batch.desk import Outcome
    from xlsx_tools.frozen.outputs import Outputs

REPRODUCED, NOT_REPRODUCED, WRONG_USAGE, UNREADABLE = range(4)
CHOSEN = ("--on-duplicate", "报送/丙局更正.xlsx")
HASH = "0" * 64


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""
    return partial(run_command, capsys)


@pytest.fixture(scope="module")
def period(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A period with something of everything; nobody writes into it."""
    folder = tmp_path_factory.mktemp("period")
    make_period(folder)
    return folder


@pytest.fixture(scope="module")
def archive(period: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The period frozen as its coordinator would."""
    output = tmp_path_factory.mktemp("frozen") / "封存.zip"
    words = ("freeze", "报送", *ORGANISATION, *OPTIONS, *CHOSEN, *TODAY, "-o", str(output))
    ended = subprocess.run(
        [sys.executable, "-m", "xlsx_tools", *words], cwd=period, capture_output=True, check=False
    )
    assert ended.returncode == UNREADABLE, ended.stderr.decode()  # some files are
    return output.read_bytes()


@pytest.fixture(scope="module")
def parts(archive: bytes) -> dict[str, bytes]:
    """What is in it."""
    return unpack(archive)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and we are in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def inbox(at: Path) -> Path:
    """A small period, quick to freeze: two units, of which one is in a folder of its own."""
    place = at / "报送"
    (place / "下级").mkdir(parents=True)
    (place / "甲局.json").write_text(dumps_filing(unit("甲局")), "utf-8")
    (place / "下级" / "乙局.json").write_text(dumps_filing(unit("乙局")), "utf-8")
    return place


@pytest.fixture
def small(nianbao: Command, inbox: Path) -> Path:
    """That period frozen."""
    output = inbox.parent / "封存.zip"
    assert nianbao("freeze", "报送", *ORGANISATION, *TODAY, "-o", output).status == REPRODUCED
    return output


@contextmanager
def checked(inbox: Path, last: Path, place: Path) -> Iterator[tuple[Closing, Outcome]]:
    """A batch checked and ready to be packed."""
    order = Order(date(2026, 1, 20), last_year=FilesOnDisk([last]))
    files = FilesOnDisk([inbox])
    closing = Closing(order, Organisation("某县"), "refuse", files)
    with run_order(order, files, LocalExecutor(1), place) as outcome:
        yield closing, outcome


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "封存.zip"
    path.write_bytes(data)
    return path


# ------------------------------------------------------------------------------ what is packed


def test_the_archive_holds_every_file_that_could_be_read_as_it_was(
    period: Path, parts: dict[str, bytes]
) -> None:
    files = {file["label"]: file for file in manifest_of(parts)["files"]}
    inbox = period / "报送"

    for name in ("甲镇.xlsx", "下级/乙局.json", "错.xlsx", "旧.xls", "空.xlsx"):
        file = files[f"报送/{name}"]
        data = (inbox / name).read_bytes()
        assert parts[file["path"]] == data
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["path"].endswith(Path(name).suffix)
        assert (file["name"], file["size"]) == (name, len(data))
        assert file["changed"] == (inbox / name).stat().st_mtime_ns
    assert {file["path"] for file in files.values()} - {""} <= parts.keys()


def test_a_file_inside_a_zip_is_packed_by_itself_and_names_its_zip(
    period: Path, parts: dict[str, bytes]
) -> None:
    (file,) = [one for one in manifest_of(parts)["files"] if one["label"].endswith("戊局.xlsx")]

    assert file["label"] == "报送/包.zip/戊局.xlsx"
    assert file["archive"] == "报送/包.zip"
    assert file["size"] == (period / "报送" / "包.zip").stat().st_size
    assert read_bytes(parts[file["path"]]).organisation.name == "戊局"


def test_files_that_could_not_be_read_are_listed_without_bytes_and_say_why(
    parts: dict[str, bytes],
) -> None:
    unread = {file["label"]: file for file in manifest_of(parts)["files"] if not file["path"]}

    assert {label: file["code"] for label, file in unread.items()} == {
        "报送/坏.zip": "package.corrupt",
        "报送/链接.xlsx": "fs.symlink",
        "报送/过大.xlsx": "file.too_big",
        "报送/包.zip/a/damaged.xlsx": "package.corrupt",
        "报送/包.zip/a/big.xlsx": "file.too_big",
    }
    for label, file in unread.items():
        assert (file["sha256"], file["status"]) == ("", "unreadable")
        assert file["why"].endswith("。")
        assert f"    {label}\r\n" in parts[README].decode()


def test_outputs_are_those_of_check_and_merge(
    nianbao: Command, period: Path, parts: dict[str, bytes], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(period)
    rest = ("报送", *OPTIONS, *CHOSEN, *TODAY)

    nianbao("check", *rest, "-o", tmp_path / "r.json")
    nianbao("merge", *rest, *ORGANISATION, "-o", tmp_path / "m.xlsx", "--trace", tmp_path / "t.csv")

    assert parts["results.json"] == (tmp_path / "r.json").read_bytes()
    assert parts["merged.xlsx"] == (tmp_path / "m.xlsx").read_bytes()
    assert parts["trace.csv"] == (tmp_path / "t.csv").read_bytes()


def test_the_manifest_says_what_was_asked_and_what_it_was_made_with(
    period: Path, parts: dict[str, bytes]
) -> None:
    manifest = manifest_of(parts)

    assert manifest["organisation"] == {"name": "某县", "code": "11330000000000000X"}
    assert (manifest["today"], manifest["year"]) == ("2026-01-20", None)
    assert (manifest["format"], manifest["nested"]) == (1, "refuse")
    assert manifest["choice"] == {"latest": False, "files": [CHOSEN[1]]}
    assert manifest["forms"] == {FORM.id: FORM.template_version}
    assert set(manifest["versions"]) == {"nianbao", "openpyxl", "python", "zlib"}
    assert parts["roster.csv"] == (period / "名册.csv").read_bytes()
    assert parts["waivers.csv"] == (period / "豁免.csv").read_bytes()
    for name, digest in (manifest["lists"] | manifest["outputs"]).items():
        assert digest["sha256"] == hashlib.sha256(parts[name]).hexdigest()
        assert digest["size"] == len(parts[name])
    assert {one["file"] for one in manifest["ignored"]} == {
        "报送/通知.docx", "报送/包.zip/a/read.txt",
    }  # fmt: skip
    assert [one["label"] for one in manifest["last_year"]] == ["上年/坏.xlsx", "上年/甲镇.json"]


def test_any_program_can_open_it_and_workbooks_are_stored_as_they_are(archive: bytes) -> None:
    with ZipFile(BytesIO(archive)) as package:
        assert package.testzip() is None
        infos = package.infolist()

    stored = {info.filename for info in infos if info.compress_type == 0}
    assert stored == {info.filename for info in infos if info.filename.startswith(("inp", "last"))}
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}


def test_the_page_tells_people_what_it_is_and_how_to_verify_it(parts: dict[str, bytes]) -> None:
    page = parts[README].decode("utf-8-sig")

    assert "汇总单位：某县\r\n" in page
    assert "封存日期：2026-01-20\r\n" in page
    assert "    nianbao verify 封存包.zip\r\n" in page
    assert "上年度填报，共 2 份" in page
    assert "roster.csv：单位名册" in page
    assert "waivers.csv：豁免清单" in page


# --------------------------------------------------------------------------- made again


def test_everything_is_made_again_anywhere_without_the_files(
    nianbao: Command, archive: bytes, at: Path
) -> None:
    path = saved(at, archive)

    ended = nianbao("verify", path)

    assert ended.status == REPRODUCED, ended.out
    for name in OUTPUTS:
        assert f"  {name}：逐字节相同\n" in ended.out
    assert "已经重现：重新校验、汇总 5 个单位" in ended.out
    assert "5 份文件，按当时的记录列出，没有重新校验" in ended.out
    assert hashlib.sha256(archive).hexdigest() in ended.out
    assert names_in(at) == [path.name]


def test_freezing_again_gives_the_same_bytes_however_many_work_on_it(
    nianbao: Command, period: Path, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(period)
    path = saved(tmp_path, b"an older one")

    ended = nianbao(
        "freeze", "报送", *ORGANISATION, *OPTIONS, *CHOSEN, *TODAY, "--jobs", "1", "--force",
        "-o", path,
    )  # fmt: skip

    assert path.read_bytes() == archive
    assert f"封存包摘要（SHA-256）：{hashlib.sha256(archive).hexdigest()}" in ended.out
    assert (
        "已封存 16 份文件：汇总 5 个单位，为部分汇总（名册中有 2 个单位没有计入），未纳入 11 份。"
        in ended.out
    )


def test_an_archive_packed_again_from_itself_is_itself(archive: bytes, tmp_path: Path) -> None:
    with open_frozen(saved(tmp_path, archive)) as frozen:
        manifest, order = frozen.manifest, frozen.order()
        roster, waivers = [frozen.package.read(name) for name in manifest.lists]
        closing = Closing(
            order,
            manifest.organisation,
            manifest.unstated,
            frozen.sources(),
            roster,
            waivers,
            root="报送",
        )
        with run_order(order, frozen.sources(), LocalExecutor(1), tmp_path) as outcome:
            outputs = make_outputs(
                outcome.batch, order.roster, manifest.organisation, manifest.unstated
            )
            again = list(pack_frozen(closing, outcome, outputs))

    inside, other = unpack(archive), unpack(b"".join(again))
    described, otherwise = manifest_of(inside), manifest_of(other)
    zipped = [(one, two) for one, two in zip(described["files"], otherwise["files"], strict=True)]
    for one, two in zipped:
        two["archive"] = one["archive"]  # only the disk knows of zips
    assert described == otherwise
    assert {**inside, MANIFEST: b""} == {**other, MANIFEST: b""}


@pytest.mark.parametrize(
    "choice", [("latest",), ("报送/丙局.xlsx",)], ids=["the last one", "one by name"]
)
def test_a_chosen_file_is_chosen_again(
    nianbao: Command, inbox: Path, at: Path, choice: tuple[str]
) -> None:
    for turn, name in enumerate(("丙局", "丙局更正")):
        (inbox / f"{name}.xlsx").write_bytes(
            render_workbook(unit("丙局", licences__decisions=4 + turn))
        )
        os.utime(inbox / f"{name}.xlsx", ns=(10**18 + turn, 10**18 + turn))

    nianbao(
        "freeze", "报送", *ORGANISATION, *TODAY, "--on-duplicate", *choice, "-o", at / "封存.zip"
    )

    assert nianbao("verify", at / "封存.zip").status == REPRODUCED
    merged = read_bytes(unpack((at / "封存.zip").read_bytes())["merged.xlsx"])
    licences = merged.values[FORM.by_path["disclosure.licences.decisions"].index]
    assert licences == (5 if choice == ("latest",) else 4)


def test_the_choice_about_nested_sums_is_kept(nianbao: Command, at: Path) -> None:
    (at / "名册.csv").write_text(ROSTER, "utf-8")
    (at / "报送").mkdir()
    nianbao_rest = ("报送", "--roster", "名册.csv", "--organisation", "某市", *TODAY)
    for name, scope in (("某县", "consolidated"), ("甲镇", "own")):
        filing = json.loads(dumps_filing(unit(name)))
        filing["scope"] = scope
        (at / "报送" / f"{name}.json").write_text(json.dumps(filing), "utf-8")

    refused = nianbao("freeze", *nianbao_rest, "-o", at / "a.zip")
    whole = nianbao("freeze", *nianbao_rest, "--nested", "whole", "-o", at / "b.zip")

    assert (refused.status, whole.status) == (NOT_REPRODUCED, REPRODUCED)
    assert manifest_of(unpack((at / "b.zip").read_bytes()))["nested"] == "whole"
    assert nianbao("verify", at / "b.zip").status == REPRODUCED


# ----------------------------------------------------------------------- what is not frozen


def test_a_file_that_changed_since_it_was_checked_stops_everything(
    nianbao: Command, inbox: Path, at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*asked: Any) -> Outputs:
        outputs = make_outputs(*asked)
        (inbox / "甲局.json").write_text(dumps_filing(unit("甲局", licences__decisions=1)), "utf-8")
        return outputs

    monkeypatch.setattr(freeze, "make_outputs", meanwhile)

    ended = nianbao("freeze", "报送", *ORGANISATION, *TODAY, "-o", at / "封存.zip")

    assert ended.status == UNREADABLE
    assert "报送/甲局.json：校验之后又有变化，没有封存" in ended.err
    assert names_in(at) == ["报送"]


def test_a_file_that_vanished_or_of_last_year_changed_stops_it_too(
    inbox: Path, at: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    last = at / "上年"
    shutil.copytree(inbox, last)
    place = tmp_path_factory.mktemp("place")

    def packed(outcome: Outcome, closing: Closing) -> bytes:
        outputs = make_outputs(outcome.batch, None, closing.organisation, closing.unstated)
        return b"".join(pack_frozen(closing, outcome, outputs))

    with checked(inbox, last, place) as (closing, outcome):
        packed(outcome, closing)
        (last / "甲局.json").write_text("{}", "utf-8")
        with pytest.raises(InputChangedError, match=r"上年/甲局\.json"):
            packed(outcome, closing)
        (inbox / "甲局.json").unlink()
        with pytest.raises(InputChangedError, match=r"报送/甲局\.json"):
            packed(outcome, closing)


def test_a_batch_that_cannot_be_merged_is_not_frozen(
    nianbao: Command, inbox: Path, at: Path
) -> None:
    for path in inbox.rglob("*.json"):
        path.write_text("{}", "utf-8")

    ended = nianbao("freeze", "报送", *ORGANISATION, "-o", at / "封存.zip")

    assert ended.status == UNREADABLE
    assert "没有封存：没有可以汇总的填报。" in ended.err
    assert names_in(at) == ["报送"]


def test_an_archive_is_never_overwritten_nor_called_otherwise(
    nianbao: Command, small: Path
) -> None:
    before = small.read_bytes()

    there = nianbao("freeze", "报送", *ORGANISATION, "-o", small)
    named = nianbao("freeze", "报送", *ORGANISATION, "-o", "封存.xlsx")

    assert (there.status, named.status) == (WRONG_USAGE, WRONG_USAGE)
    assert "封存.zip 已存在" in there.err
    assert "应以 .zip 结尾" in named.err
    assert small.read_bytes() == before


def test_what_no_zip_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_stream, "MOST_MEMBERS", 2)
    monkeypatch.setattr(zip_stream, "MOST_BYTES", 1000)
    many, long = ZipStream(), ZipStream()

    for name in "ab":
        list(many.store(name, b""))
    with pytest.raises(FrozenError, match="分开封存"):
        list(many.store("c", b""))
    with pytest.raises(FrozenError, match="分开封存"):
        list(long.store("a", bytes(1000)))
    with pytest.raises(FrozenError, match="分开封存"):
        list(ZipStream().deflate("a", [bytes(1001)]))


# --------------------------------------------------------------------- changes are noticed


def flipped(archive: bytes, place: int) -> bytes:
    """One bit of it turned."""
    return archive[:place] + bytes([archive[place] ^ 0x10]) + archive[place + 1 :]


def spans_of(archive: bytes) -> dict[str, tuple[int, int]]:
    """Where the packed bytes of each member lie."""
    with ZipFile(BytesIO(archive)) as package:
        infos = package.infolist()
    starts = {
        info.filename: info.header_offset + 30 + len(info.filename.encode()) for info in infos
    }
    return {
        info.filename: (starts[info.filename], info.compress_size)
        for info in infos
        if info.compress_size
    }


def test_one_flipped_byte_in_any_member_is_noticed(nianbao: Command, small: Path, at: Path) -> None:
    archive = small.read_bytes()
    spans = spans_of(archive)
    ended = {}

    for name, (start, size) in spans.items():
        for place in (start, start + size // 2, start + size - 1):
            ended[name, place] = nianbao("verify", saved(at, flipped(archive, place)))

    assert len(spans) == 7
    assert {one.status for one in ended.values()} <= {NOT_REPRODUCED, UNREADABLE}
    for (name, place), one in ended.items():
        if place < sum(spans[name]) - 1:  # the last bits of deflated data mean nothing
            assert f"封存包中的 {name} 已损坏" in one.err
            assert one.err.endswith("请换用另外保存的一份封存包。\n")


def test_one_flipped_byte_between_the_members_is_noticed(
    nianbao: Command, small: Path, at: Path
) -> None:
    archive = small.read_bytes()
    inside = {
        place for start, size in spans_of(archive).values() for place in range(start, start + size)
    }
    outside = [place for place in range(len(archive)) if place not in inside]

    statuses = {nianbao("verify", saved(at, flipped(archive, at_))).status for at_ in outside[::9]}

    assert len(outside) > 800
    assert REPRODUCED not in statuses


def test_an_archive_zipped_anew_is_not_the_archive(nianbao: Command, at: Path, small: Path) -> None:
    ended = nianbao("verify", saved(at, pack(unpack(small.read_bytes()))))

    assert ended.status == NOT_REPRODUCED
    assert "解压以后重新压缩过" in ended.out


def test_a_member_replaced_under_a_right_check_sum_is_noticed(
    nianbao: Command, at: Path, archive: bytes, parts: dict[str, bytes]
) -> None:
    changed = [name for name in parts if name != MANIFEST]

    for name in changed:
        data = parts[name]
        other = bytes([data[0] ^ 1]) + data[1:] if data else b"x"
        ended = nianbao("verify", saved(at, repack({**parts, name: other})))
        assert ended.status == NOT_REPRODUCED, name
        assert f"封存包已被改动：其中的 {name} " in ended.out

    assert len(changed) > 15
    assert nianbao("verify", saved(at, repack(parts))).status == REPRODUCED
    assert archive


def test_a_member_too_few_or_too_many_is_noticed(
    nianbao: Command, at: Path, parts: dict[str, bytes]
) -> None:
    fewer = {name: data for name, data in parts.items() if name != "trace.csv"}

    missing = nianbao("verify", saved(at, repack(fewer)))
    added = nianbao("verify", saved(at, repack({**parts, "inputs/999999.xlsx": b"x"})))

    assert (missing.status, added.status) == (NOT_REPRODUCED, NOT_REPRODUCED)
    assert "trace.csv 不见了" in missing.out
    assert "inputs/999999.xlsx 不在封存清单中" in added.out


def test_a_forged_figure_of_the_merge_is_named_by_its_cell(
    nianbao: Command, small: Path, at: Path
) -> None:
    parts = unpack(small.read_bytes())
    cell = FORM.by_path["disclosure.licences.decisions"]
    spot = layout_of(FORM).figure[cell.index]
    forged = put_cells(parts["merged.xlsx"], {spot: number("77")})

    ended = nianbao("verify", saved(at, with_output(parts, "merged.xlsx", forged)))

    assert ended.status == NOT_REPRODUCED
    where = f"{spot.sheet}!{spot.address}（{cell.label}）不同，封存时 77，现在 0"
    assert f"  merged.xlsx：{where}\n" in ended.out
    assert "results.json：逐字节相同" in ended.out
    assert "程序版本与封存时相同" in ended.out
    assert "已经重现" not in ended.out


def test_a_forged_line_of_the_results_or_the_trace_is_named(
    nianbao: Command, small: Path, at: Path
) -> None:
    parts = unpack(small.read_bytes())
    trace = parts["trace.csv"].replace(",有数,".encode(), ",空白,".encode(), 1)
    results = parts["results.json"].replace(b'"unreadable": 0', b'"unreadable": 3')

    traced = nianbao("verify", saved(at, with_output(parts, "trace.csv", trace)))
    judged = nianbao("verify", saved(at, with_output(parts, "results.json", results)))

    assert (traced.status, judged.status) == (NOT_REPRODUCED, NOT_REPRODUCED)
    assert "trace.csv：第 2 行起不同，封存时 " in traced.out
    assert '"unreadable": 3' in judged.out
    assert '"unreadable": 0' in judged.out


def test_a_file_judged_otherwise_is_named_and_other_versions_are_the_likely_reason(
    nianbao: Command, small: Path, at: Path
) -> None:
    parts = unpack(small.read_bytes())
    manifest = manifest_of(parts)
    manifest["files"][0]["status"] = "failed"
    manifest["versions"]["openpyxl"] = "2.0"
    manifest["forms"] = {FORM.id: "0"}
    parts[README] = write_readme(parse_manifest(json.dumps(manifest).encode()))

    ended = nianbao("verify", saved(at, repack(parts, manifest)))

    assert ended.status == NOT_REPRODUCED
    assert "报送/甲局.json：封存时未通过，现在通过" in ended.out
    assert "  openpyxl：封存时 2.0，现在 " in ended.out
    assert f"  {FORM.id}：封存时 0，现在 {FORM.template_version}\n" in ended.out


def test_other_versions_are_named_where_the_merge_differs(
    nianbao: Command, small: Path, at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = unpack(small.read_bytes())
    now = list_versions()
    monkeypatch.setattr(remaking, "list_versions", lambda: now | {"openpyxl": "9.9"})

    same = nianbao("verify", small)
    other = nianbao("verify", saved(at, with_output(parts, "trace.csv", b"other")))

    assert same.status == REPRODUCED
    assert other.status == NOT_REPRODUCED
    assert f"  openpyxl：封存时 {now['openpyxl']}，现在 9.9\n" in other.out
    assert "可能的原因是程序版本不同" in other.out


def test_a_merge_that_is_refused_now_is_told(nianbao: Command, small: Path, at: Path) -> None:
    parts = unpack(small.read_bytes())
    manifest = manifest_of(parts)
    for file in manifest["files"]:
        file |= {"code": "limits.time", "why": "处理超过了时间上限。"}

    ended = nianbao("verify", saved(at, repack(parts, manifest)))

    assert ended.status == NOT_REPRODUCED
    assert "现在不予汇总：没有可以汇总的填报。" in ended.out


def test_a_workbook_only_deflated_by_another_program_is_the_same(
    nianbao: Command, small: Path, at: Path
) -> None:
    parts = unpack(small.read_bytes())
    deflated = pack(unpack(parts["merged.xlsx"]))

    ended = nianbao("verify", saved(at, with_output(parts, "merged.xlsx", deflated)))

    assert deflated != parts["merged.xlsx"]
    assert has_same_parts(deflated, parts["merged.xlsx"])
    assert ended.status == REPRODUCED
    assert "merged.xlsx：各部件逐字节相同，只是压缩程序不同" in ended.out


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        ([b"a\nb"], [b"a\n", b"b"], "逐行相同"),
        ([b"a\nb\n"], [b"a\nc\n"], "第 2 行起不同，封存时 “b”，现在 “c”"),
        ([b"a"], [b"a\nb"], "第 2 行起不同，封存时 没有这一行，现在 “b”"),
        ([b"x" * 50 + b"1"], [b"x" * 50 + b"2"], f"封存时 “{'x' * 20}1”，现在 “{'x' * 20}2”"),
        ([b"\x1b[2J"], [b""], "封存时 “\\u001b[2J”，现在 “”"),
    ],
)
def test_the_first_line_that_differs_is_shown_where_it_differs(
    before: list[bytes], now: list[bytes], says: str
) -> None:
    assert find_first_line(before, now).endswith(says)


# ------------------------------------------------------------------------ hostile archives


def edited(change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], bytes]:
    """An archive with its manifest changed."""

    def make(parts: dict[str, bytes]) -> bytes:
        manifest = manifest_of(parts)
        change(manifest)
        return repack(parts, manifest)

    return make


def set_first(**fields: object) -> Callable[[dict[str, bytes]], bytes]:
    return edited(lambda manifest: manifest["files"][0].update(fields))


def set_top(**fields: object) -> Callable[[dict[str, bytes]], bytes]:
    return edited(lambda manifest: manifest.update(fields))


def raw_manifest(data: bytes) -> Callable[[dict[str, bytes]], bytes]:
    return lambda parts: repack({**parts, MANIFEST: data})


BAD_MANIFESTS = {
    "empty": raw_manifest(b""),
    "no text": raw_manifest(b"\xff\xfe\x00"),
    "no object": raw_manifest(b"[]"),
    "key twice": raw_manifest(b'{"format": 1, "format": 1}'),
    "deep": raw_manifest(b"[" * 200_000),
    "no format": edited(lambda manifest: manifest.pop("format")),
    "other format": set_top(format=2),
    "huge format": raw_manifest(b'{"format": ' + b"9" * 300 + b"}"),
    "true for a number": set_top(format=True),
    "field too many": set_top(more=1),
    "no files": edited(lambda manifest: manifest.pop("files")),
    "files no list": set_top(files={}),
    "file no object": set_top(files=["x"]),
    "today no day": set_top(today="2026-02-30"),
    "year no number": set_top(year="2025"),
    "year too large": set_top(year=1 << 70),
    "no year": edited(lambda manifest: manifest.pop("year")),
    "no last year": edited(lambda manifest: manifest.pop("last_year")),
    "nested unknown": set_top(nested="maybe"),
    "choice of numbers": set_top(choice={"latest": False, "files": [1]}),
    "choice latest 1": set_top(choice={"latest": 1, "files": []}),
    "organisation nameless": set_top(organisation={"code": None}),
    "versions of numbers": set_top(versions={"python": 3}),
    "list unknown": set_top(lists={"../x": {"size": 1, "sha256": HASH}}),
    "output missing": edited(lambda manifest: manifest["outputs"].pop("trace.csv")),
    "hash no hash": set_first(sha256="xyz"),
    "path upward": set_first(path="../../etc/passwd"),
    "path of the system": set_first(path="/etc/passwd"),
    "path of the manifest": set_first(path=MANIFEST),
    "path twice": edited(
        lambda manifest: manifest["files"][1].update(path=manifest["files"][0]["path"])
    ),
    "path without hash": set_first(sha256=""),
    "neither path nor code": set_first(path="", sha256="", code=""),
    "status unknown": set_first(status="fine"),
    "code no code": set_first(code="\x1b[2J"),
    "size too large": set_first(size=1 << 63),
    "half a character": set_first(label="\ud800"),
    "label no text": set_first(label=None),
    "field of a file too many": set_first(more=""),
}


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_a_manifest_that_is_not_right_to_the_letter_is_refused(
    small: Path, at: Path, nianbao: Command, name: str
) -> None:
    path = saved(at, BAD_MANIFESTS[name](unpack(small.read_bytes())))

    with pytest.raises(FrozenError) as caught, open_frozen(path):
        pass
    ended = nianbao("verify", path)

    assert caught.value.code == "frozen"
    assert ended.status == UNREADABLE
    assert MANIFEST in str(caught.value) or "只认第 1 版" in str(caught.value)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "C:/x", "inputs//1", "a\x00b"])
def test_names_that_lead_out_of_the_archive_are_refused(
    nianbao: Command, small: Path, at: Path, name: str
) -> None:
    entries = [Entry(n.encode(), data) for n, data in unpack(small.read_bytes()).items()]
    path = saved(at, zip_of([*entries, Entry(name.encode(), b"x")]))

    with pytest.raises(UnusableFileError) as caught, open_frozen(path):
        pass

    assert caught.value.reason == "package.part_name"
    assert nianbao("verify", path).status == UNREADABLE
    assert names_in(at) == ["封存.zip", "报送"]


def lying(parts: dict[str, bytes], name: str) -> bytes:
    """A member that inflates to far more than it says."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(64 * 1024 * 1024)) + packer.flush()
    return zip_of(
        Entry(one.encode(), data, packed=packed if one == name else None)
        for one, data in parts.items()
    )


@pytest.mark.parametrize("name", ["inputs/000001.json", MANIFEST, "trace.csv", README])
def test_a_bomb_is_refused_without_being_inflated(
    nianbao: Command, small: Path, at: Path, name: str
) -> None:
    path = saved(at, lying(unpack(small.read_bytes()), name))

    ended = nianbao("verify", path)

    assert ended.status == UNREADABLE
    assert "炸弹" in ended.err or "已损坏" in ended.err


def test_an_input_bigger_than_any_input_is_not_read(
    nianbao: Command, small: Path, at: Path
) -> None:
    parts = unpack(small.read_bytes())

    ended = nianbao("verify", saved(at, repack({**parts, "inputs/000001.json": bytes(BIG)})))

    assert ended.status == UNREADABLE
    assert f"有 {BIG} 字节，超过上限" in ended.err


def test_other_zips_workbooks_and_halves_are_no_frozen_archive(
    nianbao: Command, archive: bytes, parts: dict[str, bytes], at: Path
) -> None:
    without = {name: data for name, data in parts.items() if name != MANIFEST}
    nameless, book = saved(at, repack(without)), at / "a.xlsx"
    book.write_bytes(parts["merged.xlsx"])

    for path in (nameless, book):
        with pytest.raises(NotFrozenError), open_frozen(path):
            pass
        assert nianbao("verify", path).status == WRONG_USAGE
    half = nianbao("verify", saved(at, archive[: len(archive) // 2]))

    assert half.status == UNREADABLE
    assert "封存.zip：封存包无法打开：文件已损坏或不完整" in half.err


def test_a_link_to_an_archive_is_not_followed(nianbao: Command, small: Path, at: Path) -> None:
    (at / "链接.zip").symlink_to(small)

    ended = nianbao("verify", at / "链接.zip")

    assert ended.status == UNREADABLE
    assert "符号链接" in ended.err


def test_an_archive_needs_no_key(nianbao: Command, small: Path, at: Path) -> None:
    (at / "密钥.txt").write_bytes(b"0123456789abcdef")

    assert nianbao("verify", small, "--key", at / "密钥.txt").status == WRONG_USAGE


# ------------------------------------------------------------------------- changes since


def test_a_folder_as_it_was_has_no_changes_wherever_it_lies(
    nianbao: Command, small: Path, inbox: Path, at: Path
) -> None:
    elsewhere = at / "别处" / "移来的"
    shutil.copytree(inbox, elsewhere)

    ended = nianbao("verify", small, elsewhere)

    assert ended.status == REPRODUCED
    assert "与封存时相同 2 份。\n封存以后没有变化。" in ended.out


def test_what_was_changed_removed_added_and_renamed_since_is_listed(
    nianbao: Command, small: Path, inbox: Path
) -> None:
    (inbox / "丙局.json").write_text(dumps_filing(unit("丙局")), "utf-8")
    nianbao("freeze", "报送", *ORGANISATION, *TODAY, "-o", small, "--force")
    (inbox / "甲局.json").write_text(dumps_filing(unit("甲局", licences__decisions=1)), "utf-8")
    (inbox / "丙局.json").unlink()
    (inbox / "下级" / "乙局.json").rename(inbox / "乙局\x1b.json")
    (inbox / "丁局.json").write_text("{}", "utf-8")

    ended = nianbao("verify", small, inbox)

    assert ended.status == NOT_REPRODUCED
    assert "与封存时相同 0 份。" in ended.out
    assert "内容有变化 1 份：\n  甲局.json\n" in ended.out
    assert "已不在 1 份：\n  丙局.json\n" in ended.out
    assert "新增 1 份：\n  丁局.json\n" in ended.out
    assert "改了名称或者位置，内容相同 1 份：\n  下级/乙局.json → 乙局\\u001b.json\n" in ended.out


def test_files_that_could_not_be_read_are_not_compared_and_those_in_zips_are(
    nianbao: Command, archive: bytes, period: Path, at: Path
) -> None:
    ended = nianbao("verify", saved(at, archive), period / "报送")

    assert ended.status == REPRODUCED
    assert "与封存时相同 11 份。" in ended.out
    assert "不能比较 5 份：\n  包.zip/a/big.xlsx\n  包.zip/a/damaged.xlsx\n" in ended.out
    assert "新增" not in ended.out


def test_a_damaged_archive_is_not_compared(nianbao: Command, small: Path, inbox: Path) -> None:
    parts = unpack(small.read_bytes())
    altered = saved(small.parent, repack({**parts, "inputs/000001.json": b"{}"}))

    ended = nianbao("verify", altered, inbox)

    assert ended.status == NOT_REPRODUCED
    assert "封存包已被改动" in ended.out


def test_a_folder_that_is_not_there_is_wrong_usage(nianbao: Command, small: Path) -> None:
    ended = nianbao("verify", small, "没有的文件夹")

    assert ended.status == WRONG_USAGE
    assert "没有的文件夹：找不到" in ended.err


def test_the_archive_itself_is_no_new_file(nianbao: Command, small: Path, inbox: Path) -> None:
    moved = inbox / small.name
    shutil.move(small, moved)

    assert nianbao("verify", moved, inbox).status == REPRODUCED


def test_names_begin_behind_the_folder_common_to_all(at: Path) -> None:
    for folder in ("甲/a", "甲/b", ".隐藏"):
        (at / folder).mkdir(parents=True)
    (at / "甲/a/x.xlsx").write_bytes(b"")

    roots = [
        root_of([Path("甲")]),
        root_of([Path("甲/a"), Path("甲/b")]),
        root_of([Path("甲/a/x.xlsx")]),
        root_of([Path("甲"), Path(".隐藏")]),
        root_of([Path(".隐藏")]),
        root_of([Path()]),
        root_of([at, Path("甲")]),
        root_of([]),
    ]

    assert roots == ["甲", "甲", str(Path("甲/a")), "", ".隐藏", "", "", ""]
    assert name_within(str(Path("甲/a/x.xlsx")), "甲") == "a/x.xlsx"
    assert name_within(str(Path("甲/a/x.xlsx")), "") == "甲/a/x.xlsx"
    assert name_within(str(Path("甲乙/x.xlsx")), "甲") == "甲乙/x.xlsx"


def test_comparing_counts_copies_once_each(inbox: Path, small: Path) -> None:
    shutil.copy(inbox / "甲局.json", inbox / "甲局2.json")

    with open_frozen(small) as frozen:
        changes = compare_files(frozen.manifest.files, [inbox])

    assert (changes.same, changes.new, changes.moved) == (2, ("甲局2.json",), ())


# ------------------------------------------------------------------------------- large ones


def test_a_package_is_read_alike_from_a_file_and_from_memory(archive: bytes, at: Path) -> None:
    path = saved(at, archive)
    handle = os.open(path, os.O_RDONLY)
    try:
        on_disk, in_memory = (
            open_package(FileBytes(handle), FROZEN_LIMITS),
            open_package(archive, FROZEN_LIMITS),
        )
        for name in in_memory.names:
            assert on_disk.read(name) == in_memory.read(name)
            assert b"".join(on_disk.read_pieces(name)) == in_memory.read(name)
        assert on_disk.names == in_memory.names
    finally:
        os.close(handle)


def test_pieces_that_do_not_fit_what_was_declared_are_refused() -> None:
    good = zip_of([Entry(b"a", b"x" * 1000)])
    cut, more = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.compressobj(9, zlib.DEFLATED, -15)
    half = cut.compress(os.urandom(900)) + cut.flush(zlib.Z_SYNC_FLUSH)
    long = more.compress(b"x" * 2000) + more.flush()
    bad = [
        zip_of([Entry(b"a", b"x" * 1000, crc=5)]),
        zip_of([Entry(b"a", b"x" * 1000, packed=half)]),
        zip_of([Entry(b"a", b"x" * 1000, packed=long)]),
        zip_of([Entry(b"a", b"x" * 1000, packed=b"\xff\xff\xff")]),
        zip_of([Entry(b"a", b"x" * 1000, packed=long + b"more")]),
    ]

    assert b"".join(open_package(good).read_pieces("a")) == b"x" * 1000
    for data in bad:
        pieces, given = open_package(data).read_pieces("a"), list[bytes]()
        with pytest.raises(UnusableFileError) as caught:
            given.extend(pieces)
        assert caught.value.reason == "package.corrupt"
        assert sum(map(len, given)) <= 1000


_PEAK = """
import resource, sys
from xlsx_tools.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak this way")
def test_memory_does_not_grow_with_three_thousand_files(at: Path) -> None:
    (at / "one.xlsx").write_bytes(bytes(50_000))  # quickly found to be none
    peaks = []

    for count in (30, 3000):
        folder = at / str(count)
        folder.mkdir()
        (folder / "甲局.json").write_text(dumps_filing(unit("甲局")), "utf-8")
        for place in range(count):
            os.link(at / "one.xlsx", folder / f"{place:04}.xlsx")
        output = at / f"{count}.zip"
        for words in (["freeze", folder, *ORGANISATION, "-o", output], ["verify", output]):
            ended = subprocess.run(
                [sys.executable, "-c", _PEAK, *map(str, words)], capture_output=True, check=False
            )
            assert ended.returncode == (UNREADABLE if words[0] == "freeze" else REPRODUCED)
            peaks.append(int(ended.stderr.split()[-1]) / 1024)

    freezing, verifying, freezing_many, verifying_many = peaks
    assert (at / "3000.zip").stat().st_size > 3000 * 50_000
    assert freezing_many < freezing + 30, "MiB; the files are 143 MiB"
    assert verifying_many < verifying + 30, "MiB; the files are 143 MiB"
