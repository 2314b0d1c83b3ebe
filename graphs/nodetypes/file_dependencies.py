"""What a node type says of the files that its nodes stand on: data, Python of the user's."""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from pydantic import BaseModel, JsonValue

from graphs.nodetypes.parameters import Parameter


class Complaint(NamedTuple):
    """What is wrong with a node's files, and parameters that would mend it."""

    text: str
    parameter: str | None = None
    use: Mapping[str, JsonValue] = types.MappingProxyType({})
    trusts: str = ""
    """The Python file that has to be looked at and trusted first."""


class FromFiles(BaseModel):
    """A node that may stand on files in the document's folder."""

    remembered: ClassVar[bool] = True
    """Whether its parameters and what arrives decide all about it, so that it is known for good."""

    def placed(self, folder: Path | None) -> Self:
        """The node as it is in a document's folder: a type that is made from a file reads it here.
        Raises Misfit where there is no such file.
        """
        return self

    def complaints(self, folder: Path | None) -> list[Complaint]:
        """What is wrong with the files it needs, looking no further than their first lines."""
        return []

    @property
    def python_files(self) -> Mapping[str, bytes]:
        """The user's Python files that it is made from: name in the document's folder -> bytes."""
        return {}

    @property
    def about(self) -> str:
        """Help for this node alone, beyond its type's."""
        return ""

    @property
    def argument_forms(self) -> tuple[Parameter, ...]:
        """What its `arguments` may be, as a form shows them, where no block says it."""
        return ()
