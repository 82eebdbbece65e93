"""The add-in as IT gets it: what is in it, that it is the same everywhere, and its sources."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, ZipFile

import olefile
import pytest
from lxml import etree
from oletools.olevba import VBA_Parser
from openpyxl import load_workbook

from tests.support.commands import run_command
from tests.support.workbooks import change_part
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.macros import TARGETS, build_targets
from xlsx_tools.macros.add_in import build_add_in, load_project
from xlsx_tools.macros.ascii_vba import make_ascii
from xlsx_tools.macros.build import VERSION
from xlsx_tools.macros.names_module import render_names_module, sheet_names
from xlsx_tools.macros.refusal import MacroSourceError
from xlsx_tools.macros.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
_LINKS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_BUTTONS = {
    "校验本表": "check",
    "下一处问题": "next",
    "从上年结转": "carry",
    "导出 JSON": "export",
    "批量检查": "batch",
    "汇总": "merge",
}


@pytest.fixture(scope="module")
def add_in() -> bytes:
    return build_add_in()


@pytest.fixture(scope="module")
def parts(add_in: bytes) -> Mapping[str, bytes]:
    with ZipFile(BytesIO(add_in)) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.fixture(scope="module")
def sources() -> Mapping[str, str]:
    return read_sources("vba", ".bas")


def flat(text: str) -> str:
    return text.replace("\r\n", "\n")


def callbacks(ribbon: bytes) -> dict[str, str]:
    """The buttons of a ribbon: their labels with what they call."""
    buttons = etree.fromstring(ribbon).iter("{*}button")
    return {str(button.get("label")): str(button.get("onAction")) for button in buttons}


def body_of(name: str, sources: Mapping[str, str]) -> str:
    """A public procedure, wherever it is."""
    found = [
        match
        for source in sources.values()
        for match in re.findall(
            rf"^Public Sub {name}\(control As Object\)\n(.*?)^End Sub$",
            source,
            re.MULTILINE | re.DOTALL,
        )
    ]
    assert len(found) == 1, name
    return str(found[0])


def test_oletools_reads_the_sources_as_they_were_built(add_in: bytes) -> None:
    parser = VBA_Parser("nianbao.xlam", data=add_in)

    found = {name: flat(code) for _, _, name, code in parser.extract_all_macros()}

    assert found == {
        f"{module.name}.{'bas' if module.kind == 'standard' else 'cls'}": flat(module.text)
        for module in load_project().modules
    }


def test_the_project_is_a_sound_compound_file(parts: Mapping[str, bytes]) -> None:
    data = BytesIO(parts["xl/vbaProject.bin"])

    project = olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE)

    assert not project.parsing_issues


def test_the_built_modules_are_ascii(add_in: bytes) -> None:
    assert all(module.text.isascii() for module in load_project().modules)
    assert b"vbaProject" in add_in


def test_every_module_keeps_its_line_numbers(sources: Mapping[str, str]) -> None:
    built = {module.name: module.text for module in load_project().modules}

    for name, source in sources.items():
        assert flat(built[name.removesuffix(".bas")]).count("\n") == source.count("\n"), name


def test_the_file_says_that_it_is_an_add_in(parts: Mapping[str, bytes]) -> None:
    types = parts["[Content_Types].xml"].decode()

    assert "application/vnd.ms-excel.addin.macroEnabled.main+xml" in types
    assert 'codeName="ThisWorkbook"' in parts["xl/workbook.xml"].decode()
    assert 'codeName="Sheet1"' in parts["xl/worksheets/sheet1.xml"].decode()


def test_every_link_of_the_package_leads_to_a_part(parts: Mapping[str, bytes]) -> None:
    for name, folder in (("_rels/.rels", ""), ("xl/_rels/workbook.xml.rels", "xl/")):
        targets = [link.get("Target") for link in etree.fromstring(parts[name]).iter(_LINKS)]
        assert {f"{folder}{target}" for target in targets} <= set(parts)
    linked = parts["_rels/.rels"].decode()
    assert "2006/relationships/ui/extensibility" in linked
    assert "2007/relationships/ui/extensibility" in linked


def test_another_reader_opens_the_workbook_inside(add_in: bytes) -> None:
    """One that refuses add-ins, so it is told that this is a workbook with macros."""
    workbook = change_part(
        add_in, "[Content_Types].xml", lambda xml: xml.replace(b"excel.addin.", b"excel.sheet.")
    )

    book = load_workbook(BytesIO(workbook), keep_vba=True)

    assert len(book.sheetnames) == 1
    assert book.properties.title == "年报"


def test_the_ribbon_of_2007_has_the_same_buttons(parts: Mapping[str, bytes]) -> None:
    new, old = parts["customUI/customUI14.xml"], parts["customUI/customUI.xml"]

    assert b"office/2009/07/customui" in new
    assert b"office/2006/01/customui" in old
    assert callbacks(new) == callbacks(old)


def test_the_ribbon_has_the_promised_buttons(parts: Mapping[str, bytes]) -> None:
    found = callbacks(parts["customUI/customUI14.xml"])

    assert list(found) == [*_BUTTONS, "设置"]


def test_every_callback_of_the_ribbon_presses_its_button(
    parts: Mapping[str, bytes], sources: Mapping[str, str]
) -> None:
    for label, callback in callbacks(parts["customUI/customUI14.xml"]).items():
        body = body_of(callback, sources)
        assert body.index("On Error GoTo Failed") < body.index("    Exit Sub")
        if label in _BUTTONS:
            assert f'Press "{_BUTTONS[label]}"' in body


def test_two_builds_are_equal_byte_by_byte(add_in: bytes, tmp_path: Path) -> None:
    """In another folder, another time zone and language, and with other hash seeds."""
    code = "import sys; from xlsx_tools.macros import build_targets as b"
    code += "; sys.stdout.buffer.write(b''.join(data for _, _, data in b()))"
    surroundings = {"PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo", "LC_ALL": "C"}

    built = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, **surroundings, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert built == [b"".join(data for _, _, data in build_targets())] * 2
    assert add_in in built[0]


def test_nothing_in_the_file_depends_on_clock_or_packer(add_in: bytes) -> None:
    with ZipFile(BytesIO(add_in)) as package:
        members = package.infolist()

    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in members} == {ZIP_STORED}
    assert [m.filename for m in members] == sorted(m.filename for m in members)


def test_the_add_in_is_small(add_in: bytes) -> None:
    assert len(add_in) < 60_000


def test_the_names_come_from_the_forms() -> None:
    forms = [load_form(form_id) for form_id in form_ids()]
    needed = {section.sheet for form in forms for section in form.sections}
    needed |= {form.sheets[role] for form in forms for role in ("cover", "checks", "stamp")}

    source = render_names_module()

    assert needed | {"待办", "退改清单"} == set(sheet_names())
    assert all(f'found.Add "{name}"' in source for name in (*sheet_names(), "nianbao_form"))


# ---------------------------------------------------------------- sources
def test_the_sources_keep_to_what_every_program_runs(sources: Mapping[str, str]) -> None:
    banned = (
        r"\bDeclare\b|Scripting\.|ADODB|RegExp|^#|WithEvents|\bImplements\b|\bStop\b|vbObjectError"
    )
    one_line_redim = r"Then[ \t]+ReDim"  # LibreOffice 7.4 then skips the rest of the procedure
    for name, source in sources.items():
        assert source.splitlines()[0] == f'Attribute VB_Name = "{name.removesuffix(".bas")}"'
        assert "\nOption Explicit\n" in source, name
        assert not re.search(banned, source, re.MULTILINE), name
        assert not re.search(one_line_redim, source), name
        assert not re.search(r"\bNb[A-Z]\w+\.", source), f"{name}: a qualified call"


def test_only_one_module_is_bound_to_windows(sources: Mapping[str, str]) -> None:
    bound = [name for name, source in sources.items() if "CreateObject" in source]

    assert bound == ["NbPost.bas"]
    assert len(sources["NbPost.bas"].splitlines()) < 40


def test_only_the_ribbon_and_the_questions_show_windows(sources: Mapping[str, str]) -> None:
    showing = {name for name, source in sources.items() if re.search(r"MsgBox|InputBox", source)}

    assert showing == {"NbRibbon.bas", "NbFiles.bas", "NbSettings.bas"}


def test_the_token_is_kept_in_the_registry_of_the_user_only(sources: Mapping[str, str]) -> None:
    keeping = [name for name, source in sources.items() if "SaveSetting" in source]

    assert keeping == ["NbSettings.bas"]


def test_no_name_of_a_form_is_in_the_sources(sources: Mapping[str, str]) -> None:
    forms = [load_form(form_id) for form_id in form_ids()]
    sheets = {section.sheet for form in forms for section in form.sections}

    assert not [name for name, s in sources.items() if any(sheet in s for sheet in sheets)]
    assert not [name for name, s in sources.items() if any(form.id in s for form in forms)]


# ---------------------------------------------------------------- ASCII
def test_chinese_texts_become_calls() -> None:
    built = make_ascii('x = "年报" & "a""b" & "说""好""" \' 注释\n', "A.bas")

    assert built == 'x = U("5E74 62A5") & "a""b" & U("8BF4 0022 597D 0022")\n'


def test_characters_beyond_16_bits_become_two_units() -> None:
    assert make_ascii('x = "𠀀"', "A.bas") == 'x = U("D840 DC00")'


def test_an_apostrophe_in_a_text_is_no_comment() -> None:
    assert make_ascii("x = \"it's\" ' a comment", "A.bas") == 'x = "it\'s"'


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('Private Const T As String = "年报"', "Const 不能含中文"),
        ('public const T = "年报"', "Const 不能含中文"),
        ("年报 = 1", "引号之外有中文"),
        ('x = "年报', "文字没有结束的引号"),
        (f'x = "{"年" * 250}"', "转换后超过 1023 个字符"),
    ],
)
def test_what_cannot_be_made_ascii_is_refused_with_file_and_line(line: str, why: str) -> None:
    with pytest.raises(MacroSourceError, match=f"^A.bas，第 2 行：{why}"):
        make_ascii(f"Option Explicit\n{line}\n", "A.bas")


# ---------------------------------------------------------------- the command
def test_the_command_writes_every_file_and_its_digest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, add_in: bytes
) -> None:
    ended = run_command(capsys, "macros", "build", "-o", tmp_path / "out")

    assert ended.status == 0
    assert (tmp_path / "out" / "nianbao.xlam").read_bytes() == add_in
    assert sha256(add_in).hexdigest() in ended.out
    assert all(target.says in ended.out for target in TARGETS.values())


def test_the_command_replaces_nothing_unasked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, add_in: bytes
) -> None:
    old = tmp_path / "nianbao.xlam"
    old.write_bytes(b"old")

    refused = run_command(capsys, "macros", "build", "-o", tmp_path)
    kept = old.read_bytes()
    forced = run_command(capsys, "macros", "build", "-o", tmp_path, "--force")

    assert (refused.status, kept) == (2, b"old")
    assert "已存在" in refused.err
    assert (forced.status, old.read_bytes()) == (0, add_in)


def test_the_command_knows_one_action(capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_command(capsys, "macros", "destroy")

    assert ended.status == 2
    assert "build" in ended.err


# ---------------------------------------------------------------- an extra, never a condition
def test_nothing_else_of_the_package_needs_the_add_in() -> None:
    code = "import sys; import xlsx_tools, xlsx_tools.cli.main, xlsx_tools.cli.check"
    code += "; import xlsx_tools.cli.template"
    code += "; print([name for name in sys.modules if name.startswith('xlsx_tools.macros')])"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"


def test_the_add_ins_carry_the_version_of_the_distribution() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))

    assert project["project"]["version"] == VERSION
