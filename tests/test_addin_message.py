"""What the backend takes from a front end, and what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.support.addin import request_of
from tests.support.workbooks import blank_workbook
from xlsx_tools.addin.cells import MOST_CELLS, MOST_SHEETS, check_cells
from xlsx_tools.addin.errors import REASONS, AddinError
from xlsx_tools.addin.message import answer, dump_answer, load_schema, refusal_of
from xlsx_tools.addin.words import load_words
from xlsx_tools.cli import serve
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.forms import load_form

FORM = load_form("annual-report-2021")
CELLS: tuple[object, ...] = (
    *(None, True, 0, -1.5, "", "=1", "甲", {"error": "#REF!"}, {"error": "Err:502"}),
    *({"date": "2025-03-09"}, {"error": "REF"}, {"error": "#REF!", "date": "2025-03-09"}),
    *({}, {"date": 3}, [], {"text": "a"}, "x" * 32_768),
)


def validator(part: str) -> Draft202012Validator:
    return Draft202012Validator({**load_schema(), "anyOf": [{"$ref": f"#/$defs/{part}"}]})


def plain(**more: Any) -> dict[str, Any]:
    book = {"name": "甲.xlsx", "active_sheet": "甲"}
    return {"message": 1, "client": "vba", "book": book, "sheets": [], **more}


def refused(button: str, request: object) -> str:
    with pytest.raises(AddinError) as caught:
        answer(button, request)
    return caught.value.reason


def test_the_schema_is_one_and_takes_our_requests_and_answers() -> None:
    Draft202012Validator.check_schema(load_schema())
    request = request_of(blank_workbook(FORM))

    answered = json.loads(dump_answer(answer("check", request)))

    assert list(validator("request").iter_errors(request)) == []
    assert list(validator("answer").iter_errors(answered)) == []


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: repr(cell)[:30])
def test_cells_are_checked_as_the_schema_says(cell: object) -> None:
    known = validator("cell").is_valid(cell)

    try:
        check_cells([{"name": "甲", "values": [[cell]]}])
        taken = True
    except AddinError:
        taken = False

    assert taken == known


@pytest.mark.parametrize(
    "request_",
    [
        plain(client="word"),
        plain(book={"name": "甲"}),
        plain(sheets=[{"name": "甲"}]),
        plain(sheets=[{"name": "甲", "values": [3]}]),
        plain(sheets=[{"name": "甲", "values": [], "formulas": {"1A": "=1"}}]),
        plain(sheets=[{"name": "甲", "values": [], "formulas": {"A1": "1"}}]),
        plain(sheets=[{"name": "甲", "values": []}, {"name": "甲", "values": []}]),
        plain(sheets=[{"name": "甲", "values": [["\ud800"]]}]),
        plain(sheets=[{"name": "甲", "values": [[float("nan")]]}]),
        plain(sheets=[{"name": "甲", "values": [[{"date": "2025-13-09"}]]}]),
        plain(last_year={"name": "a.xlsx", "data": "!"}),
        [],
    ],
    ids=range(12),
)
def test_a_request_that_is_not_in_order_is_refused(request_: object) -> None:
    assert refused("export", request_) == "addin.message"


def test_an_unknown_button_an_old_front_end_and_too_much_are_refused() -> None:
    many = [{"name": str(n), "values": []} for n in range(MOST_SHEETS + 1)]
    large = [{"name": "甲", "values": [[]] * (MOST_CELLS + 1)}]

    assert refused("report", plain()) == "addin.button"
    assert refused("check", plain(message=2)) == "addin.version"
    assert refused("check", plain(sheets=many)) == "addin.too_large"
    assert refused("check", plain(sheets=large)) == "addin.too_large"


def test_a_book_that_is_not_ours_is_told_with_the_code_of_files() -> None:
    with pytest.raises(XlsxToolsError) as caught:
        answer("check", plain(sheets=[{"name": "甲", "values": [["a"]]}]))

    status, told = refusal_of(caught.value)

    assert (status, told["code"]) == (422, "template.version")
    assert validator("error").is_valid(told)


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_has_its_status_and_sentence(reason: str) -> None:
    status, told = refusal_of(AddinError(reason, "甲"))

    assert 400 <= status < 500
    assert told["code"] == reason
    assert "{" not in told["message"]


def test_every_button_has_a_label_and_a_hint() -> None:
    words = load_words()

    assert words["buttons"].keys() == words["hints"].keys()
    assert all(refused_or_done(button) for button in words["buttons"])


def refused_or_done(button: str) -> bool:
    """Whether the backend knows the button."""
    try:
        answer(button, plain())
    except XlsxToolsError as error:
        return refusal_of(error)[1]["code"] != "addin.button"
    return True


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.sampled_from(["book", "sheets", "last_year", "client", "message"]), _JSON)
def test_whatever_a_front_end_sends_is_answered_or_refused(key: str, sent: Any) -> None:
    status = 200

    try:
        answer("export", plain(**{key: sent}))
    except XlsxToolsError as error:
        status, _ = refusal_of(error)

    assert status < 500


_WARM = """
import json, sys
from xlsx_tools.addin.message import answer, warm_up

warm_up()
before = set(sys.modules)
answer("check", json.load(sys.stdin))
print(*sorted(set(sys.modules) - before))
"""


def test_what_is_warm_has_nothing_left_to_load() -> None:
    request = request_of(blank_workbook(FORM))

    done = subprocess.run(
        [sys.executable, "-c", _WARM],
        check=True,
        capture_output=True,
        input=json.dumps(request),
        text=True,
        timeout=120,
    )

    assert done.stdout.split() == []


def test_a_server_that_starts_makes_the_buttons_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed = threading.Event()
    monkeypatch.setattr("xlsx_tools.addin.message.warm_up", warmed.set)

    found = serve._find_answer()  # noqa: SLF001 - the command would serve until interrupted

    assert found is answer
    assert warmed.wait(30)
