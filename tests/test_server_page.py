"""The coordinator's page in a browser, end to end against a real server."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from lxml.html import fromstring

from tests.support.browser import Tab, browsing, saved_file
from tests.support.serving import BROKEN, EXPLAINED, SECRET, Running, running, workbook
from tests.support.workbooks import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent.parent / "xlsx_tools" / "server" / "page"
HOSTILE = '<img src=x onerror="document.title=1">局'
ROWS = "document.querySelectorAll('#submissions tbody tr').length"
SETTLED = f"{ROWS} === 20 && !document.querySelector('#headline').innerText.includes('正在校验')"


def picture(tab: Tab, folder: Path, name: str) -> None:
    """For somebody to look at, where NIANBAO_PICTURES says."""
    wanted = Path(os.environ.get("NIANBAO_PICTURES", folder))
    wanted.mkdir(parents=True, exist_ok=True)
    tab.take_picture(wanted / f"{name}.png")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "state") as found:
        yield found


def twenty_files(folder: Path) -> list[Path]:
    """Fifteen right ones, two wrong, one to explain, one hostile name, one that is no workbook."""
    files = {f"第{number:02}局": workbook(f"第{number:02}局") for number in range(1, 16)}
    files |= {name: workbook(name, **BROKEN) for name in ("错一局", "错二局")}
    files["说明局"] = workbook("说明局", **EXPLAINED)
    files["怪名局"] = workbook(HOSTILE)
    files["坏文件"] = b"no workbook"
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.xlsx").write_bytes(data)
    return sorted(folder.iterdir())


@pytest.mark.browser
def test_files_dropped_are_checked_returned_decided_chased_and_merged(
    tmp_path: Path, server: Running
) -> None:
    files = twenty_files(tmp_path / "files")
    roster = tmp_path / "roster.csv"
    names = [path.stem for path in files if path.stem not in ("怪名局", "坏文件")]
    roster.write_text("\n".join(["name", *names, "未报局"]), encoding="utf-8")

    with browsing(tmp_path, f"{server.url}#token={SECRET}") as tab:
        tab.wait("document.querySelector('#headline').innerText.includes('共 0 份')")
        tab.drop_files("#drop", files)
        tab.wait(SETTLED)
        picture(tab, tmp_path, "1-verdicts")
        assert tab.run("location.hash") == ""
        assert HOSTILE in tab.text("#submissions")
        assert tab.run("document.querySelectorAll('#submissions img').length") == 0

        tab.fill("#filter-status", "failed")
        tab.run("document.querySelector('#filters').dispatchEvent(new Event('input'))")
        assert tab.text("#shown") == "显示 3 份"
        tab.click("查看", "#submissions tbody tr:last-child")
        tab.wait("document.querySelector('#detail').open")
        assert "处理：" in tab.text("#detail-body")
        picture(tab, tmp_path, "2-findings")
        tab.click("关闭", "#detail")
        tab.click("退改工作簿", "#submissions tbody tr:last-child")
        returned = saved_file(tmp_path, "（退改）.xlsx")
        assert read_bytes(returned.read_bytes()).organisation.name in ("错一局", "错二局", "说明局")

        tab.click("名册与催报")
        tab.choose_files("#roster-file", [roster])
        tab.wait("document.querySelector('#roster').innerText.includes('未报局')")
        tab.click("生成催报")
        tab.wait("document.querySelectorAll('#notices details').length === 4")
        tab.run("document.querySelector('#notices details').open = true")
        picture(tab, tmp_path, "3-roster")

        tab.click("豁免与决定")
        for name, value in {
            "rule": "regulations-power", "unit": "说明局", "year": "2021",
            "by": "李某", "until": "2099-12-31", "why": "由上级制定",
        }.items():  # fmt: skip
            tab.fill(f"#waive [name={name}]", value)
        tab.click("登记", "#waive")
        tab.wait("document.querySelector('#waivers').innerText.includes('由上级制定')")
        picture(tab, tmp_path, "4-lists")

        tab.click("汇总", ".tabs")
        tab.fill("#merge-name", "某县")
        tab.wait("(document.querySelector('#merge [value=summary]').click(), true)")
        tab.wait("document.querySelector('#summary').innerText.includes('纳入 16 份')")
        picture(tab, tmp_path, "5-merge")
        tab.click("下载汇总工作簿")
        merged = read_bytes(saved_file(tmp_path, "某县汇总.xlsx").read_bytes())
        assert len(merged.includes) == 16

        tab.click("操作记录")
        tab.wait("document.querySelector('#audit').innerText.includes('登记豁免')")
        picture(tab, tmp_path, "6-audit")
        tab.click("导出全部数据（zip）")
        with ZipFile(saved_file(tmp_path, "nianbao-export.zip")) as found:
            assert len([name for name in found.namelist() if name.startswith("原文件/")]) == 20
        # A browser complains of every refusal, and there is no roster at first.
        assert [one for one in tab.troubles if not one.endswith("/roster")] == []


@pytest.mark.browser
def test_without_a_token_the_page_asks_for_it(tmp_path: Path, server: Running) -> None:
    with browsing(tmp_path, server.url) as tab:
        tab.wait("!document.querySelector('#login').hidden")
        assert "令牌" in tab.text("#trouble")
        tab.fill("#token", SECRET)
        tab.click("进入")
        tab.wait("document.querySelector('#headline').innerText.includes('共 0 份')")
        assert tab.run("document.querySelector('#main').hidden") is False


@pytest.mark.browser
def test_a_decision_on_one_file_needs_a_reason_and_is_listed(
    tmp_path: Path, server: Running
) -> None:
    with browsing(tmp_path, f"{server.url}#token={SECRET}") as tab:
        path = tmp_path / "甲局.xlsx"
        path.write_bytes(workbook("甲局"))
        tab.wait("document.querySelector('#headline').innerText.includes('共 0 份')")
        tab.choose_files("#files", [path])
        tab.wait("document.querySelector('#submissions').innerText.includes('通过')")
        tab.click("查看", "#submissions")
        tab.wait("document.querySelector('#detail').open")
        tab.click("这一份不计入……", "#detail")
        tab.wait("document.querySelector('#reason').open")
        tab.fill("#why", "误报")
        tab.click("确定", "#reason")
        tab.wait("document.querySelector('#submissions').innerText.includes('不计入')")
        tab.click("豁免与决定")
        tab.wait("document.querySelector('#decisions').innerText.includes('误报')")
        assert tab.troubles == []


def test_the_page_loads_nothing_from_elsewhere_and_writes_no_markup() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in PAGE.iterdir()}

    assert not [name for name, text in texts.items() if re.search("https?://", text)]
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b")
    assert not [name for name, text in texts.items() if forbidden.search(text)]
    assert not re.search(r"<(script|style)>|\son\w+=|style=", texts["index.html"])


def test_every_field_of_the_page_has_a_label() -> None:
    page = fromstring((PAGE / "index.html").read_text(encoding="utf-8"))

    fields = [one for kind in ("input", "select", "textarea") for one in page.iter(kind)]
    labelled = {str(label.get("for")) for label in page.iter("label")}
    inside = {one for label in page.iter("label") for one in label.iter()}
    lonely = [one.get("id") for one in fields if one not in inside]
    assert [name for name in lonely if name not in labelled] == []
    assert page.get("lang") == "zh-CN"
