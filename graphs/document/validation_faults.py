"""What pydantic found wrong with a value, in the words that people read."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError


class Fault(NamedTuple):
    """One thing that is wrong."""

    place: tuple[str, ...]
    """Fields and indices that lead to it, from the outside; empty when all is wrong."""
    message: str
    """What is wrong: `input should be greater than 0`. It begins small and ends without a dot."""
    got: Any
    """The value that came."""
    is_unknown: bool
    """There is no such field."""

    @property
    def where(self) -> str:
        """The place in one word: `settings.epochs`."""
        return ".".join(self.place) or "the file"


def faults(error: ValidationError) -> list[Fault]:
    """All that is wrong, in the order of the fields."""
    return [
        Fault(
            tuple(map(str, entry["loc"])),
            _message(entry["msg"]),
            entry["input"],
            entry["type"] == "extra_forbidden",
        )
        for entry in error.errors()
    ]


def first_fault(error: ValidationError) -> Fault:
    """The first thing that is wrong."""
    return faults(error)[0]


def _message(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
