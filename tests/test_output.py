"""A file is written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xlsx_tools.output import write_whole

if TYPE_CHECKING:
    from typing import Never

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "年报.xlsx"
    path.write_bytes(b"old")
    return path


def names_beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def fail(*_arguments: object, **_keywords: object) -> Never:
    raise OSError(28, "No space left on device")


def test_write_whole_makes_a_new_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "年报.xlsx", b"new")

    assert (tmp_path / "年报.xlsx").read_bytes() == b"new"
    assert names_beside(tmp_path / "年报.xlsx") == ["年报.xlsx"]


def test_write_whole_replaces_a_file_and_leaves_nothing_else(report: Path) -> None:
    write_whole(report, b"new")

    assert report.read_bytes() == b"new"
    assert names_beside(report) == ["年报.xlsx"]


def test_write_whole_takes_the_longest_name_a_folder_can_hold(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250 + ".xlsx")

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")
def test_write_whole_gives_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()

    write_whole(tmp_path / "whole", b"")

    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_other(
    report: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(os, call, fail)

    with pytest.raises(OSError, match="No space left"):
        write_whole(report, b"new")

    assert report.read_bytes() == b"old"
    assert names_beside(report) == ["年报.xlsx"]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_descriptor: int) -> Never:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)

    with pytest.raises(KeyboardInterrupt):
        write_whole(report, b"new")

    assert report.read_bytes() == b"old"
    assert names_beside(report) == ["年报.xlsx"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_killed_write_leaves_the_old_file_and_a_temporary_one_known_by_its_name(
    report: Path, call: str
) -> None:
    program = (
        "import os, sys; from pathlib import Path; from xlsx_tools.output import write_whole; "
        f"os.{call} = lambda *a, **k: os._exit(9); write_whole(Path(sys.argv[1]), b'new')"
    )

    killed = subprocess.run([sys.executable, "-c", program, report], cwd=REPOSITORY, check=False)

    assert killed.returncode == 9
    assert report.read_bytes() == b"old"
    (left_over,) = report.parent.glob("~nianbao-*.tmp")
    assert names_beside(report) == sorted(["年报.xlsx", left_over.name])


def test_write_whole_needs_no_folder_sync(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_DIRECTORY", raising=False)

    write_whole(report, b"new")

    assert report.read_bytes() == b"new"


def sync_folder_with(error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files be synced, and folders fail."""
    calls: list[int] = []

    def sync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 1:
            raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", sync)


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="folders are not synced here")
def test_a_file_system_that_cannot_sync_folders_is_no_failure(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_folder_with(22, monkeypatch)

    write_whole(report, b"new")

    assert report.read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="folders are not synced here")
def test_a_broken_disk_is_told_even_if_the_new_file_is_in_place(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_folder_with(5, monkeypatch)

    with pytest.raises(OSError, match="error"):
        write_whole(report, b"new")

    assert report.read_bytes() == b"new"


@pytest.mark.parametrize("kind", ["folder", "device"])
def test_what_is_not_a_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else Path(os.devnull)

    with pytest.raises(FileExistsError):
        write_whole(path, b"new")

    assert path.exists()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "年报.xlsx", b"new")
