"""The consolidated workbook: the official sheets, and where every figure in them comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.cell_content import make_writable
from xlsx_tools.excel.prepared import Number, TailRow, Text
from xlsx_tools.merge.annexes import (
    ROWS_SHOWN,
    Annex,
    coverage_rows,
    reason_rows,
    say_coverage,
)
from xlsx_tools.merge.columns import Columns
from xlsx_tools.merge.extra_sheets import (
    COVERAGE,
    EXTENSION,
    NOTE,
    ORIGINS,
    REASONS,
    UNITS,
    UNITS_SHOWN,
    unit_columns,
)
from xlsx_tools.merge.origins import origin_cells
from xlsx_tools.merge.trace import scope_word
from xlsx_tools.template import Addition, render_filing
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.filing import Filing
    from xlsx_tools.merge.source import Excluded, Source

_ORIGINS_NOTE = (
    "“汇总数”取自官方表样，“各单位之和”由“分单位”表逐列相加，差额应为 0；"
    "点击“单元格”一栏可跳到该数。有单位未填的，汇总数留空，不以 0 代替。"
)
_UNITS_NOTE = "空白为未填，“/”为不适用；口径为本级政府汇总的，所含单位见“纳入情况”。"
_NO_REASONS = "没有单位填写说明。"
_COVERAGE_CUT = (
    f"本表每类只列前 {ROWS_SHOWN} 个；计入的各单位见汇总时用 --trace 生成的追溯文件，"
    "未计入的各文件及原因见 nianbao check 的校验结果。"
)
_REASONS_CUT = f"共 {{count}} 段，本表只列前 {ROWS_SHOWN} 段；其余见各单位的填报。"


def render_merged(
    merged: Filing,
    sources: Iterable[Source],
    *,
    excluded: Sequence[Excluded] = (),
    missing: Sequence[str] = (),
) -> bytes:
    """The workbook of `merged`; behind the official sheets 来源, 分单位, 纳入情况 and 说明附表.

    `sources` are those that were merged, gone through once; `missing` are the organisations
    that should have sent something: with any of them the sums are called partial. Beyond
    3,000 units 分单位 refers to the trace file, and 来源 has numbers in place of formulas;
    纳入情况 and 说明附表 have the first 10,000 rows of each kind, and say how many there are.
    The same contents give the same bytes.

    Raises:
        FilingError, IllegalTextError: as `render_filing`.
    """
    gathered = _Gathered(merged)
    for source in sources:
        gathered.add(source)
    others = Annex()
    others.extend(coverage_rows(excluded, missing))
    said = say_coverage(gathered.columns.units, merged, excluded, missing)
    if gathered.coverage.cut or others.cut:
        said += _COVERAGE_CUT
    cells: dict[str, dict[str, Content]] = {
        ORIGINS: {
            NOTE: Text(_ORIGINS_NOTE),
            **origin_cells(merged, gathered.columns, gathered.shown),
        },
        UNITS: {NOTE: Text(_UNITS_NOTE if gathered.shown else gathered.say_too_many())},
        COVERAGE: {NOTE: Text(said)},
        REASONS: {NOTE: Text(_say_reasons(gathered.reasons))},
    }
    tails = {
        UNITS: gathered.unit_rows(),
        COVERAGE: [*gathered.coverage.rows, *others.rows],
        REASONS: gathered.reasons.rows,
    }
    return render_filing(merged, addition=Addition(EXTENSION, cells, tails))


def _say_reasons(reasons: Annex) -> str:
    if reasons.cut:
        return _REASONS_CUT.format(count=reasons.count)
    return "" if reasons.count else _NO_REASONS


class _Gathered:
    """What is kept of the sources: facts on each figure, and one row each for three sheets."""

    def __init__(self, merged: Filing) -> None:
        self.columns = Columns(merged.form)
        self.coverage, self.reasons = Annex(), Annex()
        self._units: list[tuple[tuple[str, ...], tuple[object, ...]]] = []
        self._letters = unit_columns(merged.form)
        self._mark = _mark_of(merged)

    @property
    def shown(self) -> bool:
        """Whether every unit has its row in 分单位."""
        return self.columns.units <= UNITS_SHOWN

    def add(self, source: Source) -> None:
        filing = source.filing
        figures: tuple[object, ...] = self.columns.add(filing)
        self.coverage.extend(coverage_rows([source]))
        self.reasons.extend(reason_rows(source))
        if not self.shown:
            self._units.clear()
            return
        if filing.not_applicable:
            marked = filing.not_applicable
            figures = tuple(
                self._mark if index in marked else value for index, value in enumerate(figures)
            )
        self._units.append((_unit_texts(source), figures))

    def say_too_many(self) -> str:
        return (
            f"共 {self.columns.units} 个单位，超过 {UNITS_SHOWN} 个，本表不再逐一列出；"
            "各单位的每一个数见汇总时用 --trace 生成的追溯文件。"
        )

    def unit_rows(self) -> Iterator[TailRow]:
        for texts, figures in self._units:
            cells: dict[str, Content] = {
                letter: Text(text) for letter, text in zip("ABCDEF", texts, strict=True) if text
            }
            if members := texts[-1]:
                cells["F"] = Number(members)
            for letter, value in zip(self._letters, figures, strict=True):
                match value:
                    case None:
                        continue
                    case int():
                        cells[letter] = Number(str(value))
                    case str():
                        cells[letter] = Text(value)
                    case _:
                        cells[letter] = Number(show(value))  # type: ignore[arg-type] # Decimal
            yield TailRow(cells)


def _unit_texts(source: Source) -> tuple[str, ...]:
    filing = source.filing
    members = str(len(filing.includes)) if filing.includes else ""
    who = (filing.organisation.name, filing.organisation.code or "", scope_word(filing))
    return (*map(make_writable, (*who, source.file, source.sha256)), members)


def _mark_of(filing: Filing) -> str:
    marks = filing.form.answers["not_applicable"]
    return str(marks[0]) if isinstance(marks, list) else ""
