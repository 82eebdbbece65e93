"""Reads a manifest to the letter: every field there, of its kind, and no other."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, TypeVar, get_args

from xlsx_tools.batch.duplicates import Choice
from xlsx_tools.batch.result import STATUS_WORDS, Ignored
from xlsx_tools.errors import FilingError
from xlsx_tools.filing import Organisation
from xlsx_tools.frozen.errors import FrozenError
from xlsx_tools.frozen.manifest import (
    FORMAT,
    INPUTS,
    LAST_YEAR,
    LISTS,
    MANIFEST,
    OUTPUTS,
    Digest,
    FrozenFile,
    Manifest,
)
from xlsx_tools.interchange.exact_json import loads_exact
from xlsx_tools.merge.hierarchy import Unstated

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from xlsx_tools.judge import FileStatus

_T = TypeVar("_T")
_TOO_LARGE = 1 << 63
_HASH = re.compile("[0-9a-f]{64}")
_PLACE = "{}/[0-9]{{6}}\\.[a-z0-9]{{1,8}}"
_UNSTATED: Mapping[str, Unstated] = {word: word for word in get_args(Unstated)}
_STATUSES: Mapping[str, FileStatus] = {word: word for word in STATUS_WORDS}


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes.

    Raises:
        FrozenError: they are none, or of a format that this program does not know.
    """
    try:
        raw = loads_exact(data)
    except FilingError as error:
        raise _wrong("；".join(error.problems)) from error
    if not isinstance(raw, dict) or type(raw.get("format")) is not int:
        raise _wrong("没有写明格式")
    if raw["format"] != FORMAT:
        raise FrozenError(
            f"封存包的格式为第 {raw['format']:.10g} 版，本程序只认第 {FORMAT} 版。"
            "请使用封存时的程序版本。"
        )
    return _parse(_Object(raw, ""))


def _parse(top: _Object) -> Manifest:
    last = top.raw.get("last_year")
    manifest = Manifest(
        organisation=_organisation(top.object("organisation")),
        today=_day(top.text("today")),
        year=None if "year" in top.raw and top.raw["year"] is None else top.number("year"),
        choice=_choice(top.object("choice")),
        unstated=top.word("nested", _UNSTATED),
        files=tuple(_file(one, INPUTS) for one in top.objects("files")),
        ignored=tuple(_ignored(one) for one in top.objects("ignored")),
        last_year=None
        if last is None
        else tuple(_file(one, LAST_YEAR) for one in top.objects("last_year")),
        lists=_digests(top.object("lists"), LISTS),
        outputs=_digests(top.object("outputs"), OUTPUTS),
        forms=top.object("forms").texts(),
        versions=top.object("versions").texts(),
    )
    top.finish("format", "year", "last_year")
    if manifest.outputs.keys() != set(OUTPUTS):
        raise _wrong("outputs 不全")
    paths = [file.path for file in (*manifest.files, *(manifest.last_year or ())) if file.path]
    if len(set(paths)) != len(paths):
        raise _wrong("同一路径列了两次")
    return manifest


class _Object:
    """A JSON object whose fields are taken one by one; none may be left over."""

    def __init__(self, raw: object, place: str) -> None:
        if not isinstance(raw, dict):
            raise _wrong(f"{place} 不是对象")
        self.raw: dict[str, object] = raw
        self._place, self._taken = place, set[str]()

    def take(self, name: str, *kinds: type[_T]) -> _T:
        """A field of one of these kinds; true and false are no numbers."""
        value = self.raw.get(name)
        if name not in self.raw or type(value) not in kinds:
            raise _wrong(f"{self._place}{name} 缺少或者有误")
        self._taken.add(name)
        return value  # type: ignore[return-value] # just compared

    def number(self, name: str) -> int:
        """A whole number that fits where numbers are kept."""
        number = self.take(name, int)
        if abs(number) >= _TOO_LARGE:
            raise _wrong(f"{self._place}{name} 缺少或者有误")
        return number

    def text(self, name: str) -> str:
        """A text that can be written anywhere: no half of a character."""
        text = self.take(name, str)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _wrong(f"{self._place}{name} 含有残缺的字符") from None
        return text

    def word(self, name: str, words: Mapping[str, _T]) -> _T:
        """One of a closed set of words."""
        text = self.text(name)
        if text not in words:
            raise _wrong(f"{self._place}{name} 缺少或者有误")
        return words[text]

    def match(self, name: str, *patterns: str) -> str:
        """A text of one of these shapes, or an empty one."""
        text = self.text(name)
        if text and not any(re.fullmatch(pattern, text) for pattern in patterns):
            raise _wrong(f"{self._place}{name} 缺少或者有误")
        return text

    def object(self, name: str) -> _Object:
        """An object within."""
        return _Object(self.take(name, dict), f"{self._place}{name}.")

    def objects(self, name: str) -> list[_Object]:
        """A list of objects."""
        place = f"{self._place}{name}"
        return [_Object(raw, f"{place}[{n}].") for n, raw in enumerate(self.take(name, list))]

    def texts(self) -> dict[str, str]:
        """An object of texts alone."""
        return {name: self.text(name) for name in self.raw}

    def finish(self, *others: str) -> None:
        """Refuse what nobody has asked for."""
        if rest := self.raw.keys() - self._taken - set(others):
            raise _wrong(f"有不认识的内容 {self._place}{min(rest)[:50]}")


def _organisation(raw: _Object) -> Organisation:
    code = None if raw.raw.get("code") is None else raw.text("code")
    organisation = Organisation(raw.text("name"), code)
    raw.finish("code")
    return organisation


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong("today 缺少或者有误") from error


def _choice(raw: _Object) -> Choice:
    latest, files = raw.take("latest", bool), raw.take("files", list)
    raw.finish()
    if not all(isinstance(file, str) for file in files):
        raise _wrong("choice.files 缺少或者有误")
    return Choice(latest=latest, files=frozenset(files))


def _ignored(raw: _Object) -> Ignored:
    ignored = Ignored(raw.text("file"), raw.text("why"))
    raw.finish()
    return ignored


def _digests(raw: _Object, names: Collection[str]) -> dict[str, Digest]:
    found: dict[str, Digest] = {}
    for name in raw.raw:
        if name not in names:
            raise _wrong(f"有不认识的内容 {name[:50]}")
        one = raw.object(name)
        found[name] = Digest(one.number("size"), one.match("sha256", _HASH.pattern))
        one.finish()
    return found


def _file(raw: _Object, folder: str) -> FrozenFile:
    file = FrozenFile(
        label=raw.text("label"),
        name=raw.text("name"),
        archive=raw.text("archive"),
        path=raw.match("path", _PLACE.format(folder)),
        size=raw.number("size"),
        changed=raw.number("changed"),
        sha256=raw.match("sha256", _HASH.pattern),
        status=raw.word("status", _STATUSES),
        code=raw.text("code"),
        why=raw.text("why"),
    )
    raw.finish()
    if bool(file.path) != bool(file.sha256) or not (file.path or file.code):
        raise _wrong(f"“{file.label}”的各项互相矛盾")
    return file


def _wrong(why: str) -> FrozenError:
    return FrozenError(f"封存清单 {MANIFEST} 无法使用：{why}。")
