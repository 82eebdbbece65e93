"""The documents say what the code does: generated pages, both READMEs, every code."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import runpy
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import xlsx_tools
from xlsx_tools.cli.main import COMMANDS, main
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.excel.refusals import NOTES, REFUSALS
from xlsx_tools.forms import form_ids, load_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
READMES = ("README.md", "README.zh-CN.md")
PROSE = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"))
    if "reference" not in path.parts
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
_REASON = re.compile(r"(?:fs|file|package|xml|book|sheet|template|internal)\.[a-z0-9_]+")
_REFUSERS = {"refuse", "UnusableFileError"}


def code_blocks(name: str) -> list[tuple[str, str]]:
    return _FENCE.findall((ROOT / name).read_text(encoding="utf-8"))


def headings(name: str) -> list[int]:
    """The levels of the headings, in order; their words are in two languages."""
    text = _FENCE.sub("", (ROOT / name).read_text(encoding="utf-8"))
    return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]


def commands_in(blocks: list[tuple[str, str]]) -> Iterator[tuple[list[str], int]]:
    """Each ``nianbao`` command shown, with the exit code written behind it."""
    for _, block in blocks:
        for line in block.splitlines():
            shown, _, status = line.partition("# →")
            words = shlex.split(shown)
            if words[:1] == ["nianbao"] and "[选项]" not in words:
                yield words[1:], int(status or 0)


def generated_pages() -> Mapping[str, str]:
    pages: Mapping[str, str] = runpy.run_path(str(DOCS / "generate.py"))["render_pages"]()
    return pages


def refusal_codes() -> set[str]:
    """Every code that the package gives as the reason for refusing a file."""
    codes = set()
    for path in (ROOT / "xlsx_tools").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name_of(node.func) in _REFUSERS and node.args:
                codes |= _literals(node.args[0])
    return codes


def _name_of(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else ""


def _literals(node: ast.expr) -> set[str]:
    return {
        found.value
        for found in ast.walk(node)
        if isinstance(found, ast.Constant)
        and isinstance(found.value, str)
        and _REASON.fullmatch(found.value)
    }


def import_everything() -> None:
    """What is defined in a module shows only once it is loaded."""
    for found in pkgutil.walk_packages(xlsx_tools.__path__, "xlsx_tools."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def subclasses(kind: type[XlsxToolsError]) -> Iterator[type[XlsxToolsError]]:
    for found in kind.__subclasses__():
        yield found
        yield from subclasses(found)


def test_generated_pages_are_fresh_and_complete() -> None:
    pages = generated_pages()

    committed = {f"reference/{path.name}" for path in (DOCS / "reference").iterdir()}
    stale = [
        name for name, text in pages.items() if (DOCS / name).read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run: make generated"
    assert committed == {name for name in pages if name.startswith("reference/")}


def test_the_names_for_the_front_ends_are_fresh() -> None:
    generated = runpy.run_path(str(DOCS / "generate.py"))

    committed = (ROOT / "macros" / "generated" / "forms.json").read_text(encoding="utf-8")

    assert committed == generated["render_names"](), "run: make generated"


def test_generating_twice_gives_the_same() -> None:
    assert generated_pages() == generated_pages()


def test_every_code_is_documented() -> None:
    page = (DOCS / "reference" / "codes.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    import_everything()
    errors = {
        error.code for error in subclasses(XlsxToolsError) if "xlsx_tools" in error.__module__
    }

    wanted = REFUSALS.keys() | NOTES.keys() | refusal_codes() | errors

    assert wanted - documented == set()


def test_codes_written_beside_the_table_of_refusals_are_found() -> None:
    assert {"book.layout", "package.bomb"} <= refusal_codes()


@pytest.mark.parametrize("form_id", form_ids())
def test_every_rule_is_in_the_catalogue(form_id: str) -> None:
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    part = page.partition(f"## {form_id}\n")[2].partition("\n## ")[0]

    described = re.findall(r"^### .* `(.+)`$", part, re.MULTILINE)

    assert described == list(load_form(form_id).rules)


@pytest.mark.parametrize("form_id", form_ids())
def test_every_line_is_in_the_glossary(form_id: str) -> None:
    rows = (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines()
    tables = load_form(form_id).tables.values()
    lines = [line for table in tables for line in (*table.rows.values(), *table.columns.values())]

    missing = [
        line.id
        for line in lines
        if line.label
        and not any(row.startswith(f"| `{line.id}` |") and line.label in row for row in rows)
    ]

    assert missing == []


def test_both_readmes_have_the_same_headings_and_code() -> None:
    english, chinese = READMES

    assert headings(english) == headings(chinese)
    assert code_blocks(english) == code_blocks(chinese)


def test_the_readme_shows_every_command_and_no_other() -> None:
    shown = {words[0] for words, _ in commands_in(code_blocks(READMES[0]))}

    assert shown == set(COMMANDS)


def test_commands_and_code_of_the_readme_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = code_blocks(READMES[0])

    for words, status in commands_in(blocks):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == status, words
    capsys.readouterr()
    for language, block in blocks:
        if language == "python":
            exec(compile(block, READMES[0], "exec"), {})  # noqa: S102 - our own README

    assert capsys.readouterr().out == "77\n"


@pytest.mark.parametrize("name", PROSE)
def test_commands_shown_in_documents_exist(name: str) -> None:
    shown = re.findall(r"`?nianbao ([a-z]+)\b", (ROOT / name).read_text(encoding="utf-8"))

    assert set(shown) <= set(COMMANDS)


@pytest.mark.parametrize("name", PROSE)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name

    broken = [
        link
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert broken == []


@pytest.mark.parametrize("name", PROSE)
def test_a_line_holds_one_sentence(name: str) -> None:
    text = _FENCE.sub("", (ROOT / name).read_text(encoding="utf-8"))
    prose = (line for line in text.splitlines() if not line.startswith(("|", "#", "!", "-")))

    crowded = [line for line in prose if re.search(r"[a-z`)]\. [A-Z`]|。[^”）)]", line)]

    assert [line for line in crowded if not re.match(r"\d+\. ", line)] == []


def test_decisions_are_numbered_and_say_the_same_four_things() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. ")
        assert "\nStatus: " in text
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]


@pytest.mark.parametrize("path", sorted((DOCS / "images").iterdir()), ids=lambda path: path.name)
def test_every_picture_is_a_small_png(path: Path) -> None:
    picture = path.read_bytes()

    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) < 400_000
