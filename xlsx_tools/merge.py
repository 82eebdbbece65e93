"""⑥ Filings → one consolidated filing: exact sums, blanks kept blank, nobody counted twice."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Filing, compute_values
from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xlsx_tools.filing import Organisation
    from xlsx_tools.values import Value

_MOST_NAMED = 10


def merge_filings(filings: Sequence[Filing], organisation: Organisation) -> Filing:
    """Add up the filings of one year into the consolidated filing of `organisation`.

    A figure that is blank, or no plain number, in one filing is blank in the sum; a figure
    that is 不适用 in one adds nothing, and is 不适用 in the sum when it is so in all. Hence
    neither the order nor the grouping of merges changes a figure. Zeros somebody declared
    are zeros here; nothing is declared anew, and prose is not merged.

    Raises:
        MergeError: nothing to merge, filings of different years or forms, an organisation
            without a name or given twice, or one already contained in a consolidated filing.
    """
    filings = tuple(filings)
    if not filings:
        raise MergeError("没有可以汇总的填报。")
    _refuse_mixture(filings)
    _refuse_doubles(filings)
    _refuse_overlaps(filings)
    form = filings[0].form
    typed, not_applicable = _add_up(filings)
    return Filing(
        form=form,
        year=filings[0].year,
        organisation=organisation,
        scope="consolidated",
        values=compute_values(form, typed, ()),
        narrative=dict.fromkeys(section.id for section in form.texts),
        nil_return=all(filing.nil_return for filing in filings),
        not_applicable=not_applicable,
        includes=tuple(sorted({name for filing in filings for name in members_of(filing)})),
    )


def members_of(filing: Filing) -> tuple[str, ...]:
    """The organisations whose figures are in a filing; a consolidated one may list its own."""
    return filing.includes or (filing.organisation.name,)


def _add_up(filings: tuple[Filing, ...]) -> tuple[dict[int, Value | None], frozenset[int]]:
    typed: dict[int, Value | None] = {}
    not_applicable = set()
    for cell in filings[0].form.inputs:
        counted = [filing for filing in filings if cell.index not in filing.not_applicable]
        if not counted:
            not_applicable.add(cell.index)
            continue
        figures = [_plain_figure(filing, cell.index) for filing in counted]
        known = [figure for figure in figures if figure is not None]
        typed[cell.index] = sum(known) if len(known) == len(figures) else None
    return typed, frozenset(not_applicable)


def _plain_figure(filing: Filing, index: int) -> Value | None:
    return None if index in filing.parsed else filing.values[index]


def _refuse_mixture(filings: tuple[Filing, ...]) -> None:
    nameless = sum(1 for filing in filings if not filing.organisation.name.strip())
    if nameless:
        raise MergeError(f"有 {nameless} 份填报没有单位名称，无法汇总。")
    undated = [filing.organisation.name for filing in filings if filing.year is None]
    if undated:
        raise MergeError(f"没有报告年度，无法汇总：{_list(undated)}。")
    _refuse_several(filings, lambda filing: f"{filing.year}年度", "报告年度")
    _refuse_several(filings, lambda filing: filing.form.notice, "表式")


def _refuse_several(
    filings: tuple[Filing, ...], kind_of: Callable[[Filing], str], word: str
) -> None:
    names: dict[str, list[str]] = {}
    for filing in filings:
        names.setdefault(kind_of(filing), []).append(filing.organisation.name)
    if len(names) > 1:
        said = "；".join(f"{kind}（{_list(names[kind])}）" for kind in sorted(names))
        raise MergeError(f"{word}不一致，不能汇总在一起：{said}。")


def _refuse_doubles(filings: tuple[Filing, ...]) -> None:
    by_name: dict[str, list[Filing]] = {}
    by_code: dict[str, list[Filing]] = {}
    for filing in filings:
        by_name.setdefault(normalise(filing.organisation.name), []).append(filing)
        if code := normalise(filing.organisation.code or ""):
            by_code.setdefault(code, []).append(filing)
    twice = [same[0].organisation.name for same in by_name.values() if len(same) > 1]
    if twice:
        raise MergeError(f"同一单位有多份填报，请只保留一份：{_list(twice)}。")
    shared = [
        f"{same[0].organisation.code}（{_list([one.organisation.name for one in same])}）"
        for same in by_code.values()
        if len(same) > 1
    ]
    if shared:
        raise MergeError(f"不同填报使用了同一个统一社会信用代码，请核对：{_list(shared)}。")


def _refuse_overlaps(filings: tuple[Filing, ...]) -> None:
    merged = [(filing, _keys(filing)) for filing in filings if filing.scope == "consolidated"]
    for whole, keys in merged:
        name = whole.organisation.name
        inside = [
            filing.organisation.name
            for filing in filings
            if filing.scope == "own" and normalise(filing.organisation.name) in keys
        ]
        if inside:
            raise MergeError(f"{_list(inside)}已经计入“{name}”的汇总，不能重复汇总。")
    for (one, left), (other, right) in combinations(merged, 2):
        if both := left.keys() & right.keys():
            raise MergeError(
                f"“{one.organisation.name}”和“{other.organisation.name}”两份汇总"
                f"都包含{_list(left[key] for key in both)}，不能重复汇总。"
            )


def _keys(filing: Filing) -> dict[str, str]:
    return {normalise(name): name for name in members_of(filing)}


def _list(names: Iterable[str]) -> str:
    ordered = sorted(set(names))
    rest = f"等 {len(ordered)} 个" if len(ordered) > _MOST_NAMED else ""
    return "、".join(ordered[:_MOST_NAMED]) + rest
