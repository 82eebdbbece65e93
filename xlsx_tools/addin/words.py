"""The add-in's words, from one file: labels of the buttons, and what is said to the user."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def load_words() -> Mapping[str, Mapping[str, str]]:
    """Every word by its group (``buttons``, ``hints``, ``front``, ``say``) and key."""
    return tomllib.loads((Path(__file__).with_name("words.toml")).read_text("utf-8"))


def say(key: str, **facts: object) -> str:
    """A sentence of the backend with its facts put in."""
    text = load_words()["say"][key]
    for name, fact in facts.items():
        text = text.replace(f"{{{name}}}", str(fact))
    return text
