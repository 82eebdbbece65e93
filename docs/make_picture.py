"""Makes the pictures in images/, all of invented figures with mistakes made on purpose.

``workbook.png`` is 表三 and 校验 of a workbook, ``todo.png`` is 待办 of its return workbook, and
``page.png`` is the page of a batch. Needs LibreOffice, poppler and Chromium. The pictures are
made anew by hand when something changes its look; they depend on the fonts of the machine, so
no test compares them.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from xlsx_tools.batch.desk import Order, run_order
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.check import check_filing
from xlsx_tools.filing import Filing, Organisation, compute_values
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import Form, form_ids, load_form
from xlsx_tools.report import REPORTERS
from xlsx_tools.returned import render_return
from xlsx_tools.roster import parse_roster

IMAGES = Path(__file__).parent / "images"
_MARGIN = 24
_PAPER = 255
_ORGANISATION = "示例县住房和城乡建设局"
_YEAR = 2025
_FIGURES = {
    "disclosure.normative_documents.issued": 3,
    "disclosure.normative_documents.repealed": 1,
    "disclosure.normative_documents.in_force": 17,
    "disclosure.licences.decisions": 1286,
    "disclosure.penalties.decisions": 42,
    "requests.received.natural_person": 40,
    "requests.received.enterprise": 6,
    "requests.received.legal_service": 2,
    "requests.carried_in.natural_person": 3,
    "requests.granted.natural_person": 21,
    "requests.granted.enterprise": 4,
    "requests.granted.legal_service": 1,
    "requests.partly_granted.natural_person": 5,
    "requests.refused_third_party.natural_person": 2,
    "requests.refused_process_information.enterprise": 1,
    "requests.unavailable_not_held.natural_person": 8,
    "requests.unavailable_not_held.enterprise": 1,
    "requests.unavailable_unclear.legal_service": 1,
    "requests.other_other.natural_person": 2,
    "requests.carried_out.natural_person": 4,  # one short: 40 + 3 ≠ 38 + 4
    "disputes.reconsideration.upheld": 1,
}
_RIGHT = {"requests.carried_out.natural_person": 5}
_REGULATIONS = {"disclosure.regulations.in_force": 2}
_TODO = {**_REGULATIONS, "fees.collected": 30}
_UNITS: dict[str, dict[str, int]] = {
    "示例县发展和改革局": _RIGHT,
    "示例县教育局": _RIGHT,
    "示例县公安局": {**_RIGHT, **_REGULATIONS},
    "示例县民政局": _RIGHT,
    "示例县财政局": {**_RIGHT, "fees.collected": 30},
    "示例县自然资源局": _RIGHT,
    "示例县住房和城乡建设局": {},
    "示例县交通运输局": _RIGHT,
    "示例县水利局": {**_RIGHT, "disclosure.normative_documents.issued": 18},
    "示例县农业农村局": _RIGHT,
}
_ABSENT = ("示例县审计局", "示例县统计局")
_REASONS = {"regulations-power": "由县政府委托统一填报规章"}
_WINDOW = "1280,1010"


class Image(NamedTuple):
    """Rows of RGB bytes."""

    width: int
    rows: list[bytes]


def make_filing(form: Form, changes: dict[str, int], name: str = _ORGANISATION) -> Filing:
    """An invented department whose 自然人 column does not balance unless changed."""
    figures = _FIGURES | changes
    typed = {cell.index: figures.get(cell.path, 0) for cell in form.inputs}
    return Filing(
        form=form,
        year=_YEAR,
        organisation=Organisation(name),
        scope="own",
        values=compute_values(form, typed, ()),
        narrative={section.id: f"{section.heading}。" for section in form.texts},
    )


def render_todo(form: Form) -> bytes:
    """The return workbook of the same department, with more amiss and some of it explained."""
    filing = replace(make_filing(form, _TODO), reasons=_REASONS)
    return render_return(check_filing(filing))


def render_batch(form: Form, folder: Path) -> str:
    """The page of a small batch, as a web page."""
    inbox = folder / "报送"
    inbox.mkdir()
    for name, changes in _UNITS.items():
        filing = make_filing(form, changes, name)
        (inbox / f"{name}.xlsx").write_bytes(render_workbook(filing))
    explained = replace(
        make_filing(form, _RIGHT | _REGULATIONS, next(iter(_UNITS))), reasons=_REASONS
    )
    (inbox / f"{explained.organisation.name}.xlsx").write_bytes(render_workbook(explained))
    (inbox / f"{_ABSENT[0]}.xlsx").write_bytes(b"?")
    roster = "\n".join(("name", *_UNITS, *_ABSENT)).encode()
    order = Order(date(_YEAR + 1, 1, 20), roster=parse_roster(roster))
    with run_order(order, FilesOnDisk([inbox]), LocalExecutor(jobs=1), folder) as outcome:
        return b"".join(REPORTERS["html"](outcome.batch)).decode().replace(f"{folder}/", "")


def photograph(page: str, folder: Path) -> bytes:
    """The top of a web page as a browser shows it."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    browser = shutil.which("chromium") or "google-chrome"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={_WINDOW}"]
    target = folder / "page.png"
    command = [browser, *options, f"--screenshot={target}", (folder / "page.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own file
    return target.read_bytes()


def render_pdf(data: bytes, folder: Path) -> Path:
    """The workbook as LibreOffice prints it."""
    workbook = folder / "workbook.xlsx"
    workbook.write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder]
    subprocess.run([*command, workbook], check=True, capture_output=True)  # noqa: S603 - our own file
    return workbook.with_suffix(".pdf")


def find_page(pdf: Path, text: str) -> int:
    """The number of the first page with this text."""
    shown = subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True)  # noqa: S603, S607
    pages = shown.stdout.decode().split("\f")
    return next(number for number, page in enumerate(pages, start=1) if text in page)


def render_page(pdf: Path, page: int, resolution: int) -> Image:
    """One page, without its white margins and its footer."""
    span = ["-f", str(page), "-l", str(page), "-r", str(resolution)]
    shown = subprocess.run(["pdftoppm", *span, pdf], check=True, capture_output=True)  # noqa: S603, S607
    _, size, _, pixels = shown.stdout.split(b"\n", 3)
    width, height = map(int, size.split())
    rows = [pixels[3 * width * row : 3 * width * (row + 1)] for row in range(height)]
    footer = resolution * 3 // 4
    return trim(Image(width, rows[: height - footer]))


def trim(image: Image) -> Image:
    """Cut off the white round the ink."""
    white = bytes([_PAPER]) * (3 * image.width)
    inked = [number for number, row in enumerate(image.rows) if row != white]
    rows = image.rows[inked[0] : inked[-1] + 1]
    left = min(len(row) - len(row.lstrip(b"\xff")) for row in rows) // 3
    right = -(-max(len(row.rstrip(b"\xff")) for row in rows) // 3)
    return Image(right - left, [row[3 * left : 3 * right] for row in rows])


def stack(images: list[Image]) -> Image:
    """One below the other, centred, on white."""
    width = max(image.width for image in images) + 2 * _MARGIN
    blank = bytes([_PAPER]) * (3 * width)
    rows = [blank] * _MARGIN
    for image in images:
        left = (width - image.width) // 2
        before, after = blank[: 3 * left], blank[: 3 * (width - image.width - left)]
        rows += [before + row + after for row in image.rows]
        rows += [blank] * _MARGIN
    return Image(width, rows)


def encode_png(image: Image) -> bytes:
    """The image as PNG, each row as its difference from the row above."""
    above, lines = bytes(3 * image.width), []
    for row in image.rows:
        lines.append(b"\x02" + bytes((a - b) & 0xFF for a, b in zip(row, above, strict=True)))
        above = row
    head = struct.pack(">IIBBBBB", image.width, len(image.rows), 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def picture_workbook(form: Form, folder: Path) -> bytes:
    """表三 above 校验."""
    pdf = render_pdf(render_workbook(make_filing(form, {})), folder)
    requests = render_page(pdf, find_page(pdf, "（七）总计"), 140)
    checks = render_page(pdf, find_page(pdf, "校验结论"), 100)
    return encode_png(stack([requests, checks]))


def picture_todo(form: Form, folder: Path) -> bytes:
    """待办."""
    pdf = render_pdf(render_todo(form), folder)
    return encode_png(stack([render_page(pdf, find_page(pdf, "退改事项"), 110)]))


def picture_page(form: Form, folder: Path) -> bytes:
    """The page of a batch."""
    return photograph(render_batch(form, folder), folder)


PICTURES = {"workbook": picture_workbook, "todo": picture_todo, "page": picture_page}


def main() -> None:
    """Make every picture."""
    form = load_form(form_ids()[-1])
    IMAGES.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            data = draw(form, Path(folder))
        (IMAGES / f"{name}.png").write_bytes(data)
        print(f"wrote docs/images/{name}.png: {len(data)} bytes")


if __name__ == "__main__":
    main()
