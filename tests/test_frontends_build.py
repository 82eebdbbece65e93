"""What is handed out: the same bytes at every build, the same labels in every program."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from lxml import etree

from xlsx_tools.batch.result import SEVERITY_WORDS, STATUS_WORDS
from xlsx_tools.macros.icon import draw_icon
from xlsx_tools.macros.targets_web import build_office, build_oxt, build_wps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parent.parent
MACROS = ROOT / "macros"
CORE = (MACROS / "web" / "core.js").read_text("utf-8")
BUTTONS = re.findall(r'id: "(\w+)", label: "([^"]+)", tip: "([^"]+)"', CORE)
BUILDERS = [build_wps, build_office, build_oxt]
"""Every target of the web and of LibreOffice."""


@pytest.mark.parametrize("build", BUILDERS)
def test_building_twice_gives_the_same_bytes(
    build: Callable[..., Mapping[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(MACROS, version="1.2.3")
    monkeypatch.chdir(tmp_path)

    assert list(build(MACROS, version="1.2.3").items()) == list(first.items())


@pytest.mark.parametrize("build", BUILDERS)
def test_nothing_is_left_to_be_filled_in(build: Callable[..., Mapping[str, bytes]]) -> None:
    files = build(MACROS, version="1.2.3")

    assert [path for path, data in files.items() if re.search(rb"@[A-Z]+@", data)] == []


def test_the_folder_for_wps_has_every_file_its_pages_name() -> None:
    files = build_wps(MACROS, version="1.2.3")

    folder = "wps/nianbao_1.2.3"
    for page in ("index.html", "pane.html"):
        text = files[f"{folder}/{page}"].decode()
        named = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert [name for name in named if f"{folder}/{name}" not in files] == []
    assert {"wps/publish.xml", "wps/jsplugins.xml"} <= files.keys()
    assert b'version="1.2.3"' in files["wps/publish.xml"]


def test_the_folder_for_office_has_all_but_microsofts_script() -> None:
    files = build_office(MACROS, version="1.2.3", address="https://intranet.example/nianbao/")

    text = files["office/taskpane.html"].decode()
    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    manifest = files["office/manifest.xml"].decode()
    assert [name for name in named if f"office/{name}" not in files] == ["office-js/office.js"]
    assert "<Version>1.2.3.0</Version>" in manifest
    assert 'DefaultValue="https://intranet.example/nianbao/taskpane.html"' in manifest
    for url in re.findall(r"https://intranet\.example/nianbao/([\w.-]+)", manifest):
        assert f"office/{url}" in files


def test_the_extension_has_what_its_manifest_names() -> None:
    (data,) = build_oxt(MACROS, version="1.2.3").values()

    with ZipFile(BytesIO(data)) as package:
        assert package.testzip() is None
        manifest = etree.fromstring(package.read("META-INF/manifest.xml"))
        named = [str(value) for entry in manifest for value in entry.attrib.values()]
        assert {"Addons.xcu", "python/nianbao_addin.py"} <= {*named} & {*package.namelist()}
        assert b'<version value="1.2.3"/>' in package.read("description.xml")


@pytest.mark.parametrize("path", sorted(MACROS.rglob("*.x*")), ids=lambda path: path.name)
def test_every_xml_source_is_well_formed(path: Path) -> None:
    etree.fromstring(path.read_bytes())


def test_the_ribbon_of_wps_has_the_labels_of_the_pane() -> None:
    ribbon = etree.fromstring((MACROS / "wps" / "ribbon.xml").read_bytes())

    shown = [
        (str(b.get("id")).removeprefix("nianbao-"), b.get("label"), b.get("screentip"))
        for b in ribbon.iter("{*}button")
    ]
    assert shown[:-1] == BUTTONS
    assert shown[-1][0] == "settings"


def test_the_callbacks_of_the_ribbon_exist() -> None:
    ribbon = (MACROS / "wps" / "ribbon.xml").read_text("utf-8")
    script = (MACROS / "wps" / "main.js").read_text("utf-8")

    wanted = set(re.findall(r'(?:onLoad|onAction|getImage)="(\w+)"', ribbon))
    assert wanted <= set(re.findall(r"^function (\w+)\(", script, re.MULTILINE))


def test_the_pane_has_the_words_of_the_reports() -> None:
    pane = (MACROS / "web" / "pane.js").read_text("utf-8")

    words = dict(re.findall(r'^    (\w+): "([^"]+)",$', pane, re.MULTILINE))
    inline = dict(re.findall(r'(\w+): "([^"]+)"', re.findall(r"SEVERITIES = (.*);", pane)[0]))
    assert words == STATUS_WORDS
    assert inline == SEVERITY_WORDS


def test_the_icon_is_a_picture_of_its_size() -> None:
    data = draw_icon(32)

    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20]) == int.from_bytes(data[20:24]) == 32
    start = data.index(b"IDAT") + 4
    length = int.from_bytes(data[start - 8 : start - 4])
    rows = zlib.decompress(data[start : start + length])
    assert len(rows) == 32 * (1 + 32 * 3)
    assert b"\xff\xff\xff" in rows


def test_what_the_front_ends_say_is_chinese() -> None:
    """Every message that a script throws or tells is Chinese; no script has a rule or a sheet."""
    scripts = "\n".join(path.read_text("utf-8") for path in sorted(MACROS.rglob("*.js")))

    thrown = re.findall(r"new (?:Trouble|Error)\(\s*[\"`]([^\"`]+)", scripts)
    assert thrown
    assert [text for text in thrown if not re.search(r"[\u4e00-\u9fff]", text)] == []
