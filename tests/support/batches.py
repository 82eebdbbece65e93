"""A batch with one file of each kind, whose every sum is known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.support.builders import filing_of
from xlsx_tools.batch import Batch, FileResult, Ignored, Reconciliation, Stranger, Unit
from xlsx_tools.check import check_filing
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.filing import Filing, Organisation
from xlsx_tools.finding import Finding
from xlsx_tools.forms import load_form
from xlsx_tools.roster import RosterLine

if TYPE_CHECKING:
    from collections.abc import Sequence

FORM = load_form("annual-report-2021")
REASON = "由本机关统一填报规章"
LOCKED = UnusableFileError("file.encrypted", "文件设置了打开密码，无法读取。请清除密码后重新提交。")
CONFLICT = Finding(
    "batch.conflict",
    "batch.conflict",
    "mandatory",
    "broken",
    "同一单位报送了两份不同的文件，均未计入。",
    "请该单位确认以哪一份为准。",
)
INJECTIONS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://x.invalid","点")',
    "＝1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</details></table>",
    "{{ 7*7 }}",
    "&lt;b&gt;",
    "\x1b[2J\x1b]0;x\x07",
    "\u202e局某",
    "甲\u2028乙",
    "甲\ud800乙",
    "甲\ufffe乙",
    "_x0041_",
)


def result_of(filing: Filing, name: str, *beside: Finding) -> FileResult:
    """The filing of an organisation of this name, checked, in the file of that name."""
    named = replace(filing, organisation=Organisation(name, None))
    return FileResult(f"报送/{name}.xlsx", "0" * 64, check_filing(named), beside=beside)


def results_of_each_kind() -> list[FileResult]:
    """Passed, balance, two faults, explained, prose, money, in conflict, and locked."""
    vain = filing_of(FORM, regulations__in_force=1)
    fees = filing_of(
        FORM, fees__notices=1, fees__collected=Decimal("59237.245"), charges__amount=Decimal("0.1")
    )
    return [
        result_of(filing_of(FORM), "甲局"),
        result_of(filing_of(FORM, received__natural_person=9), "乙局"),
        result_of(filing_of(FORM, received__other=1, regulations__in_force=1), "丙局"),
        result_of(replace(vain, reasons={"regulations-power": REASON}), "丁局"),
        result_of(replace(filing_of(FORM), narrative={}), "戊局"),
        result_of(fees, "己局"),
        result_of(filing_of(FORM), "庚局", CONFLICT),
        FileResult("报送/辛局.xlsx", None, error=LOCKED),
    ]


def batch_of_each_kind() -> Batch:
    """Those files, two that are none, and a roster with one missing and one stranger."""
    results = results_of_each_kind()
    standings = ["passed", "failed", "failed", "passed", "failed", "failed", "duplicate", "failed"]
    units = [
        Unit(RosterLine(2, Organisation("辛局")), "failed", ("报送/辛局.xlsx",), "无法读取")
        if result.filing is None
        else Unit(RosterLine(2, result.filing.organisation), standing, (result.file,))  # type: ignore[arg-type]
        for result, standing in zip(results, standings, strict=True)
    ]
    missing = RosterLine(9, Organisation("壬局", "11330000000000009X"), contact="张某")
    units[5] = Unit(missing, "missing", (), "没有收到", ("报送/己局.xlsx",))
    stranger = Stranger("报送/己局.xlsx", "己局", ("壬局",))
    ignored = (Ignored("~$甲局.xlsx", "锁定文件"), Ignored("通知.docx", "不是填报"))
    return Batch(results, ignored, Reconciliation(tuple(units), (stranger,)))


def batch_of_injections(texts: Sequence[str] = INJECTIONS) -> Batch:
    """The same trouble in every text a stranger controls."""
    results, units, strangers, ignored = [], [], [], []
    for text in texts:
        filing = filing_of(FORM, received__other=1, regulations__in_force=1)
        answered = replace(filing, reasons={"regulations-power": f"{text} 六个字以上"})
        said = Finding(text, text, "mandatory", "broken", text, text)
        results.append(replace(result_of(answered, text, said), file=text))
        error = UnusableFileError("file.not_xlsx", text)
        results.append(FileResult(f"{text}.xlsx", None, error=error))
        line = RosterLine(2, Organisation(text, text), contact=text, email=text)
        units.append(Unit(line, "failed", (text,), text, (text,)))
        strangers.append(Stranger(text, text, (text,)))
        ignored.append(Ignored(text, text))
    roster = Reconciliation(tuple(units), tuple(strangers))
    return Batch(results, tuple(ignored), roster)
