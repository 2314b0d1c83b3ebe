"""How the things of a user's are called in printed code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from graphs.codegen.expressions.own_names import modules
from graphs.document.identifiers import TORCH, Names, identifier


@dataclass(frozen=True)
class ParameterName:
    """A hyperparameter in printed code: as an argument and as the constant at the top."""

    argument: str
    constant: str

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return f"--{self.argument.replace('_', '-')}"


def argument_name(parameter: str) -> str:
    """What an argument is called for a parameter, where that is free."""
    plain = parameter.strip("_")
    wanted = plain.lower() if plain.isupper() else plain
    return wanted if wanted and not wanted[0].isdigit() else f"parameter_{wanted}".rstrip("_")


def attribute_names(taken: Iterable[str] = ()) -> Names:
    """Names for the attributes of a module, none of which hides one of torch's."""
    return Names((*dir(nn.Module()), *TORCH, "self", "forward", *taken))


def file_stem(title: str) -> str:
    """What a document's exported file and weights are called: `digits_cnn`. A file that is called
    as a module that it imports would import itself.
    """
    stem = identifier(title, fallback="program")
    return f"{stem}_program" if stem in modules() else stem


def plain(text: str) -> str:
    """A user's text for a docstring: one line that shows all that is in it, and does not end it."""
    line = re.sub(r"\s+", " ", text)
    return "".join(sign for sign in line if sign.isprintable() and sign not in '\\"').strip()
