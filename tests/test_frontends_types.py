"""The add-in's scripts against the typings of Microsoft and Kingsoft."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.packages import install_packages

ROOT = Path(__file__).parent.parent
MACROS = ROOT / "macros"
CONFIG = Path(__file__).parent / "frontends" / "tsconfig.json"
SHARED = ("web/types.d.ts", "web/cells.js", "web/core.js", "web/pane.js")
SCRIPTS = {
    "office": (*SHARED, "office/host_office.js", "office/start.js"),
    "wps": (*SHARED, "wps/host_wps.js", "wps/main.js", "wps/start.js"),
}
NEWER_THAN_ES2017 = re.compile(r"\?\.(?!\d)|\?\?|\.\.\.[a-z]+\s*[},]|catch \{|\.flat(?:Map)?\(")
MISSPELT = {
    "office": {
        "getUsedRangeOrNullObject": "getUsedRangeOrNull",
        "getItemOrNullObject(before": "getItemOrNull(before",
        "format.wrapText": "format.wrapTexts",
        "custom.rule.formula": "custom.rule.formulas",
    },
    "wps": {
        "ProtectContents": "ProtectContent",
        ".FormatConditions": ".FormatsCondition",
        "SetFirstPriority": "SetFirst",
        "FileSystem.writeAsBinaryString": "FileSystem.writeBinaryString",
        "Worksheets.Item": "Worksheets.Items",
    },
}


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_packages(tmp_path_factory.mktemp("npm"))


def check_types(packages: Path, kind: str, macros: Path, folder: Path) -> str:
    """What the type checker says of the scripts of one front end; nothing if they are right."""
    typings = {
        "office": [],
        "wps": [str(packages / "et-jsapi-declare" / "index.d.ts")],
    }[kind]
    options = {"types": ["office-js"]} if kind == "office" else {"types": []}
    config = {
        "extends": str(CONFIG),
        "compilerOptions": {**options, "typeRoots": [str(packages / "@types")]},
        "files": [*typings, *(str(macros / path) for path in SCRIPTS[kind])],
    }
    (folder / "tsconfig.json").write_text(json.dumps(config))
    command = ["node", str(packages / "typescript" / "bin" / "tsc"), "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=300)
    return done.stdout + done.stderr


@pytest.mark.node
@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_scripts_use_what_the_program_has(packages: Path, tmp_path: Path, kind: str) -> None:
    assert check_types(packages, kind, MACROS, tmp_path) == ""


@pytest.mark.node
@pytest.mark.parametrize("kind", SCRIPTS)
def test_misspelt_members_are_caught(packages: Path, tmp_path: Path, kind: str) -> None:
    copy = tmp_path / "macros"
    shutil.copytree(MACROS, copy)
    script = copy / kind / f"host_{kind}.js"
    text = script.read_text("utf-8")
    for right, wrong in MISSPELT[kind].items():
        assert right in text
        text = text.replace(right, wrong)
    script.write_text(text, "utf-8")

    said = check_types(packages, kind, copy, tmp_path)

    unseen = [
        w for w in MISSPELT[kind].values() if f"'{w.split('(')[0].rsplit('.', 1)[-1]}'" not in said
    ]
    assert unseen == []


@pytest.mark.parametrize("path", sorted(MACROS.rglob("*.js")), ids=lambda path: path.name)
def test_no_script_needs_a_newer_language_than_es2017(path: Path) -> None:
    found = NEWER_THAN_ES2017.findall(path.read_text("utf-8"))

    assert found == []


def test_every_script_is_type_checked() -> None:
    checked = {path for paths in SCRIPTS.values() for path in paths if path.endswith(".js")}

    assert {path.relative_to(MACROS).as_posix() for path in MACROS.rglob("*.js")} == checked
