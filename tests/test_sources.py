"""What is found where the coordinator points to: everything, and each thing once."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.result import Ignored
from xlsx_tools.batch.sources import Found, find_sources
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.batch.journal import Line


def found_in(*paths: Path) -> list[str]:
    return [source.path.name for source in find_sources(paths) if isinstance(source, Found)]


def list_lines(*paths: Path) -> tuple[FilesOnDisk, list[Line]]:
    files, ignored = FilesOnDisk(paths), list[Ignored]()
    return files, list(files.list_files(ignored))


@pytest.fixture
def _locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that nobody may open, not even who runs the tests."""
    scan = os.scandir

    def refuse_locked(path: Path) -> Iterator[os.DirEntry[str]]:
        if str(path) == str(tmp_path / "locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "scandir", refuse_locked)


def test_a_folder_given_in_several_spellings_is_gone_through_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xlsx").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)

    spellings = [folder, folder.relative_to(tmp_path), folder / ".." / "in", tmp_path / "link/in"]

    assert found_in(*spellings, folder / ".." / "in" / "a.xlsx") == ["a.xlsx"]
    assert found_in(folder / "a.xlsx", tmp_path / "link" / "in" / "a.xlsx") == ["a.xlsx"]


@pytest.mark.usefixtures("_locked")
def test_a_folder_that_cannot_be_opened_is_told_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").touch()

    assert found_in(tmp_path) == ["a.xlsx", "locked"]
    with pytest.raises(UnusableFileError, match="没有读取这个文件（文件夹）的权限"):
        read_once(tmp_path / "locked")


def test_two_hundred_folders_in_one_another_are_gone_through(tmp_path: Path) -> None:
    here = tmp_path.joinpath(*["a"] * 200)
    here.mkdir(parents=True)
    (here / "b.xlsx").touch()

    assert found_in(tmp_path) == ["b.xlsx"]


def test_files_come_before_the_folders_beside_them_and_in_order(tmp_path: Path) -> None:
    for name in ("b/2.xlsx", "a/3.xlsx", "c.xlsx", "a/1.xlsx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert found_in(tmp_path) == ["c.xlsx", "1.xlsx", "3.xlsx", "2.xlsx"]


def test_links_that_lead_nowhere_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop.xlsx").symlink_to("loop.xlsx")
    (tmp_path / "gone.xlsx").symlink_to("nowhere")
    (tmp_path / "out.json").symlink_to("out.json")

    sources = list(find_sources([tmp_path], leave_out=[tmp_path / "out.json"]))

    names = [source.path.name for source in sources if isinstance(source, Found)]
    assert names == ["gone.xlsx", "loop.xlsx"]


def test_an_output_folder_is_left_out_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "in" / "退改").mkdir(parents=True)
    (tmp_path / "in" / "退改" / "a.xlsx").touch()
    (tmp_path / "link").symlink_to(tmp_path / "in" / "退改")

    assert list(find_sources([tmp_path / "in"], leave_out=[tmp_path / "link"])) == []


def test_a_zip_changed_since_it_was_listed_costs_only_what_is_gone(tmp_path: Path) -> None:
    place = tmp_path / "a.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("1.json", "one")
        archive.writestr("2.json", "two")
    _, (first, second) = list_lines(place)
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("2.json", "two")

    later = FilesOnDisk([place])

    assert later.read(second) == b"two"
    with pytest.raises(UnusableFileError) as raised:
        later.read(first)
    assert raised.value.reason == "fs.changed"


def test_an_encrypted_zip_is_told_what_to_do_with_a_zip(tmp_path: Path) -> None:
    place = tmp_path / "a.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("1.json", "one")
    data = bytearray(place.read_bytes())
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(start) + flags] |= 1
    place.write_bytes(data)
    files, (line,) = list_lines(place)

    with pytest.raises(UnusableFileError, match="请解压后直接报送其中的文件") as raised:
        files.read(line)

    assert raised.value.reason == "package.encrypted_part"
