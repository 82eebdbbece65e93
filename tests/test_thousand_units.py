"""A whole district: every planted fault is found at its cell, and nothing else is reported."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.district import make_district

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.district import District

_ACCEPTED = ("passed", "passed_with_reasons")


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    return make_district(
        tmp_path_factory.mktemp("district"),
        units=1000,
        faulty=130,
        unreadable=10,
        missing=30,
        copies=20,
        conflicts=10,
    )


def command(district: District, output: Path, *more: str) -> list[str]:
    words = ["check", str(district.inbox), "--roster", str(district.roster)]
    words += ["--last-year", str(district.last_year), "--today", "2026-01-20", "-o", str(output)]
    return [sys.executable, "-m", "xlsx_tools", *words, *more]


@pytest.fixture(scope="module")
def report(district: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("report") / "结果.json"
    ended = subprocess.run(command(district, output), check=False, capture_output=True, timeout=600)
    assert ended.returncode == 3, ended.stderr.decode()
    return output


def test_every_planted_fault_is_found_at_its_cell_and_nothing_else(
    district: District, report: Path
) -> None:
    files = json.loads(report.read_bytes())["files"]
    expected = set(district.faults)

    for file in files:
        if file["status"] == "unreadable":
            continue
        name = file["organisation"]["name"]
        folded = {cause for finding in file["findings"] for cause in finding["causes"]}
        leads = [
            finding
            for finding in file["findings"]
            if finding["id"] not in folded and not finding["rule"].startswith("batch.")
        ]
        if name not in district.faults:
            assert (leads, file["status"]) == ([], "passed"), name
            continue
        rule, cell = district.faults[name]
        assert [lead["rule"] for lead in leads] == [rule], name
        assert cell in [f"{place['sheet']}!{place['cell']}" for place in leads[0]["cells"]], name
        assert file["status"] not in _ACCEPTED, name
        expected.discard(name)

    assert not expected


def test_every_file_and_every_organisation_is_counted_once(
    district: District, report: Path
) -> None:
    told = json.loads(report.read_bytes())

    summary, roster = told["summary"], told["roster"]
    statuses = ("passed", "passed_with_reasons", "failed", "not_filled", "unreadable")
    assert summary["files"] == district.files == sum(summary[status] for status in statuses)
    assert summary["unreadable"] == len(district.unreadable)
    standings = {unit["name"]: unit["standing"] for unit in roster["units"]}
    gone = district.missing | district.unreadable
    assert {name for name, standing in standings.items() if standing == "missing"} == gone
    assert {name for name, one in standings.items() if one == "duplicate"} == district.conflicts
    assert {name for name, one in standings.items() if one == "failed"} == set(district.faults)
    assert sum(roster["sums"].values()) == len(standings) == 1000
    copies = [
        file["organisation"]["name"]
        for file in told["files"]
        if any(finding["rule"] == "batch.same_bytes" for finding in file["findings"])
    ]
    assert set(copies) == district.copies
    assert len(copies) == len(district.copies)


def test_a_second_run_gives_the_same_bytes(
    district: District, report: Path, tmp_path: Path
) -> None:
    again = tmp_path / "结果.json"

    subprocess.run(command(district, again, "--jobs", "1"), check=False, timeout=600)

    assert again.read_bytes() == report.read_bytes()


def test_a_run_killed_again_and_again_ends_with_the_same_bytes(
    district: District, report: Path, tmp_path: Path
) -> None:
    output, rnd = tmp_path / "结果.json", random.Random(7)  # noqa: S311 - when to kill
    kills = 0
    for _ in range(6):
        running = subprocess.Popen(command(district, output), start_new_session=True)
        time.sleep(rnd.uniform(0.4, 2.0))
        if running.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
            kills += 1
        running.wait(60)
        if output.exists():
            break

    subprocess.run(command(district, output, "--force"), check=False, timeout=600)

    assert kills > 1
    assert output.read_bytes() == report.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["结果.json"]
