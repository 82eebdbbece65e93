"""Compiled forms kept on disk: never stale, never trusted when broken, never in the way."""

from __future__ import annotations

import os
import pickle
import sys
from typing import TYPE_CHECKING

import pytest

from xlsx_tools.forms import Form, form_ids, load_form_file
from xlsx_tools.forms.kept import load_kept
from xlsx_tools.forms.load import form_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _may_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / form_files()[0].name
    path.write_bytes(form_files()[0].read_bytes())
    return path


class Compiler:
    """Compiles, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, path: Path) -> Form:
        """As `load_form` does where nothing is kept."""
        self.times += 1
        return load_form_file(path, check_schema=False)


@pytest.mark.parametrize("number", range(len(form_ids())))
def test_a_kept_form_is_the_form_as_compiled(number: int, tmp_path: Path) -> None:
    compile_form, path = Compiler(), form_files()[number]

    first, second = (load_kept(path, compile_form, tmp_path / "kept") for _ in range(2))

    assert compile_form.times == 1
    assert second == first == load_form_file(path)
    assert second.by_path == first.by_path
    assert hash(second) == hash(first)


def test_a_changed_form_file_is_compiled_anew(source: Path, tmp_path: Path) -> None:
    compile_form = Compiler()
    load_kept(source, compile_form, tmp_path)
    text = source.read_text(encoding="utf-8").replace("template_version", "# \ntemplate_version", 1)
    source.write_text(text, encoding="utf-8")

    load_kept(source, compile_form, tmp_path)

    assert compile_form.times == 2


def test_changed_code_compiles_anew(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_form, code = Compiler(), tmp_path / "code"
    code.mkdir()
    (code / "compile.py").write_text("1")
    monkeypatch.setattr("xlsx_tools.forms.kept._CODE", code)
    load_kept(source, compile_form, tmp_path)
    os.utime(code / "compile.py", ns=(1, 1))

    load_kept(source, compile_form, tmp_path)

    assert compile_form.times == 2


@pytest.mark.parametrize("broken", [b"", b"\x80", pickle.dumps("no form"), b"cos\nnothing\n."])
def test_what_is_broken_is_compiled_anew(source: Path, tmp_path: Path, broken: bytes) -> None:
    compile_form = Compiler()
    load_kept(source, compile_form, tmp_path)
    (kept,) = tmp_path.glob("*.form")
    head = kept.read_bytes().partition(b"\n")[0]
    kept.write_bytes(head + b"\n" + broken)

    form = load_kept(source, compile_form, tmp_path)

    assert compile_form.times == 2
    assert form == load_form_file(source)


def test_a_folder_that_takes_nothing_is_no_trouble(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert load_kept(source, Compiler(), tmp_path / "file" / "kept").id == source.stem


def test_where_python_keeps_nothing_neither_do_we(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    load_kept(source, Compiler(), tmp_path)

    assert not list(tmp_path.glob("*.form"))
