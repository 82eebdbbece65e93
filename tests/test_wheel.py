"""The wheel as a user gets it: built, installed with what it needs and no more, and used."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from xlsx_tools.macros import build_targets

ROOT = Path(__file__).parent.parent
OFFLINE = "the wheel cannot be built or installed here: no hatchling, or no package index"

_ROUND = """
import importlib.util, pathlib, sys
from xlsx_tools import build_template, check_filing, fill_workbook, load_form, read_workbook
from xlsx_tools import dumps_filing, parse_filing
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import form_ids

assert "site-packages" in check_filing.__code__.co_filename
assert not [name for name in ("pytest", "hypothesis", "lxml") if importlib.util.find_spec(name)]
for form in map(load_form, form_ids()):
    path = pathlib.Path(f"{form.id}.xlsx")
    path.write_bytes(build_template(form, year=form.first_year, organisation=Organisation("某局")))
    blank = read_workbook(path)
    assert check_filing(blank).status == "not_filled"
    fill_workbook(blank, path)
    assert parse_filing(dumps_filing(read_workbook(path)), strict=True) == blank
    print(form.id)
"""


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from this checkout, with the hatchling at hand or else one that pip fetches."""
    folder = tmp_path_factory.mktemp("dist")
    build: list[str | Path] = [sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps"]
    build += ["--wheel-dir", folder, "--quiet"]
    if importlib.util.find_spec("hatchling"):
        build += ["--no-build-isolation"]
    done = _run(*build, cwd=ROOT)
    found = list(folder.glob("nianbao-*.whl"))
    if not found:
        _give_up(done)
    return found[0]


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel in it, and its dependencies."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    bin_ = folder / ("Scripts" if sys.platform == "win32" else "bin")
    fresh = bin_ / Path(sys.executable).name
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", fresh, "install"]
    done = _run(*pip, "--quiet", "--disable-pip-version-check", wheel, cwd=folder)
    if done.returncode:
        _give_up(done)
    return fresh


def _give_up(done: subprocess.CompletedProcess[str]) -> None:
    """Skip where there is no network; anything else is a wheel that does not work."""
    said = done.stdout + done.stderr
    offline = ("No matching distribution", "connection", "Temporary failure", "Name or service")
    if any(word in said for word in offline):
        pytest.skip(f"{OFFLINE}: {said.strip().splitlines()[-1]}")
    pytest.fail(said)


def test_the_wheel_has_the_forms_and_no_tests(wheel: Path) -> None:
    with ZipFile(wheel) as file:
        names = file.namelist()

    forms = {f"xlsx_tools/_templates/{path.name}" for path in (ROOT / "templates").iterdir()}
    assert forms <= set(names)
    macros = ROOT / "macros"
    sources = [path.relative_to(macros).as_posix() for path in macros.rglob("*") if path.is_file()]
    assert {f"xlsx_tools/_macros/{path}" for path in sources} <= set(names)
    page = ROOT / "xlsx_tools" / "report" / "page_files"
    assert {f"xlsx_tools/report/page_files/{path.name}" for path in page.iterdir()} <= set(names)
    assert "xlsx_tools/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"xlsx_tools", "nianbao"}


def test_the_wheel_alone_makes_and_checks_a_workbook(python: Path, tmp_path: Path) -> None:
    done = _run(python, "-I", "-c", _ROUND, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["annual-report-2019", "annual-report-2021"]


def test_the_command_makes_and_checks_a_workbook(python: Path, tmp_path: Path) -> None:
    nianbao = python.with_name("nianbao" + python.suffix)
    named = ["--year", "2023", "--organisation", "某局"]

    template = _run(nianbao, "template", *named, "-o", "某局.xlsx", cwd=tmp_path)
    check = _run(nianbao, "check", "某局.xlsx", cwd=tmp_path)

    assert template.returncode == 0, template.stderr
    assert (tmp_path / "某局.xlsx").stat().st_size > 0
    assert check.returncode == 1, check.stderr
    assert "尚未填写" in check.stdout


def test_the_wheel_builds_the_same_add_in_as_the_checkout(python: Path, tmp_path: Path) -> None:
    nianbao = python.with_name("nianbao" + python.suffix)

    done = _run(nianbao, "macros", "build", "-o", "addin", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    for _, path, data in build_targets():
        assert (tmp_path / "addin" / path).read_bytes() == data
