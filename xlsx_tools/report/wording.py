"""Sums in sentences: the headlines of the summary workbook and of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.batch.result import STANDING_WORDS, STATUS_WORDS

if TYPE_CHECKING:
    from xlsx_tools.batch import Batch, Reconciliation
    from xlsx_tools.report.overview import Overview


def say_batch(batch: Batch, overview: Overview) -> str:
    """How many files, how they stand, and what was not read."""
    told = [f"{STATUS_WORDS[key]} {n} 份" for key in STATUS_WORDS if (n := overview.statuses[key])]
    said = f"共 {overview.files} 份填报{'：' if told else ''}{'，'.join(told)}。"
    if overview.files:
        said += f"可以汇总 {overview.accepted} 份。"
    if len(overview.years) > 1:
        years = "，".join(
            f"{year}年度 {overview.years[year]} 份" for year in sorted(overview.years)
        )
        said += f"报告年度不一：{years}。"
    if batch.ignored:
        said += f"另有 {len(batch.ignored)} 个文件不是填报，没有读取。"
    return said + (say_roster(batch.roster) if batch.roster else "")


def say_roster(roster: Reconciliation) -> str:
    """Where the organisations of the roster stand."""
    sums = roster.sums
    told = [f"{word} {sums[key]} 个" for key, word in STANDING_WORDS.items() if sums[key]]
    said = f"名册 {len(roster.units)} 个单位{'：' if told else ''}{'，'.join(told)}。"
    return said + (f"名册之外 {len(roster.strangers)} 份。" if roster.strangers else "")


def say_right(overview: Overview) -> str:
    """What is right: every part with the number of files that have nothing amiss there."""
    told = [
        f"{name} {part.files['right']} 份"
        for name in overview.part_names
        if (part := overview.parts.get(name)) and part.files["right"]
    ]
    return f"没有问题的：{'，'.join(told)}。" if told else ""
