"""The part of ``xlwings.base_classes`` that the buttons use, over any `Backend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xlwings
from xlwings import base_classes

from xlsx_tools.addin.engines.backend import Box, box_of
from xlsx_tools.excel.address import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xlsx_tools.addin.engines.backend import Backend

    Opener = Callable[[str], Backend]


_ALONE = "remote"


def open_book(backend: Backend) -> xlwings.Book:
    """An xlwings book of its own: nothing is registered, and nothing stays behind.

    Under this name xlwings does not look for its one active program, which two threads would share.
    """
    app = App(Engine(_ALONE, None))
    return xlwings.Book(impl=app.books.take(backend))


def register_engine(name: str, opener: Opener) -> xlwings.main.Engine:
    """Make ``xlwings.engines[name].apps.active.books.open(path)`` use this opener."""
    if name not in xlwings.engines.engines_by_name:
        xlwings.engines.add(xlwings.main.Engine(impl=Engine(name, opener)))
    engine = xlwings.engines[name]
    engine.impl.opener = opener
    return engine


class Engine:
    """What xlwings asks of an engine itself."""

    type = "desktop"

    def __init__(self, name: str, opener: Opener | None) -> None:
        self.name, self.opener = name, opener
        self.apps = Apps(self)

    @staticmethod
    def prepare_xl_data_element(value: object, _options: object) -> object:
        """Values are written as they are."""
        return value


class Apps(base_classes.Apps):
    """One application."""

    def __init__(self, engine: Engine) -> None:
        self._apps = [App(engine)]

    def keys(self) -> list[int]:
        return [app.pid for app in self._apps]

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps)

    def __len__(self) -> int:
        return len(self._apps)

    def __getitem__(self, _pid: int) -> App:
        return self._apps[0]


class App(base_classes.App):
    """The program the workbook is open in."""

    pid = 0
    api = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._books = Books(self)

    @property
    def books(self) -> Books:
        return self._books

    @property
    def selection(self) -> Range | None:
        book = self._books.active
        if book is None:
            return None
        sheet = Sheet(book, book.backend.active_sheet())
        return Range(sheet, box_of(book.backend.selection()))

    def activate(self, steal_focus: bool = False) -> None:  # noqa: FBT001, FBT002 - as xlwings has it
        """There is one application, and it is the active one."""

    def alert(self, prompt: str, *_looks: object) -> str:
        book = self._books.active
        if book is not None:
            book.backend.alert(prompt)
        return "ok"


class Books(base_classes.Books):
    """The open workbooks, the newest of which is active."""

    api = True

    def __init__(self, app: App) -> None:
        self.app = app
        self._open: list[Book] = []

    @property
    def active(self) -> Book | None:
        return self._open[-1] if self._open else None

    def take(self, backend: Backend) -> Book:
        """Add a workbook that is open already."""
        self._open.append(Book(self, backend))
        return self._open[-1]

    def open(self, fullname: str, *_options: object) -> Book:
        if self.app.engine.opener is None:
            raise xlwings.XlwingsError("this engine opens no files")
        return self.take(self.app.engine.opener(str(fullname)))

    def close(self, book: Book) -> None:
        """Forget a workbook."""
        self._open.remove(book)

    def __call__(self, key: int | str) -> Book:
        named = {book.name: book for book in self._open}
        return self._open[key - 1] if isinstance(key, int) else named[key]

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Book]:
        return iter(self._open)


class Book(base_classes.Book):
    """One workbook."""

    api = True

    def __init__(self, books: Books, backend: Backend) -> None:
        self._books, self.backend = books, backend

    @property
    def app(self) -> App:
        return self._books.app

    @property
    def name(self) -> str:
        return self.backend.name

    @property
    def fullname(self) -> str:
        return self.backend.name

    @property
    def sheets(self) -> Sheets:
        return Sheets(self)

    @property
    def names(self) -> Names:
        return Names(self)

    def activate(self) -> None:
        """It is before the user already."""

    def close(self) -> None:
        self._books.close(self)


class Sheets(base_classes.Sheets):
    """The sheets in the order of the tabs."""

    api = True

    def __init__(self, book: Book) -> None:
        self.book = book

    @property
    def active(self) -> Sheet:
        return Sheet(self.book, self.book.backend.active_sheet())

    def __call__(self, key: int | str) -> Sheet:
        names = self.book.backend.sheet_names()
        if isinstance(key, int):
            return Sheet(self.book, names[key - 1])
        if key not in names:
            raise xlwings.NoSuchObjectError(key)
        return Sheet(self.book, key)

    def __len__(self) -> int:
        return len(self.book.backend.sheet_names())

    def __iter__(self) -> Iterator[Sheet]:
        return (Sheet(self.book, name) for name in self.book.backend.sheet_names())

    def add(
        self, before: Sheet | None = None, _after: Sheet | None = None, name: str | None = None
    ) -> Sheet:
        self.book.backend.add_sheet(str(name), None if before is None else before.name)
        return Sheet(self.book, str(name))


class Sheet(base_classes.Sheet):
    """One sheet."""

    api = True

    def __init__(self, book: Book, name: str) -> None:
        self._book, self._name = book, name

    @property
    def book(self) -> Book:
        return self._book

    @property  # type: ignore[misc]  # nothing renames a sheet
    def name(self) -> str:
        return self._name

    @property
    def index(self) -> int:
        return self._book.backend.sheet_names().index(self._name) + 1

    @property
    def visible(self) -> bool:
        return self._book.backend.is_visible(self._name)

    @visible.setter
    def visible(self, value: bool) -> None:
        self._book.backend.set_visible(self._name, visible=value)

    @property
    def used_range(self) -> Range:
        rows, columns = self._book.backend.extent(self._name)
        return Range(self, Box(1, 1, max(rows, 1), max(columns, 1)))

    def activate(self) -> None:
        self._book.backend.activate(self._name)

    def range(
        self, first: str | tuple[int, int] | Range, last: tuple[int, int] | Range | None = None
    ) -> Range:
        if isinstance(first, str):
            return Range(self, box_of(first))
        start = first.box if isinstance(first, Range) else Box(*first, *first)
        end = start if last is None else last.box if isinstance(last, Range) else Box(*last, *last)
        return Range(self, Box(start.top, start.left, end.bottom, end.right))


class Range(base_classes.Range):
    """Cells of a sheet."""

    api = True
    max_cells_per_read = None
    max_cells_per_write = None

    def __init__(self, sheet: Sheet, box: Box) -> None:
        self.sheet, self.box = sheet, box
        self._backend = sheet.book.backend

    @property
    def row(self) -> int:
        return self.box.top

    @property
    def column(self) -> int:
        return self.box.left

    @property
    def shape(self) -> tuple[int, int]:
        return self.box.bottom - self.box.top + 1, self.box.right - self.box.left + 1

    @property
    def address(self) -> str:
        return self.box.area

    def __len__(self) -> int:
        rows, columns = self.shape
        return rows * columns

    def __call__(self, arg1: int, arg2: int = 1) -> Range:
        top, left = self.box.top + arg1 - 1, self.box.left + arg2 - 1
        return Range(self.sheet, Box(top, left, top, left))

    @property
    def raw_value(self) -> list[list[Any]]:
        return self._backend.read(self.sheet.name, self.box)

    @raw_value.setter
    def raw_value(self, rows: Sequence[Sequence[Any]]) -> None:
        self._backend.write(self.sheet.name, self.box, rows)

    @property
    def formula(self) -> list[list[str]]:
        known = self._backend.formulas(self.sheet.name)
        rows = range(self.box.top, self.box.bottom + 1)
        columns = range(self.box.left, self.box.right + 1)
        return [[known.get(at(column, row), "") for column in columns] for row in rows]

    @formula.setter
    def formula(self, rows: Sequence[Sequence[str]]) -> None:
        self._backend.write_formulas(self.sheet.name, self.box, rows)

    def clear_contents(self) -> None:
        self._backend.clear(self.sheet.name, self.box)

    def select(self) -> None:
        self._backend.select(self.sheet.name, self.box)

    @property
    def color(self) -> None:
        raise NotImplementedError

    @color.setter
    def color(self, value: str | None) -> None:
        self._backend.set_fill(self.sheet.name, self.box, value)

    @property
    def column_width(self) -> None:
        raise NotImplementedError

    @column_width.setter
    def column_width(self, value: float) -> None:
        self._backend.set_width(self.sheet.name, self.box, value)

    @property
    def wrap_text(self) -> None:
        raise NotImplementedError

    @wrap_text.setter
    def wrap_text(self, value: bool) -> None:
        self._backend.set_wrap(self.sheet.name, self.box, wrap=value)

    @property
    def font(self) -> Font:
        return Font(self)


class Font(base_classes.Font):
    """How the text of a range looks."""

    def __init__(self, cells: Range) -> None:
        self._cells = cells

    @property
    def bold(self) -> None:
        raise NotImplementedError

    @bold.setter
    def bold(self, value: bool) -> None:
        cells = self._cells
        cells.sheet.book.backend.set_bold(cells.sheet.name, cells.box, bold=value)


class Names(base_classes.Names):
    """The names of a workbook, which can only be given."""

    api = True

    def __init__(self, book: Book) -> None:
        self._book = book

    def add(self, name: str, refers_to: str) -> Name:
        self._book.backend.set_name(name, refers_to)
        return Name(name, refers_to)


class Name(base_classes.Name):
    """A name that was given."""

    name = refers_to = ""

    def __init__(self, name: str, refers_to: str) -> None:
        self.name, self.refers_to = name, refers_to
