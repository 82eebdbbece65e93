"""What may be sent to the server and what comes back, as JSON Schema, and the reading of it."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from xlsx_tools.batch.result import SEVERITY_WORDS, STANDING_WORDS, STATE_WORDS, STATUS_WORDS
from xlsx_tools.errors import FilingError
from xlsx_tools.interchange.exact_json import loads_exact
from xlsx_tools.merge.hierarchy import Unstated
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.records import KIND_WORDS, ON_ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jsonschema import ValidationError

Schema = dict[str, Any]
"""JSON Schema is made of dictionaries of anything."""
_LONGEST = 500
LARGEST_ID: Final = 2**31 - 1


def _text(least: int = 0) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": _LONGEST, "pattern": "^[^\\u0000]*$"}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] = {}) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(words: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(words)}


_STRING: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}
_ID: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_YEAR: Schema = {"type": "integer"}
_FIGURE: Schema = {"type": ["number", "string", "null"]}

# ---------------------------------------------------------------------------- what is sent
MESSAGE: Final[Schema] = {
    "type": "object",
    "properties": {"message": {"const": 1}, "client": _STRING},
    "required": ["message"],
}
"""The add-in itself looks closer."""
MERGE: Final = _object(
    {"organisation": {**_text(1), "pattern": "\\S"}},
    {
        "code": _maybe(_text()),
        "nested": _one_of(get_args(Unstated)),
        "output": _one_of(("workbook", "summary", "trace_csv", "trace_json")),
    },
)
WAIVER: Final = _object(
    {
        "rule": _text(1),
        "unit": _text(1),
        "year": {"type": "integer", "minimum": 2008, "maximum": 9999},
        "by": _text(1),
        "why": _text(1),
        "until": {"type": "string", "format": "date", "maxLength": 10},
    },
    {"figures": _text()},
)
_WHY = {**_text(1), "pattern": "\\S"}
_ON_ONE = [kind for kind in KIND_WORDS if kind not in ON_ALL]
DECISION: Final[Schema] = {
    "anyOf": [
        _object({"kind": _one_of(_ON_ONE), "why": _WHY, "submission": _ID}),
        _object({"kind": _one_of(ON_ALL), "why": _WHY}, {"submission": {"type": "null"}}),
    ]
}

# ---------------------------------------------------------------------------- what comes back
ERROR: Final = _object({"code": _STRING, "message": _STRING})
_PLACE = _object({"sheet": _STRING, "cell": _STRING, "label": _STRING, "value": {}})
FINDING: Final = _object(
    {
        "id": _STRING,
        "rule": _STRING,
        "severity": _one_of(list(SEVERITY_WORDS)),
        "state": _one_of(list(STATE_WORDS)),
        "message": _STRING,
        "remedy": _STRING,
        "cells": _list(_PLACE),
        "left": _FIGURE,
        "right": _FIGURE,
        "difference": _FIGURE,
        "causes": _list(_STRING),
    }
)
_ORGANISATION = _object({"name": _STRING, "code": _maybe(_STRING)})
FILE: Final = _object(
    {
        "file": _STRING,
        "sha256": _maybe(_SHA256),
        "organisation": _maybe(_ORGANISATION),
        "year": _maybe(_YEAR),
        "form": _maybe(_STRING),
        "scope": _maybe(_STRING),
        "status": _one_of(list(STATUS_WORDS)),
        "rules": _object(dict.fromkeys(("held", "broken", "undecided", "crashed"), _WHOLE)),
        "findings": _list(FINDING),
    }
)
_SENT = {
    "id": _ID,
    "name": _STRING,
    "sha256": _SHA256,
    "size": _WHOLE,
    "received": _STRING,
    "sender": _STRING,
    "queued": _YES,
}
ENTRY: Final = _object(
    {
        **_SENT,
        "status": _maybe(_one_of(list(STATUS_WORDS))),
        "label": _STRING,
        "organisation": _maybe(_STRING),
        "code": _maybe(_STRING),
        "year": _maybe(_YEAR),
        "scope": _maybe(_STRING),
        "form": _maybe(_STRING),
        "accepted": _YES,
        "counted": _YES,
        "set_aside": _YES,
        "leading": _WHOLE,
        "beside": _list(FINDING),
    }
)
ENTRIES: Final = _object({"submissions": _list(ENTRY), "total": _WHOLE, "queued": _WHOLE})
SUBMISSION: Final = _object({**_SENT, "set_aside": _YES, "file": _maybe(FILE)})
RECEIVED: Final = _object(
    {
        "submissions": _list(_object({"id": _ID, "name": _STRING, "sha256": _SHA256, "new": _YES})),
        "ignored": _list(_object({"file": _STRING, "why": _STRING})),
    }
)
_UNIT = _object(
    {
        "name": _STRING,
        "code": _maybe(_STRING),
        "scope": _STRING,
        "standing": _one_of(list(STANDING_WORDS)),
        "files": _list(_STRING),
        "message": _STRING,
        "proposed": _list(_STRING),
    }
)
_OUTSIDE = _object({"file": _STRING, "organisation": _STRING, "proposed": _list(_STRING)})
ROSTER: Final = _object(
    {
        "sums": {"type": "object", "additionalProperties": _WHOLE},
        "units": _list(_UNIT),
        "outside": _list(_OUTSIDE),
    }
)
SUMMARY: Final = _object(
    {
        "organisation": _STRING,
        "included": _list(_object({"unit": _STRING, "file": _STRING})),
        "excluded": _list(_object({"unit": _STRING, "file": _STRING, "why": _STRING})),
        "missing": _list(_STRING),
        "remarks": _list(_STRING),
        "status": _one_of(list(STATUS_WORDS)),
        "findings": _list(FINDING),
    }
)
NOTICES: Final = _object(
    {
        "year": _YEAR,
        "notices": _list(
            _object(
                {
                    "name": _STRING,
                    "code": _maybe(_STRING),
                    "contact": _STRING,
                    "email": _STRING,
                    "owing": _STRING,
                    "problems": _maybe(_WHOLE),
                    "days_left": _maybe({"type": "integer"}),
                    "subject": _STRING,
                    "body": _STRING,
                }
            )
        ),
    }
)
KEPT_WAIVER: Final = _object(
    {
        "id": _ID,
        **dict.fromkeys(("rule", "unit", "by", "why", "until", "figures"), _STRING),
        "year": _YEAR,
        "revoked": _YES,
    }
)
WAIVERS: Final = _object({"waivers": _list(KEPT_WAIVER)})
KEPT_DECISION: Final = _object(
    {
        "id": _ID,
        "kind": _one_of(list(KIND_WORDS)),
        "submission": _maybe(_ID),
        "why": _STRING,
        "revoked": _YES,
    }
)
DECISIONS: Final = _object({"decisions": _list(KEPT_DECISION)})
AUDIT: Final = _object(
    {
        "lines": _list(
            _object(
                {"id": _ID, **dict.fromkeys(("at", "who", "action", "subject", "detail"), _STRING)}
            )
        )
    }
)
HEALTH: Final = _object({"status": _one_of(("ok",)), "queued": _WHOLE, "workers": _WHOLE})
ANSWER: Final = _object(
    {"actions": _list({"type": "object"}), "say": _STRING, "report": _maybe({"type": "object"})}
)


def _is_whole(_checker: object, found: object) -> bool:
    """``3.0`` is a whole number in JSON Schema."""
    if isinstance(found, Decimal):
        return found.is_finite() and found == found.to_integral_value()
    return isinstance(found, int) and not isinstance(found, bool)


_Validator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call] # untyped there
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)


@cache
def _validator(name: str) -> Draft202012Validator:
    schemas = {"message": MESSAGE, "merge": MERGE, "waiver": WAIVER, "decision": DECISION}
    return _Validator(schemas[name])


def read_object(body: bytes, name: str) -> dict[str, Any]:
    """The JSON object in a body, of this kind.

    Raises:
        RequestError: ``server.json`` or ``server.request``.
    """
    try:
        found = loads_exact(body)
        problem = next(_validator(name).iter_errors(found), None)
    except FilingError as error:
        raise refuse_request("server.json", error.problems[0].rstrip("。")) from error
    except RecursionError as error:
        raise refuse_request("server.json", "嵌套层数过多") from error
    if problem is not None:
        raise refuse_request("server.request", _say(problem))
    return {key: _plain(value) for key, value in found.items()}  # type: ignore[attr-defined] # an object


def _plain(value: object) -> object:
    """A whole number as such; what lies deeper is for who reads it."""
    is_whole = isinstance(value, Decimal) and _is_whole(None, value)
    return int(value) if is_whole else value  # type: ignore[call-overload]


def _say(problem: ValidationError) -> str:
    """Where and what; never the value, which may be long and may be anything."""
    place = ".".join(map(str, problem.absolute_path))[:80] or "内容"
    words = {
        "required": "缺少必需的项",
        "additionalProperties": "有不认识的项",
        "enum": "不在可选的值之中",
        "type": "类型不对",
        "anyOf": "缺少必需的项，或者各项不相配",
    }
    return f"“{place}”{words.get(str(problem.validator), '不在允许的范围')}"
