"""What each button does, written once against the public xlwings API and our `Extras`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.addin.carrying import carry_over
from xlsx_tools.addin.marking import case_of, mark_open
from xlsx_tools.addin.reading import read_open
from xlsx_tools.addin.words import say
from xlsx_tools.batch.result import FileResult
from xlsx_tools.check import check_filing
from xlsx_tools.excel.address import Spot
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.report.json import file_object
from xlsx_tools.returned.places import TODO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import xlwings

    from xlsx_tools.addin.extras import Extras
    from xlsx_tools.returned.follow import Case, Followed


@dataclass(frozen=True, slots=True)
class Request:
    """What a button is given beside the workbook.

    `last_year` is the name and the content of the file the user chose; `page` is where the
    backend's own page is.
    """

    extras: Extras
    last_year: tuple[str, bytes] | None = None
    page: str = "/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user is told, and the report where the workbook was checked."""

    say: str
    report: Mapping[str, object] | None = None


def check(book: xlwings.Book, request: Request) -> Answer:
    """校验本表: check, list the findings in 待办, mark their cells, go to the first."""
    back = _where(book)
    case = _check(book, request)
    mark_open(book, request.extras, case)
    stops = _stops(case)
    _go(book, stops[0][1].spots[0] if stops else back)
    result = FileResult(book.name, None, case.verdict)
    return Answer(_sum_up(case), file_object(result))


def go_on(book: xlwings.Book, request: Request) -> Answer:
    """下一处问题: from the selected cell to the next with a finding; after the last, the first."""
    case = _check(book, request)
    open_ones = [lead for lead in case.leading if case.shown(lead).blocks]
    stops = _stops(case)
    if not stops:
        words = "nowhere" if open_ones else "nothing_left"
        return Answer(say(words, count=len(open_ones), sheet=TODO))
    place = (_standing(stops, _where(book)) + 1) % len(stops)
    number, lead = stops[place]
    _go(book, lead.spots[0])
    message = case.shown(lead).finding.message
    return Answer(say("next", number=number, count=len(open_ones), message=message))


def carry(book: xlwings.Book, request: Request) -> Answer:
    """从上年结转: the closing figures of last year's file into this year's opening ones."""
    return Answer(carry_over(book, request.extras, request.last_year))


def export(book: xlwings.Book, request: Request) -> Answer:
    """导出 JSON: offer the filing to be saved as the file that ``nianbao read`` writes."""
    filing, _ = read_open(book, request.extras)
    stem = book.name.rpartition(".")[0] or book.name or filing.organisation.name
    name = f"{stem}.json"
    request.extras.save_file(name, dumps_filing(filing).encode())
    return Answer(say("exported", name=name))


def open_batch(_book: xlwings.Book, request: Request) -> Answer:
    """批量检查: show the local page."""
    request.extras.open_url(request.page)
    return Answer(say("batch"))


def open_merge(_book: xlwings.Book, request: Request) -> Answer:
    """汇总: show the local page."""
    request.extras.open_url(request.page)
    return Answer(say("merge"))


BUTTONS: Mapping[str, Callable[[xlwings.Book, Request], Answer]] = {
    "check": check,
    "next": go_on,
    "carry": carry,
    "export": export,
    "batch": open_batch,
    "merge": open_merge,
}


def _check(book: xlwings.Book, request: Request) -> Case:
    filing, raw = read_open(book, request.extras)
    return case_of(check_filing(filing), raw)


def _stops(case: Case) -> list[tuple[int, Followed]]:
    """The findings to go to, in the order and with the numbers of 待办; one for each cell."""
    stops: dict[Spot, tuple[int, Followed]] = {}
    open_ones = (lead for lead in case.leading if case.shown(lead).blocks)
    for number, lead in enumerate(open_ones, start=1):
        if lead.spots:
            stops.setdefault(lead.spots[0], (number, lead))
    return list(stops.values())


def _standing(stops: list[tuple[int, Followed]], here: Spot) -> int:
    """Which stop the user is at, or at another cell of; -1 for none."""
    firsts = [lead.spots[0] for _, lead in stops]
    if here in firsts:
        return firsts.index(here)
    return next((n for n, (_, lead) in enumerate(stops) if here in lead.spots), -1)


def _sum_up(case: Case) -> str:
    count = sum(case.shown(lead).blocks for lead in case.leading)
    if count:
        return say("found", count=count, sheet=TODO)
    hints = [lead for lead in case.leading if not lead.finding.reason]
    return say("hints_only", count=len(hints), sheet=TODO) if hints else say("right")


def _where(book: xlwings.Book) -> Spot:
    chosen = book.app.selection
    address = "A1" if chosen is None else chosen.address.replace("$", "").partition(":")[0]
    return Spot(book.sheets.active.name, address)


def _go(book: xlwings.Book, spot: Spot) -> None:
    """To a cell; a sheet that was not sent along is before the user already."""
    if spot.sheet not in [sheet.name for sheet in book.sheets]:
        return
    book.sheets[spot.sheet].activate()
    book.sheets[spot.sheet].range(spot.address).select()
