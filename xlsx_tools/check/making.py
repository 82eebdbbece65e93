"""Puts a finding together: the message, what was written beside its rule, and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.finding import Finding
from xlsx_tools.judge import reason_counts
from xlsx_tools.last_year import offered_reason

if TYPE_CHECKING:
    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Place
    from xlsx_tools.judge import Decision

_SETTLED = ("justify", "verify")
_LONGEST_OFFER = 100


def make_finding(
    filing: Filing,
    decision: Decision,
    message: str,
    cells: tuple[Place, ...] = (),
    *,
    remedy: str = "",
) -> Finding:
    """The finding on a decision, with the reason, remarks and offers that belong to its rule."""
    instance, rule = decision.instance, decision.instance.rule
    reason = filing.reasons.get(instance.id, "").strip()
    if reason and rule.severity in _SETTLED:
        counts = reason_counts(filing, instance.id)
        message += f"（已说明：{reason}）" if counts else "（说明过短，不能认可）"
        reason = reason if counts else ""
    message += filing.remarks.get(instance.id, "")
    remedy = (remedy or rule.remedy) + _offer_again(filing, decision)
    return Finding(
        id=instance.id,
        rule=rule.id,
        severity=rule.severity,
        state=decision.state or "undecided",
        message=message,
        remedy=remedy,
        cells=cells,
        left=decision.left,
        right=decision.right,
        difference=decision.difference,
        reason=reason,
    )


def _offer_again(filing: Filing, decision: Decision) -> str:
    """Last year's reason for the same rule, which counts only when it is written again."""
    instance = decision.instance
    if decision.state != "broken" or instance.rule.severity not in _SETTLED:
        return ""
    offered = offered_reason(filing, instance.id)
    shown = f"{offered[:_LONGEST_OFFER]}…" if len(offered) > _LONGEST_OFFER else offered
    return f"上年对本项的说明：“{shown}”，如仍适用，请在“说明”栏重新填写。" if offered else ""
