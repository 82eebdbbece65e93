"""The coordinator's page: exact sums, no markup from outside, filters that work."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from base64 import b64encode
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from lxml import html

from tests.support.batches import (
    INJECTIONS,
    REASON,
    batch_of_each_kind,
    batch_of_injections,
    results_of_each_kind,
)
from xlsx_tools.batch import Batch
from xlsx_tools.report import REPORTERS
from xlsx_tools.report.charts import draw_chart
from xlsx_tools.report.page import PageLimits, render_page

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.html import HtmlElement


@pytest.fixture(scope="module")
def page() -> HtmlElement:
    return parse(b"".join(REPORTERS["html"](batch_of_each_kind())))


def parse(data: bytes) -> HtmlElement:
    return html.document_fromstring(data.decode())


def words(element: HtmlElement) -> str:
    return re.sub(r"\s+", " ", str(element.text_content())).strip()


def find(page: HtmlElement, path: str) -> list[HtmlElement]:
    return [one for one in page.xpath(path) if isinstance(one, html.HtmlElement)]


def cells(page: HtmlElement, heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    rows = find(page, f"//section[h2='{heading}']//tbody/tr")
    return [[words(cell) for cell in row] for row in rows]


def test_the_headline_has_the_sums_and_what_is_right(page: HtmlElement) -> None:
    said = words(find(page, "//header")[0])
    cards = [words(card) for card in find(page, "//ul[@class='cards']/li")]

    assert "共 8 份填报：通过 2 份，通过（附说明） 1 份，未通过 4 份，无法读取 1 份。" in said
    assert "没有问题的：表二 4 份，表三 5 份，表四 7 份，文字 6 份，其他 5 份。" in said
    assert cards == ["2通过", "1通过（附说明）", "4未通过", "0尚未填写", "1无法读取",
                     "2可以汇总", "8合计（份）"]  # fmt: skip


def test_the_roster_stands_with_every_standing_and_who_still_owes(page: HtmlElement) -> None:
    cards = [words(card) for card in find(page, "//ul[@class='cards small']/li")]
    rows = cells(page, "名册对账")

    assert cards == [
        "1未报",
        "4已报未通过",
        "2通过",
        "0零报告",
        "1重复",
        "8名册单位",
        "1名册之外（份）",
    ]
    assert ["壬局", "未报", "没有收到", "", "报送/己局.xlsx"] in rows
    assert rows[-1] == ["己局", "名册之外", "", "报送/己局.xlsx", "壬局"]
    assert len(rows) == 7


def test_without_a_roster_nothing_is_said_of_one() -> None:
    page = parse(b"".join(render_page(Batch(results_of_each_kind()))))

    assert "名册" not in words(page)


def test_the_matrix_has_a_row_for_each_file_and_a_column_for_each_table(page: HtmlElement) -> None:
    heads = [words(head) for head in find(page, "//table[@id='matrix']/thead/tr/th")]
    rows = cells(page, "单位×表")

    assert heads[-5:] == ["表二", "表三", "表四", "文字", "其他"]
    assert rows[2][1:] == [
        "2021", "未通过", "否", "已报未通过", "1 处", "1 处", "无问题", "无问题", "无问题",
    ]  # fmt: skip
    assert rows[3][5] == "已说明 1 处"
    assert rows[7][-5:] == ["—"] * 5
    assert len(rows) == 8


def test_by_rule_counts_files_and_names_them(page: HtmlElement) -> None:
    rows = cells(page, "按规则")

    assert rows[0] == [
        "收办平衡requests-balance", "强制性", "2", "2", "0", "0", "0", "乙局、丙局",
    ]  # fmt: skip
    assert [row[2] for row in rows] == ["2", "2", "1", "1", "1", "1"]


def test_each_unit_opens_to_its_live_figures(page: HtmlElement) -> None:
    units = find(page, "//div[@id='units']/details")
    finding = find(units[0], ".//li[@class='finding']")[0]

    assert len(units) == 7
    assert [words(side) for side in find(finding, ".//dl/div")] == ["左边11", "右边12", "差额-1"]
    assert words(find(finding, ".//ul/li")[0]).endswith("＝9")
    assert "处理：请核对" in words(finding)
    assert "另有 1 项校验受此影响" in words(finding)
    assert "数据指纹" not in words(finding)
    assert re.search("数据指纹：[a-p]{8}$", words(units[1]))


def test_reasons_and_files_without_a_result_are_annexed(page: HtmlElement) -> None:
    assert cells(page, "说明附表") == [["丁局", "核实性", "规章制定权", REASON]]
    unread = cells(page, "无法读取和未读取的文件")
    assert [row[:2] for row in unread] == [
        ["报送/辛局.xlsx", "无法读取"], ["~$甲局.xlsx", "未读取"], ["通知.docx", "未读取"],
    ]  # fmt: skip


def test_charts_begin_at_zero_and_say_their_numbers(page: HtmlElement) -> None:
    charts = find(page, "//figure")
    chart = draw_chart("各状态", [("通过", 3), ("未通过", 6), ("无法读取", 0)], unit="份")

    assert [words(find(one, "figcaption")[0]) for one in charts] == [
        "各状态（份）", "涉及最多的规则（份）", "各部分待处理问题（处）",
    ]  # fmt: skip
    assert find(charts[0], "svg")[0].get("aria-label") == (
        "各状态：通过 2 份，通过（附说明） 1 份，未通过 4 份，尚未填写 0 份，无法读取 1 份。"
    )
    lengths = [bar.length for bar in chart.bars]
    assert lengths[1] == 2 * lengths[0] > lengths[2] == 0


def test_the_page_is_closed_to_the_network_and_to_other_scripts(page: HtmlElement) -> None:
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    links = [str(link) for link in page.xpath("//@href | //@src")]

    assert str(policy).startswith("default-src 'none'; ")
    assert "unsafe" not in str(policy)
    for kind in ("style", "script"):
        (inside,) = find(page, f"//{kind}")
        digest = b64encode(hashlib.sha256(str(inside.text).encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in str(policy)
    assert all(link.startswith("#") for link in links)
    assert not page.xpath("//@style | //@onclick")


def test_the_page_can_be_read_by_ear_and_by_keyboard(page: HtmlElement) -> None:
    assert page.get("lang") == "zh-CN"
    assert all(find(table, "caption") for table in find(page, "//table"))
    assert all(head.get("scope") for head in find(page, "//th"))
    assert all(region.get("tabindex") == "0" for region in find(page, "//div[@role='region']"))
    levels = [int(str(one.tag)[1]) for one in find(page, "//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    identities = [str(one) for one in page.xpath("//@id")]
    assert len(identities) == len(set(identities))
    assert {str(one) for one in page.xpath("//@aria-labelledby")} <= set(identities)


def test_without_scripts_every_row_is_there_and_no_dead_control(page: HtmlElement) -> None:
    assert find(page, "//form")[0].get("hidden") is not None
    assert not find(page, "//tr[@hidden] | //details[@hidden] | //li[@hidden]")


def test_no_text_from_outside_becomes_markup() -> None:
    harmless = [f"某局{number:02}" for number in range(len(INJECTIONS))]

    data = b"".join(render_page(batch_of_injections()))
    plain = b"".join(render_page(batch_of_injections(harmless)))

    shape, wanted = ([str(one.tag) for one in parse(text).iter()] for text in (data, plain))
    assert shape == wanted
    said = words(parse(data))
    assert "<script>alert(1)</script>" in said
    assert "{{ 7*7 }}" in said
    assert "&lt;b&gt;" in said
    assert not any(letter in data.decode() for letter in "\x1b\x07\u202e\u2028\r")
    assert "\\u202e局某" in said


def test_the_same_batch_gives_the_same_bytes() -> None:
    first, second = (b"".join(render_page(batch_of_each_kind())) for _ in range(2))

    assert first == second


def test_a_big_batch_shows_only_what_is_not_accepted_and_says_so() -> None:
    page = parse(b"".join(render_page(batch_of_each_kind(), PageLimits(files=3))))

    rows = cells(page, "单位×表")
    assert [row[0][:2] for row in rows] == ["乙局", "丙局", "戊局"]
    assert len(find(page, "//div[@id='units']/details")) == 3
    assert "本批共 8 份，为便于打开，本页只逐份列出不能汇总的前 3 份" in words(page)
    assert words(find(page, "//ul[@class='cards']/li")[6]) == "8合计（份）"


def test_many_findings_of_one_file_are_cut_and_counted() -> None:
    page = parse(b"".join(render_page(batch_of_each_kind(), PageLimits(findings=2))))

    assert len(find(page, "//details[@id='u5']//li[@class='finding']")) == 2
    assert "另有 1 处没有列出，见汇总工作簿。" in words(find(page, "//details[@id='u5']")[0])


def test_an_empty_batch_is_a_page_too() -> None:
    said = words(parse(b"".join(render_page(Batch([])))))

    assert "共 0 份填报。" in said
    assert "没有发现问题。" in said


def browse(data: bytes, folder: Path, hash_: str) -> HtmlElement:
    """The page as a browser has it after its script ran."""
    path = folder / "结果.html"
    path.write_bytes(data)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    done = subprocess.run(
        [
            str(program),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder / 'profile'}",
            "--virtual-time-budget=3000",
            "--dump-dom",
            f"{path.as_uri()}#{hash_}",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return parse(done.stdout)


def shown(page: HtmlElement, path: str) -> list[HtmlElement]:
    return [one for one in find(page, path) if one.get("hidden") is None]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("hash_", "units", "findings"),
    [
        ("", "甲乙丙丁戊己庚辛", 10),
        ("status=failed", "乙丙戊己", 7),
        ("severity=verify", "丙丁己", 3),
        ("rule=requests-balance", "乙丙", 2),
        ("part=%E6%96%87%E5%AD%97", "戊", 3),
        ("q=%E8%BE%9B%E5%B1%80", "辛", 1),
        ("status=failed&severity=verify&part=%E8%A1%A8%E4%BA%8C", "丙己", 2),
        ("standing=%E9%87%8D%E5%A4%8D", "庚", 1),
        ("status=not_filled", "", 0),
    ],
)
def test_filters_show_the_files_asked_for(
    tmp_path: Path, hash_: str, units: str, findings: int
) -> None:
    page = browse(b"".join(render_page(batch_of_each_kind())), tmp_path, hash_)

    rows = shown(page, "//table[@id='matrix']/tbody/tr")
    assert "".join(words(row)[0] for row in rows) == units
    assert words(find(page, "//output")[0]) == f"显示 {len(units)} 份，{findings} 处问题"
    assert find(page, "//form")[0].get("hidden") is None
    details = shown(page, "//div[@id='units']/details")
    open_findings = [one for unit in details for one in shown(unit, ".//li[@class='finding']")]
    assert len(open_findings) == findings


@pytest.mark.browser
def test_a_unit_says_how_many_of_its_findings_the_filter_hides(tmp_path: Path) -> None:
    page = browse(b"".join(render_page(batch_of_each_kind())), tmp_path, "rule=requests-balance")

    second, third = (words(find(page, f"//details[@id='u{n}']/summary")[0]) for n in (2, 3))
    assert second.endswith("乙局.xlsx 1 处")
    assert third.endswith("丙局.xlsx 2 处，显示 1 处")


@pytest.mark.browser
def test_a_link_to_a_unit_opens_it_on_its_page_of_many(tmp_path: Path) -> None:
    results = results_of_each_kind()[1:2] * 120

    page = browse(b"".join(render_page(Batch(results))), tmp_path, "u77")

    (unit,) = find(page, "//details[@open]")
    assert unit.get("id") == "u77"
    assert len(shown(page, "//div[@id='units']/details")) == 50
    assert len(shown(page, "//table[@id='matrix']/tbody/tr")) == 50
    assert "第 2 页，共 3 页" in words(find(page, "//nav[@data-for='units']")[0])


@pytest.mark.browser
def test_nothing_from_outside_runs_in_a_browser(tmp_path: Path) -> None:
    data = b"".join(render_page(batch_of_injections()))

    page = browse(data, tmp_path, "")

    assert not find(page, "//img | //iframe")
    assert len(find(page, "//script")) == 1
    assert len(shown(page, "//table[@id='matrix']/tbody/tr")) == 2 * len(INJECTIONS)
