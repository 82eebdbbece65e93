"""Receipts: what they say, that nothing in them can be changed, and who can issue them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.builders import filing_of, with_figures
from tests.support.commands import run_command
from xlsx_tools.batch import FileResult
from xlsx_tools.check import check_filing
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import fill_workbook
from xlsx_tools.finding import Finding
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.receipt import (
    OUTCOME_WORDS,
    ReceiptError,
    check_receipt,
    identify_key,
    key_figures,
    parse_key,
    read_receipt,
    write_receipt,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.commands import Command
    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
YEAR = FORM.first_year
DAY = date(2026, 1, 20)
WORKBOOK = b"what was sent"
KEY, OTHER_KEY = b"0123456789abcdef", b"fedcba9876543210"
ACCEPTED, NOT_ACCEPTED, WRONG_USAGE, UNREADABLE = range(4)


def result_of(filing: Filing, file: str = "/in/报送.zip/甲局.xlsx") -> FileResult:
    return FileResult(file, hashlib.sha256(WORKBOOK).hexdigest(), check_filing(filing))


def receipt_of(filing: Filing | None = None, key: bytes | None = None) -> str:
    return write_receipt(result_of(filing or filing_of(FORM)), DAY, key)


def is_genuine(text: str, key: bytes | None = None) -> bool:
    try:
        return check_receipt(read_receipt(text), key) == "genuine"
    except ReceiptError:
        return False


PLAIN, KEYED = receipt_of(), receipt_of(key=KEY)

# ------------------------------------------------------------------------------------ the text


def test_a_receipt_says_who_sent_what_and_how_it_was_found() -> None:
    assert PLAIN.splitlines() == [
        "政府信息公开工作年度报告报送回执",
        "",
        "单位：某县某局",
        "统一社会信用代码：11330000000000000X",
        f"报告年度：{YEAR}",
        "报告口径：本机关",
        "文件：甲局.xlsx",
        f"文件摘要（SHA-256）：{hashlib.sha256(WORKBOOK).hexdigest()}",
        "校验结论：通过",
        "已经说明的问题：0 处",
        "提示：0 处",
        "主要数据：",
        "  表三 一、本年新收政府信息公开申请数量 / 总计：13 件",
        "  表三 二、上年结转政府信息公开申请数量 / 总计：2 件",
        "  表三 （七）总计 / 总计：14 件",
        "  表三 四、结转下年度继续办理 / 总计：1 件",
        "  表四 行政复议 / 总计：1 件",
        "  表四 行政诉讼 未经复议直接起诉 / 总计：0 件",
        "  表四 行政诉讼 复议后起诉 / 总计：0 件",
        "出具日期：2026-01-20",
        "密钥标识：无",
        "说明：没有使用密钥：校验码可以发现内容的改动，不能证明由谁出具。",
        PLAIN.splitlines()[-1],
    ]


@pytest.mark.parametrize("key", [None, KEY])
def test_the_code_is_an_hmac_over_all_lines_above_it(key: bytes | None) -> None:
    signed, _, code = receipt_of(key=key).rpartition("校验码：")
    digest = hmac.new(key or b"", signed.encode(), hashlib.sha256).digest()
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

    bits = "".join(f"{alphabet.index(letter):05b}" for letter in code.strip().replace("-", ""))

    assert len(bits) == 80
    assert bits == f"{int.from_bytes(digest[:10], 'big'):080b}"


@pytest.mark.parametrize("form_id", form_ids())
def test_the_key_figures_are_the_terms_of_the_balance_and_the_other_totals(form_id: str) -> None:
    form = load_form(form_id)

    figures = dict(key_figures(filing_of(form)))

    assert len(figures) == 7
    assert figures["表三 四、结转下年度继续办理 / 总计"] == "1 件"
    assert figures["表四 行政复议 / 总计"] == "1 件"


def test_reasons_and_hints_are_counted() -> None:
    filing = with_figures(filing_of(FORM), fees__notices=1, fees__collected=3)
    (verify,) = (f for f in check_filing(filing).leading if f.severity == "verify")
    filing = replace(filing, reasons={verify.id: "由上级机关统一填报，已核对无误"})
    hint = Finding("x", "batch.chosen", "hint", "broken", "采用本份。", "不需处理。")

    text = write_receipt(replace(result_of(filing), beside=(hint,)), DAY)

    receipt = read_receipt(text)
    assert (receipt.status, receipt.reasons, receipt.hints) == ("通过（附说明）", 1, 1)


def test_only_what_was_accepted_and_counts_gets_a_receipt() -> None:
    failed = result_of(filing_of(FORM, received__other=9))
    copy = replace(result_of(filing_of(FORM)), counted=False)
    unreadable = FileResult("a.xlsx", "0" * 64, error=UnusableFileError("file.empty", "空文件。"))

    for result in (failed, copy, unreadable):
        with pytest.raises(ReceiptError, match="不能出具回执"):
            write_receipt(result, DAY)


@given(st.text(min_size=1), st.none() | st.text(), st.none() | st.binary(min_size=16))
@example("甲局\n校验结论：通过\u2028", "无", None)
@example("甲局：\r\n", "\ufeff", KEY)
def test_a_receipt_can_be_read_whatever_the_unit_is_called(
    name: str, code: str | None, key: bytes | None
) -> None:
    filing = replace(filing_of(FORM), organisation=Organisation(name, code))
    assume(check_filing(filing).status == "passed")

    text = receipt_of(filing, key)
    receipt = read_receipt(text)

    assert is_genuine(text, key)
    assert (receipt.year, receipt.issued, receipt.file) == (YEAR, DAY, "甲局.xlsx")
    assert len(receipt.figures) == 7
    assert text.count("\n") == PLAIN.count("\n")


# ---------------------------------------------------------------------------------- tampering


@given(
    st.booleans(), st.integers(0, len(KEYED)), st.sampled_from(("replace", "insert", "drop")),
    st.characters() | st.sampled_from("0123456789-：\n\r "),
)  # fmt: skip
@example(False, len(PLAIN) - 1, "drop", "x")  # noqa: FBT003
@example(True, len(KEYED), "insert", "\n")  # noqa: FBT003
def test_no_single_character_can_be_changed(
    keyed: bool,  # noqa: FBT001
    place: int,
    how: str,
    letter: str,
) -> None:
    text, key = (KEYED, KEY) if keyed else (PLAIN, None)
    place = min(place, len(text) - (how != "insert"))
    rest = text[place:] if how == "insert" else text[place + 1 :]
    changed = text[:place] + ("" if how == "drop" else letter) + rest
    assume(changed.removeprefix("\ufeff").replace("\r\n", "\n") != text)

    assert not is_genuine(changed, key)


@given(st.integers(0, PLAIN.count("\n") - 1), st.integers(0, PLAIN.count("\n") - 1))
def test_no_lines_can_change_places(one: int, other: int) -> None:
    lines = PLAIN.splitlines()
    assume(lines[one] != lines[other])
    lines[one], lines[other] = lines[other], lines[one]

    assert not is_genuine("\n".join(lines) + "\n")


def test_a_mark_and_the_line_ends_of_windows_change_nothing() -> None:
    windows = "\ufeff" + PLAIN.replace("\n", "\r\n")

    assert read_receipt(windows) == read_receipt(PLAIN)
    assert is_genuine(windows)
    assert not is_genuine(PLAIN.replace("\n", "\r"))


def test_a_day_that_never_was_is_no_receipt() -> None:
    with pytest.raises(ReceiptError, match="没有“2026-02-30”这一天"):
        read_receipt(PLAIN.replace("2026-01-20", "2026-02-30"))


def test_an_altered_figure_is_told_from_another_key_and_another_file() -> None:
    altered = read_receipt(PLAIN.replace("总计：13 件", "总计：12 件"))
    plain, keyed = read_receipt(PLAIN), read_receipt(KEYED)

    assert check_receipt(altered, None) == "altered"
    assert check_receipt(plain, None, WORKBOOK) == "genuine"
    assert check_receipt(plain, None, b"another") == "other_file"
    assert check_receipt(keyed, KEY, WORKBOOK) == "genuine"
    assert check_receipt(keyed, KEY, b"another") == "other_file"
    assert check_receipt(keyed, OTHER_KEY) == "other_key"
    assert check_receipt(keyed, None) == "key_needed"
    assert check_receipt(altered, None, b"another") == "altered"


def test_a_receipt_without_a_key_is_never_genuine_to_who_has_one() -> None:
    assert check_receipt(read_receipt(PLAIN), KEY) == "other_key"


def test_the_name_of_a_key_put_on_by_hand_helps_nobody() -> None:
    forged = PLAIN.replace("密钥标识：无", f"密钥标识：{identify_key(KEY)}")

    assert check_receipt(read_receipt(forged), KEY) == "altered"


def test_the_name_of_a_key_does_not_give_it_away_and_differs() -> None:
    names = {identify_key(key) for key in (None, KEY, OTHER_KEY)}

    assert len(names) == 3
    assert "" in names
    assert not any(name and name.replace("-", "") in KEY.hex().upper() for name in names)


def test_a_key_is_what_stands_in_its_file_without_what_editors_add() -> None:
    assert parse_key(b"\xef\xbb\xbf" + KEY + b"\r\n") == parse_key(KEY) == KEY
    for short in (b"", b" " * 40, KEY[:-1] + b"\n"):
        with pytest.raises(ReceiptError, match="不少于 16 个字节"):
            parse_key(short)


def test_every_outcome_has_its_words() -> None:
    assert len(set(OUTCOME_WORDS.values())) == len(OUTCOME_WORDS) == 5


# --------------------------------------------------------------------------------- the commands


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""
    return partial(run_command, capsys)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Two units that are right (one with a name to beware of), one that is not, and a key."""
    place = tmp_path / "报送"
    place.mkdir()
    for name, file, wrong in (("甲局", "甲", 0), ("../乙:局", "乙", 0), ("丙局", "丙", 9)):
        filing = filing_of(FORM, received__other=wrong)
        filing = replace(filing, organisation=Organisation(name))
        fill_workbook(filing, place / f"{file}.xlsx")
    (tmp_path / "密钥.txt").write_bytes(KEY + b"\r\n")
    return tmp_path


def test_receipts_go_to_those_who_passed_and_can_be_verified_later(
    nianbao: Command, desk: Path
) -> None:
    issued = nianbao("receipt", desk / "报送", "-o", desk / "回执", "--today", DAY)
    proof = desk / "回执" / "甲局-回执.txt"
    alone = nianbao("verify", proof)
    with_file = nianbao("verify", proof, desk / "报送" / "甲.xlsx")
    with_other = nianbao("verify", proof, desk / "报送" / "丙.xlsx")

    assert issued.status == NOT_ACCEPTED
    assert "出具 2 份回执；没有通过或者没有计入的 1 份，没有出具" in issued.out
    assert sorted(path.name for path in (desk / "回执").iterdir()) == [
        "_乙_局-回执.txt",
        "甲局-回执.txt",
    ]
    assert proof.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (alone.status, with_file.status, with_other.status) == (0, 0, NOT_ACCEPTED)
    assert alone.out.startswith("回执有效。\n  甲局，")
    assert "没有给出文件，未核对文件摘要" in alone.out
    assert "不能证明由谁出具" in alone.out
    assert "所给文件与回执一致" in with_file.out
    assert "所给文件不是回执所列的文件" in with_other.out


def test_receipts_with_a_key_need_it_and_no_other(nianbao: Command, desk: Path) -> None:
    proof, key, other = desk / "回执" / "甲局-回执.txt", desk / "密钥.txt", desk / "另.txt"
    other.write_bytes(OTHER_KEY)
    nianbao("receipt", desk / "报送", "-o", desk / "回执", "--key", key)

    right = nianbao("verify", proof, "--key", key)
    wrong = nianbao("verify", proof, "--key", other)
    without = nianbao("verify", proof)

    assert [one.status for one in (right, wrong, without)] == [0, NOT_ACCEPTED, NOT_ACCEPTED]
    assert "不能证明" not in right.out
    assert wrong.out == "回执不是用所给密钥出具的。\n"
    assert without.out == "回执是用密钥出具的，须给出同一密钥才能核验。\n"


def test_a_receipt_issued_without_a_key_is_refused_by_who_gives_one(
    nianbao: Command, desk: Path
) -> None:
    nianbao("receipt", desk / "报送", "-o", desk / "回执")

    ended = nianbao("verify", desk / "回执" / "甲局-回执.txt", "--key", desk / "密钥.txt")

    assert ended.status == NOT_ACCEPTED
    assert "出具时没有使用密钥，不能证明由谁出具" in ended.out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PLAIN.replace("13 件", "12 件").encode(), "回执内容与校验码不符，已被改动。"),
        (PLAIN.replace("报告年度", "年度").encode(), "回执无效：不是完整的回执"),
        (PLAIN.encode("gb18030"), "回执无效：不是 UTF-8 文本"),
        (b"", "回执无效：不是完整的回执"),
    ],
)
def test_what_was_altered_is_not_valid(
    nianbao: Command, tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data)

    ended = nianbao("verify", tmp_path / "a.txt")

    assert ended.status == NOT_ACCEPTED
    assert ended.out.startswith(said)
    assert "甲局" not in ended.out


def test_verify_says_what_it_cannot_read_or_was_given_the_wrong_way_round(
    nianbao: Command, desk: Path
) -> None:
    (desk / "短.txt").write_bytes(b"short")

    missing = nianbao("verify", desk / "无.txt")
    swapped = nianbao("verify", desk / "报送" / "甲.xlsx")
    short = nianbao("verify", desk / "无.txt", "--key", desk / "短.txt")

    assert [one.status for one in (missing, swapped, short)] == [
        UNREADABLE, WRONG_USAGE, WRONG_USAGE,
    ]  # fmt: skip
    assert "无.txt：找不到这个文件" in missing.err
    assert "请先写回执，再写工作簿" in swapped.err
    assert "短.txt：密钥过短" in short.err


def test_receipts_replace_nothing_unless_told_to(nianbao: Command, desk: Path) -> None:
    out = desk / "回执"
    out.mkdir()
    (out / "甲局-回执.txt").write_text("手写的", encoding="utf-8")

    refused = nianbao("receipt", desk / "报送", "-o", out)
    replaced = nianbao("receipt", desk / "报送", "-o", out, "--force")
    no_folder = nianbao("receipt", desk / "报送", "-o", desk / "密钥.txt")

    assert (refused.status, no_folder.status) == (WRONG_USAGE, WRONG_USAGE)
    assert "甲局-回执.txt 已存在，没有覆盖" in refused.err
    assert replaced.status == NOT_ACCEPTED
    assert nianbao("verify", out / "甲局-回执.txt").status == ACCEPTED


def test_units_of_one_name_get_a_receipt_each(nianbao: Command, desk: Path) -> None:
    place = desk / "两县"
    place.mkdir()
    for code in ("11A", "11B"):
        filing = replace(filing_of(FORM), organisation=Organisation("教育局", code))
        fill_workbook(filing, place / f"{code}.xlsx")

    ended = nianbao("receipt", place, "-o", desk / "回执")

    assert ended.status == ACCEPTED
    assert ended.out.endswith("出具 2 份回执。\n")
    texts = [path.read_text(encoding="utf-8-sig") for path in (desk / "回执").iterdir()]
    assert sorted(read_receipt(text).code for text in texts) == ["11A", "11B"]
