"""What must not be added up: mixtures, doubles, and those already counted elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.errors import MergeError
from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms.model import Scope

_MOST_NAMED = 10


class Member(NamedTuple):
    """What of one filing decides whether it may be added; there may be a hundred thousand.

    `listed` are the organisations that a consolidated filing says it contains.
    """

    name: str
    code: str | None
    scope: Scope
    year: int | None
    notice: str
    listed: tuple[str, ...]

    @classmethod
    def of(cls, filing: Filing) -> Member:
        """The record of one filing."""
        return cls(
            filing.organisation.name,
            filing.organisation.code,
            "own" if filing.scope == "own" else "consolidated",  # one text for all
            filing.year,
            filing.form.notice,
            filing.includes,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The organisations counted in it."""
        return self.listed or (self.name,)

    @property
    def keys(self) -> dict[str, str]:
        """The names counted in it, by what they are compared by."""
        return {normalise(name): name for name in self.names}


def members_of(filing: Filing) -> tuple[str, ...]:
    """The organisations whose figures are in a filing; a consolidated one may list its own."""
    return filing.includes or (filing.organisation.name,)


def refuse_mixture(members: Sequence[Member]) -> None:
    """Let only those pass that may stand in one sum.

    Raises:
        MergeError: years or forms are mixed, an organisation has no name or is there twice, or
            is already contained in a consolidated filing.
    """
    _refuse_unlike(members)
    _refuse_doubles(members)
    merged = [member for member in members if member.scope == "consolidated"]
    _refuse_contained(members, merged)
    _refuse_overlaps(merged)


def _refuse_unlike(members: Sequence[Member]) -> None:
    nameless = sum(1 for member in members if not member.name.strip())
    if nameless:
        raise MergeError(f"有 {nameless} 份填报没有单位名称，无法汇总。")
    undated = [member.name for member in members if member.year is None]
    if undated:
        raise MergeError(f"没有报告年度，无法汇总：{list_names(undated)}。")
    _refuse_several(members, lambda member: f"{member.year}年度", "报告年度")
    _refuse_several(members, lambda member: member.notice, "表式")


def _refuse_several(members: Sequence[Member], kind_of: Callable[[Member], str], word: str) -> None:
    names: dict[str, list[str]] = {}
    for member in members:
        names.setdefault(kind_of(member), []).append(member.name)
    if len(names) > 1:
        said = "；".join(f"{kind}（{list_names(names[kind])}）" for kind in sorted(names))
        raise MergeError(f"{word}不一致，不能汇总在一起：{said}。")


def _refuse_doubles(members: Sequence[Member]) -> None:
    twice = _same(members, lambda member: member.name)
    if twice:
        names = list_names(same[0].name for same in twice)
        raise MergeError(f"同一单位有多份填报，请只保留一份：{names}。")
    shared = [
        f"{same[0].code}（{list_names([one.name for one in same])}）"
        for same in _same(members, lambda member: member.code or "")
    ]
    if shared:
        raise MergeError(f"不同填报使用了同一个统一社会信用代码，请核对：{list_names(shared)}。")


def _same(members: Sequence[Member], text_of: Callable[[Member], str]) -> list[list[Member]]:
    """Those that share a text; what nobody shares is only known for as long as it takes."""
    first: dict[str, Member] = {}
    shared: dict[str, list[Member]] = {}
    for member in members:
        if key := normalise(text_of(member)):
            other = first.setdefault(key, member)
            if other is not member:
                shared.setdefault(key, [other]).append(member)
    return list(shared.values())


def _refuse_contained(members: Sequence[Member], merged: Sequence[Member]) -> None:
    if not merged:
        return
    own = {normalise(member.name): member.name for member in members if member.scope == "own"}
    for whole in merged:
        if inside := own.keys() & whole.keys.keys():
            names = list_names(own[key] for key in inside)
            raise MergeError(f"{names}已经计入“{whole.name}”的汇总，不能重复汇总。")


def _refuse_overlaps(merged: Sequence[Member]) -> None:
    """Two that share a member; one pass, for there may be thousands."""
    first_with: dict[str, Member] = {}
    for member in merged:
        mine = member.keys
        other = next((first_with[key] for key in mine if key in first_with), None)
        if other is not None:
            both = list_names(mine[key] for key in mine.keys() & other.keys.keys())
            raise MergeError(f"“{other.name}”和“{member.name}”两份汇总都包含{both}，不能重复汇总。")
        first_with |= dict.fromkeys(mine, member)


def list_names(names: Iterable[str]) -> str:
    """The first few in order, and how many there are when not all are named."""
    ordered = sorted(set(names))
    rest = f"等 {len(ordered)} 个" if len(ordered) > _MOST_NAMED else ""
    return "、".join(ordered[:_MOST_NAMED]) + rest
