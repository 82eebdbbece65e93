"""Formulas as Excel writes them, and as LibreOffice holds them."""

from __future__ import annotations

import re
from typing import Any

_CALC, _EXCEL = 0, 3  # com.sun.star.sheet.AddressConvention: OOO, XL_OOX
_REFERS = re.compile(r"='?(.+?)'?!(\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)")


class Translator:
    """Both ways between Excel's notation and LibreOffice's, by LibreOffice's own parser."""

    def __init__(self, document: Any) -> None:
        self._parser = document.createInstance("com.sun.star.sheet.FormulaParser")
        self._parser.CompileEnglish = True

    def to_excel(self, cell: Any) -> str:
        """The formula of a cell, with ``=``."""
        self._parser.FormulaConvention = _EXCEL
        return "=" + self._parser.printFormula(cell.getTokens(), cell.CellAddress)

    def put(self, cell: Any, formula: str) -> None:
        """Give a cell a formula that is written as in Excel, with ``=``."""
        self._parser.FormulaConvention = _EXCEL
        cell.setTokens(self._parser.parseFormula(formula[1:], cell.CellAddress))

    def to_calc(self, formula: str, place: Any) -> str:
        """An Excel formula, with or without ``=``, as LibreOffice's interfaces take it."""
        self._parser.FormulaConvention = _EXCEL
        tokens = self._parser.parseFormula(re.sub("^=", "", formula), place)
        self._parser.FormulaConvention = _CALC
        return str(self._parser.printFormula(tokens, place))


def area_to_calc(refers_to: str) -> str:
    """``='退改清单'!$A$2:$A$9`` → ``$'退改清单'.$A$2:$A$9``.

    Raises:
        ValueError: it is no area of one sheet.
    """
    match = _REFERS.fullmatch(refers_to)
    if not match:
        raise ValueError(refers_to)
    return f"$'{match.group(1)}'.{match.group(2)}"
