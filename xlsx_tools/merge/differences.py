"""Where a parent's own sum differs from its parts, and which child may make the difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xlsx_tools.excel.address import layout_of
from xlsx_tools.merge.refusals import list_names
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsx_tools.merge.hierarchy import Branch
    from xlsx_tools.merge.source import Source
    from xlsx_tools.values import Value

_MOST_SUSPECTS = 3
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Suspect:
    """A child whose figure is the difference: perhaps left out, or counted twice."""

    name: str
    how: Literal["left_out", "twice"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure: what the parent sent (`submitted`) less what its parts add up to."""

    index: int
    expected: Value
    submitted: Value
    suspects: tuple[Suspect, ...] = ()

    @property
    def difference(self) -> Value:
        """Negative when the parent has too little."""
        return self.submitted - self.expected


@dataclass(frozen=True, slots=True)
class Comparison:
    """A branch whose parent sent a sum of its own.

    `undecided` are the figures that one side leaves blank; `whole` are the children that
    explain every difference at once.
    """

    branch: Branch
    differences: tuple[Difference, ...]
    undecided: tuple[int, ...] = ()
    whole: tuple[Suspect, ...] = ()


def compare_branch(branch: Branch) -> Comparison | None:
    """Figure by figure; None where there is nothing to compare."""
    if branch.submitted is None or branch.computed is None:
        return None
    theirs, ours = branch.submitted.filing, branch.computed
    gaps: dict[int, Value] = {}
    undecided = []
    for cell in ours.form.cells:
        left, right = theirs.values[cell.index], ours.values[cell.index]
        if left is None or right is None or cell.index in theirs.parsed:
            if (left, right) != (None, None):
                undecided.append(cell.index)
        else:
            gaps[cell.index] = left - right
    typed = {index: gap for index, gap in gaps.items() if not ours.form.cells[index].total}
    whole = tuple(_explain_all(branch.parts, typed)) if any(typed.values()) else ()
    ranked = sorted(branch.parts, key=lambda part: -_explained(part, typed))
    differences = (
        Difference(
            index,
            _known(ours.values[index]),
            _known(theirs.values[index]),
            whole or tuple(_explain_one(ranked, index, gap))[:_MOST_SUSPECTS],
        )
        for index, gap in gaps.items()
        if gap
    )
    return Comparison(branch, tuple(differences), tuple(undecided), whole)


def _known(value: Value | None) -> Value:
    return 0 if value is None else value


def _explain_all(parts: Sequence[Source], gaps: dict[int, Value]) -> Iterator[Suspect]:
    for part in parts:
        values, name = part.filing.values, part.filing.organisation.name
        if all(gap == -_known(values[index]) for index, gap in gaps.items()):
            yield Suspect(name, "left_out")
        elif all(gap == _known(values[index]) for index, gap in gaps.items()):
            yield Suspect(name, "twice")


def _explained(part: Source, gaps: dict[int, Value]) -> int:
    """How many of the differences this child's figures are, whichever way."""
    values = part.filing.values
    return sum(1 for index, gap in gaps.items() if gap and abs(gap) == values[index])


def _explain_one(parts: Sequence[Source], index: int, gap: Value) -> Iterator[Suspect]:
    for part in parts:
        value, name = part.filing.values[index], part.filing.organisation.name
        if value and gap == -value:
            yield Suspect(name, "left_out")
        elif value and gap == value:
            yield Suspect(name, "twice")


def say_comparison(comparison: Comparison) -> Iterator[str]:
    """The same in sentences: what differs, by how much, who may be the reason, who is missing."""
    branch = comparison.branch
    name = branch.organisation.name
    form = branch.computed.form if branch.computed else None
    if form is None:
        return
    typed = [item for item in comparison.differences if not form.cells[item.index].total]
    if not typed:
        yield f"{name}：报送的汇总与本机关和下级之和一致。"
    else:
        yield f"{name}：报送的汇总与本机关和下级之和有 {len(typed)} 个数不一致。"
    if comparison.whole:
        yield f"{name}：全部差额与一个单位的数相同，{_say(comparison.whole)}。"
    layout = layout_of(form)
    for item in typed[:_MOST_TOLD]:
        spot, label = layout.figure[item.index], form.cells[item.index].label
        sides = f"报送 {show(item.submitted)}，各部分之和 {show(item.expected)}"
        suspects = "" if comparison.whole or not item.suspects else f"；{_say(item.suspects)}"
        difference = show(item.difference).replace("-", "−")
        yield f"{spot.sheet}!{spot.address}（{label}）：{sides}，差额 {difference}{suspects}。"
    if len(typed) > _MOST_TOLD:
        yield f"{name}：另有 {len(typed) - _MOST_TOLD} 个数不一致，没有逐一列出。"
    yield from _say_gaps(comparison)


def _say(suspects: Sequence[Suspect]) -> str:
    left = list_names(suspect.name for suspect in suspects if suspect.how == "left_out")
    twice = list_names(suspect.name for suspect in suspects if suspect.how == "twice")
    words = (f"可能漏计{left}" if left else "", f"可能重复计算{twice}" if twice else "")
    return "，或者".join(word for word in words if word)


def _say_gaps(comparison: Comparison) -> Iterator[str]:
    branch = comparison.branch
    name = branch.organisation.name
    if branch.unlisted:
        yield f"{name}：报送的汇总没有列入{list_names(branch.unlisted)}。"
    if branch.unknown:
        yield f"{name}：报送的汇总列有本级各部分以外的单位：{list_names(branch.unknown)}。"
    if branch.missing:
        yield (
            f"{name}：尚缺 {len(branch.missing)} 个单位的填报（{list_names(branch.missing)}），"
            "各部分之和不完整，差额可能由此产生。"
        )
    if comparison.undecided:
        yield f"{name}：有 {len(comparison.undecided)} 个数因一方空白无法比较。"
