"""Add-in sources → files that IT can hand out; nothing else of the package depends on them."""

from xlsx_tools.macros.build import TARGETS, Target, build_targets

__all__ = ["TARGETS", "Target", "build_targets"]
