"""The coordinator's work over HTTP: send in, see verdicts, return, decide, waive, merge, chase."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from tests.support.serving import (
    API,
    BROKEN,
    EXPLAINED,
    listed,
    own_database,
    send,
    send_all,
    serving,
    settings_for,
    settle,
    workbook,
)
from tests.support.workbooks import read_bytes
from xlsx_tools.batch import Batch
from xlsx_tools.batch.work import Checker, Task
from xlsx_tools.batch.work import Checking as Order
from xlsx_tools.report.json import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

RIGHT = workbook("甲局")
WRONG = workbook("乙局", **BROKEN)
TO_EXPLAIN = workbook("丙局", **EXPLAINED)
WAIVER = {
    "rule": "regulations-power",
    "unit": "丙局",
    "year": 2021,
    "by": "李某",
    "why": "由上级机关制定",
    "until": "2099-12-31",
}


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    with serving(settings_for(database)) as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return own_database(tmp_path)
    url: str = request.getfixturevalue("postgresql_url")
    return url


def told(client: TestClient) -> list[str]:
    lines: list[dict[str, Any]] = client.get(f"{API}/audit").json()["lines"]
    return [f"{line['who']} {line['action']} {line['subject']}" for line in reversed(lines)]


def test_a_file_has_the_verdict_that_the_command_line_gives(client: TestClient) -> None:
    number = send_all(client, 乙局=WRONG)["乙局"]

    found = client.get(f"{API}/submissions/{number}").json()["file"]

    result = Checker(Order()).check(Task(0, "乙局.xlsx", "乙局.xlsx", WRONG))
    command_line = json.loads(b"".join(render_json(Batch([result]))))
    assert found == command_line["files"][0]
    assert client.get(f"{API}/verdicts").json() == command_line


def test_the_same_bytes_twice_are_one_submission(client: TestClient) -> None:
    first = send(client, "甲局.xlsx", RIGHT)

    again = client.post(f"{API}/submissions", params={"name": "改名.xlsx"}, content=RIGHT).json()

    assert again["submissions"][0] | {"sha256": ""} == {
        "id": first,
        "name": "甲局.xlsx",
        "sha256": "",
        "new": False,
    }
    assert len(listed(client)) == 1


def test_a_zip_and_a_form_bring_every_file_in_them(client: TestClient) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as target:
        target.writestr("报送/甲局.xlsx", RIGHT)
        target.writestr("报送/~$乙局.xlsx", b"lock")
    form = [("files", ("报送.zip", packed.getvalue())), ("files", ("乙局.xlsx", WRONG))]

    answer = client.post(f"{API}/submissions", files=form).json()

    assert [one["name"] for one in answer["submissions"]] == ["甲局.xlsx", "乙局.xlsx"]
    assert [one["file"] for one in answer["ignored"]] == ["报送.zip/报送/~$乙局.xlsx"]


def test_a_file_that_is_no_workbook_gets_its_verdict_too(client: TestClient) -> None:
    number = send_all(client, 坏=b"PK not a zip")["坏"]

    one = client.get(f"{API}/submissions/{number}").json()

    assert one["file"]["status"] == "unreadable"
    refused = client.get(f"{API}/submissions/{number}/return.xlsx")
    assert (refused.status_code, refused.json()["code"]) == (409, "server.no_return")


def test_the_return_workbook_reads_back_and_the_original_is_untouched(client: TestClient) -> None:
    numbers = send_all(client, 甲局=RIGHT, 乙局=WRONG)

    returned = client.get(f"{API}/submissions/{numbers['乙局']}/return.xlsx")
    original = client.get(f"{API}/submissions/{numbers['乙局']}/original")

    assert read_bytes(returned.content).organisation.name == "乙局"
    assert original.content == WRONG
    passed = client.get(f"{API}/submissions/{numbers['甲局']}/return.xlsx")
    assert passed.json()["code"] == "server.no_return"


def test_of_two_files_of_one_unit_none_counts_until_it_is_decided(client: TestClient) -> None:
    numbers = send_all(client, 一=workbook("甲局", received__natural_person=9), 二=RIGHT)
    before = client.post(f"{API}/merge", json={"organisation": "某县"})

    decision = {"kind": "use", "submission": numbers["二"], "why": "电话确认"}
    number = client.post(f"{API}/decisions", json=decision).json()["id"]

    after = client.post(f"{API}/merge", json={"organisation": "某县", "output": "summary"})
    assert before.json()["code"] == "merge"
    assert [one["file"] for one in after.json()["included"]] == ["二.xlsx"]
    assert client.delete(f"{API}/decisions/{number}").status_code == 200
    assert client.delete(f"{API}/decisions/{number}").json()["code"] == "server.revoked"
    assert client.post(f"{API}/merge", json={"organisation": "某县"}).status_code == 409


def test_the_last_that_came_counts_where_that_was_decided(client: TestClient) -> None:
    send_all(client, 一=workbook("甲局", **BROKEN))
    send_all(client, 二=RIGHT)

    client.post(f"{API}/decisions", json={"kind": "latest", "why": "通知第三条"})

    second, first = listed(client)
    assert (second["accepted"], second["counted"], first["counted"]) == (True, True, False)


def test_a_file_set_aside_is_in_nothing_and_still_there(client: TestClient) -> None:
    numbers = send_all(client, 甲局=RIGHT, 丁局=workbook("丁局"))

    decision = {"kind": "set_aside", "submission": numbers["丁局"], "why": "误报"}
    client.post(f"{API}/decisions", json=decision)

    merged = client.post(f"{API}/merge", json={"organisation": "某县", "output": "summary"}).json()
    assert [one["unit"] for one in merged["included"]] == ["甲局"]
    assert client.get(f"{API}/submissions/{numbers['丁局']}").json()["set_aside"] is True


def test_a_waiver_lets_a_filing_pass_and_its_revocation_does_not(client: TestClient) -> None:
    send_all(client, 丙局=TO_EXPLAIN)
    before = listed(client)[0]["status"]

    waiver = client.post(f"{API}/waivers", json=WAIVER)
    settle(client)
    waived = listed(client)[0]["status"]
    client.delete(f"{API}/waivers/{waiver.json()['id']}")
    settle(client)

    assert [before, waived, listed(client)[0]["status"]] == [
        "failed",
        "passed_with_reasons",
        "failed",
    ]
    assert client.get(f"{API}/waivers").json()["waivers"][0]["revoked"] is True


def test_a_mandatory_rule_cannot_be_waived(client: TestClient) -> None:
    response = client.post(f"{API}/waivers", json={**WAIVER, "rule": "requests-balance"})

    assert (response.status_code, response.json()["code"]) == (422, "waivers")
    assert "强制性" in response.json()["message"]


def test_the_roster_tells_who_is_missing_and_what_to_write_to_them(client: TestClient) -> None:
    send_all(client, 甲局=RIGHT, 乙局=WRONG)

    roster = client.put(f"{API}/roster", content="name\n甲局\n乙局\n戊局\n".encode()).json()

    notices = client.get(f"{API}/reminders", params={"deadline": "2099-01-31"}).json()["notices"]
    assert {one["name"]: one["standing"] for one in roster["units"]} == {
        "甲局": "passed",
        "乙局": "failed",
        "戊局": "missing",
    }
    assert [(one["name"], one["owing"]) for one in notices] == [
        ("乙局", "已报未通过"),
        ("戊局", "未报"),
    ]
    assert client.get(f"{API}/roster").json() == roster


def test_a_roster_that_cannot_be_used_leaves_the_last_one(client: TestClient) -> None:
    client.put(f"{API}/roster", content="name\n甲局\n".encode())

    refused = client.put(f"{API}/roster", content=b"what\nis this\n")

    assert (refused.status_code, refused.json()["code"]) == (422, "roster")
    assert len(client.get(f"{API}/roster").json()["units"]) == 1


def test_without_a_roster_there_is_nobody_to_chase(client: TestClient) -> None:
    answers = [client.get(f"{API}/{path}") for path in ("roster", "reminders")]

    assert [answer.json()["code"] for answer in answers] == ["server.no_roster"] * 2


def test_the_merged_workbook_and_its_trace_come_from_what_was_accepted(client: TestClient) -> None:
    send_all(client, 甲局=RIGHT, 丁局=workbook("丁局"), 乙局=WRONG)

    book = client.post(f"{API}/merge", json={"organisation": "某县"})
    trace = client.post(f"{API}/merge", json={"organisation": "某县", "output": "trace_csv"})

    merged = read_bytes(book.content)
    assert (merged.scope, merged.includes) == ("consolidated", ("丁局", "甲局"))
    assert "甲局" in trace.text
    assert "乙局" not in trace.text


def test_a_receipt_is_for_what_was_accepted_alone(client: TestClient) -> None:
    numbers = send_all(client, 甲局=RIGHT, 乙局=WRONG)

    receipts = {
        name: client.get(f"{API}/submissions/{number}/receipt.txt")
        for name, number in numbers.items()
    }

    assert "校验结论：通过" in receipts["甲局"].text
    assert (receipts["乙局"].status_code, receipts["乙局"].json()["code"]) == (409, "receipt")


def test_every_change_is_in_the_audit_trail_with_who_made_it(client: TestClient) -> None:
    send_all(client, 丙局=TO_EXPLAIN)
    client.put(f"{API}/roster", content="name\n丙局\n".encode())
    client.post(f"{API}/decisions", json={"kind": "latest", "why": "通知"})
    client.delete(f"{API}/decisions/1")
    client.post(f"{API}/waivers", json=WAIVER)
    settle(client)
    client.delete(f"{API}/waivers/1")
    settle(client)

    assert told(client) == [
        "张某 收到文件 1",
        "系统 得出校验结果 1",
        "张某 更换名册 1",
        "张某 作出决定 1",
        "张某 撤销决定 1",
        "张某 登记豁免 1",
        "系统 得出校验结果 1",
        "张某 撤销豁免 1",
        "系统 得出校验结果 1",
    ]


def test_the_export_holds_the_whole_state(client: TestClient) -> None:
    send_all(client, 甲局=RIGHT)
    client.put(f"{API}/roster", content="name\n甲局\n".encode())

    with ZipFile(BytesIO(client.get(f"{API}/export.zip").content)) as found:
        assert found.read("原文件/000001-甲局.xlsx.xlsx"[:-5]) == RIGHT
        assert json.loads(found.read("填报.json"))[0]["name"] == "甲局.xlsx"
        assert json.loads(found.read("校验结果.json"))["summary"]["passed"] == 1
        assert "更换名册" in found.read("操作记录.csv").decode("utf-8-sig")
        assert {"名册.csv", "豁免.csv", "决定.csv"} <= set(found.namelist())


def test_state_is_there_after_a_restart(database: str) -> None:
    with serving(settings_for(database)) as client:
        send_all(client, 甲局=RIGHT)
        client.put(f"{API}/roster", content="name\n甲局\n".encode())

    with serving(settings_for(database)) as client:
        (one,) = listed(client)
        standing = client.get(f"{API}/roster").json()["units"][0]["standing"]

    assert (one["name"], one["status"], standing) == ("甲局.xlsx", "passed", "passed")


def test_nothing_over_http_can_change_a_figure(client: TestClient) -> None:
    paths = client.get(f"{API}/openapi.json").json()["paths"]

    writing = {
        f"{method} {path.removeprefix(API)}"
        for path, methods in paths.items()
        for method in methods
        if method != "get"
    }

    assert writing == {
        "post /addin/{button}",
        "post /submissions",
        "put /roster",
        "post /merge",
        "post /waivers",
        "delete /waivers/{number}",
        "post /decisions",
        "delete /decisions/{number}",
    }
