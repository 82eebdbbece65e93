"""Buttons in a workbook open in LibreOffice do what they do on a request, and the marks show."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.addin import NAME, request_of
from tests.support.builders import filing_of, index_of
from tests.support.office import recalculate
from tests.support.workbooks import formula, number, put_cells, read_bytes, text, truth
from tests.test_addin_buttons import last_year, sent, spot_of, this_year
from xlsx_tools.addin.message import answer, dump_answer
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import parse_filing

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.office

FORM = load_form("annual-report-2021")
ROOT = Path(__file__).parent.parent
_PYTHON_WITH_UNO = "/usr/bin/python3"


def faulty() -> bytes:
    """What cannot be read, what does not balance, a blank, a mark, a missing text, a reason."""
    filing = filing_of(FORM, requests__received__natural_person=12, penalties__decisions=None)
    filing = replace(filing, narrative={**filing.narrative, "overview": None})
    return put_cells(
        render_workbook(filing),
        {
            spot_of("requests__granted__enterprise"): text("12件"),
            spot_of("requests__granted__research"): formula("1+1", "2"),
            spot_of("requests__granted__other"): truth("1"),
            spot_of("requests__refused_state_secret__other"): text("=1+1"),
            spot_of("disputes__reconsideration__upheld"): number("-3"),
            spot_of("licences__decisions"): text("/"),
        },
    )


def mended() -> bytes:
    return render_workbook(filing_of(FORM))


def in_office(folder: Path, tasks: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Press the buttons of each task on its workbook, in one LibreOffice."""
    (folder / "in").mkdir()
    for name, task in tasks.items():
        (folder / "in" / name).write_bytes(task.pop("data"))
        task |= {"name": NAME, "source": str(folder / "in" / name), "target": str(folder / name)}
    job = {"profile": (folder / "profile").as_uri(), "tasks": list(tasks.values())}
    paths = os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))
    run = subprocess.run(
        [_PYTHON_WITH_UNO, "-m", "tests.support.uno_buttons"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    found: list[dict[str, Any]] = json.loads(run.stdout, parse_float=str)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def current(folder: Path) -> dict[str, bytes]:
    """The same workbooks with the results LibreOffice itself gives their formulas."""
    (folder / "calculated").mkdir()
    return recalculate({"faulty": faulty(), "mended": mended()}, folder / "calculated")


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, dict[str, Any]]:
    tasks: dict[str, dict[str, Any]] = {
        "faulty.xlsx": {"data": faulty(), "press": ["check", "check"]},
        "mended.xlsx": {"data": mended(), "press": ["check"]},
        "next.xlsx": {"data": faulty(), "press": ["next", "next"]},
        "carry.xlsx": {"data": this_year(), "press": ["carry"], "last_year": sent(last_year())},
        "export.xlsx": {"data": mended(), "press": ["export"]},
    }
    return dict(zip(tasks, in_office(folder, tasks), strict=True))


def test_check_finds_the_same_as_on_a_request(
    seen: dict[str, dict[str, Any]], current: dict[str, bytes]
) -> None:
    for name in ("faulty", "mended"):
        asked = json.loads(dump_answer(answer("check", request_of(current[name]))), parse_float=str)
        live = seen[f"{name}.xlsx"]

        assert live["report"]["findings"] == asked["report"]["findings"]
        assert live["say"][-1] == asked["say"]


def test_the_cells_of_the_findings_are_on_the_list(seen: dict[str, dict[str, Any]]) -> None:
    names = ("granted__enterprise", "granted__research", "granted__other")
    spots = [spot_of(f"requests__{name}") for name in names]
    spots += [spot_of("reconsideration__upheld"), spot_of("penalties__decisions")]

    assert {f"{spot.sheet}!{spot.address}" for spot in spots} <= set(seen["faulty.xlsx"]["red"])
    assert seen["mended.xlsx"]["red"] == []
    assert seen["mended.xlsx"]["todo"][0][2] == "没有需要处理的事项。"


def test_next_goes_from_the_first_finding_to_the_second(seen: dict[str, dict[str, Any]]) -> None:
    first, second = seen["next.xlsx"]["say"]

    assert (first[:5], second[:5]) == ("第 1 处", "第 2 处")


def test_carry_fills_the_same_cells(seen: dict[str, dict[str, Any]], folder: Path) -> None:
    after = read_bytes((folder / "carry.xlsx").read_bytes())

    assert after.values[index_of(FORM, "carried_in__research")] == 2
    assert after.last_year[index_of(FORM, "carried_out__natural_person")] == 5
    assert "没有覆盖" in seen["carry.xlsx"]["say"][0]


def test_export_gives_the_filing(seen: dict[str, dict[str, Any]]) -> None:
    (content,) = seen["export.xlsx"]["files"].values()

    assert parse_filing(content) == read_bytes(mended())
