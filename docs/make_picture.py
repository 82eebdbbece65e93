"""Makes images/workbook.png: 表三 and 校验 of a workbook with invented figures and one mistake.

Needs LibreOffice and poppler. The picture is made anew by hand when the workbook changes its
look; it depends on the fonts of the machine, so no test compares it.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

from xlsx_tools.filing import Filing, Organisation, compute_values
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import Form, form_ids, load_form

PICTURE = Path(__file__).parent / "images" / "workbook.png"
_MARGIN = 24
_PAPER = 255
_ORGANISATION = Organisation("示例县住房和城乡建设局")
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


class Image(NamedTuple):
    """Rows of RGB bytes."""

    width: int
    rows: list[bytes]


def make_filing(form: Form) -> Filing:
    """An invented department whose 自然人 column does not balance."""
    typed = {cell.index: _FIGURES.get(cell.path, 0) for cell in form.inputs}
    return Filing(
        form=form,
        year=_YEAR,
        organisation=_ORGANISATION,
        scope="own",
        values=compute_values(form, typed, ()),
        narrative={section.id: f"{section.heading}。" for section in form.texts},
    )


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


def main() -> None:
    """Make the picture."""
    form = load_form(form_ids()[-1])
    with tempfile.TemporaryDirectory() as folder:
        pdf = render_pdf(render_workbook(make_filing(form)), Path(folder))
        requests = render_page(pdf, find_page(pdf, "（七）总计"), 140)
        checks = render_page(pdf, find_page(pdf, "校验结论"), 100)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(encode_png(stack([requests, checks])))
    print(f"wrote {PICTURE}: {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
