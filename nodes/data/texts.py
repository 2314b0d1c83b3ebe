"""Data: texts for language models, from files of your own or Python's reference."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from graphs.nodetypes.expressions import Call, FolderFile, call
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import Data, Example, File
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_files.texts import (
    characters,
    file_bytes,
    frequent,
    read_text,
    reference_text,
    windows,
)
from nodes.data.splits import N, Share, located

_TOKENS = Meta((N, 64), "int64")


class _Text(Data, base=True):
    """Pieces of a text, and for each token the one that comes next."""

    common = ("validation", "test", *Data.common)
    length: PositiveInt = 64
    """How many tokens a piece has."""
    continues: bool = False
    """Whether each place in a batch goes on where the batch before ended, for a stateful recurrent
    network that remembers between batches; the order of training samples is then fixed.
    """
    validation: Share = 0.05
    """The share of the text kept for validation, from 0 to 0.45: the part before the test."""
    test: Share = 0.05
    """The share of the text kept for a test after training, from 0 to 0.45: its end."""

    outputs = ("tokens", "target")

    def fields(self) -> dict[str, Meta]:
        tokens = Meta((N, self.length), "int64")
        return {"tokens": tokens, "target": tokens}

    def complaints(self, folder: Path | None) -> list[Complaint]:
        if self.continues and self.sampling != "fixed":
            text = "a text that goes on from batch to batch needs fixed sampling"
            return [Complaint(text, "sampling", {"sampling": "fixed"})]
        return []

    def _windows(self, tokens: Call) -> Call:
        readers = {"side_by_side": self.batch_size} if self.continues else {}
        return call(
            windows, tokens, self.length, validation=self.validation, test=self.test, **readers
        )


class ReferenceText(_Text):
    """Python's own reference as a text of about 400,000 characters, for a language model.

    It comes with Python, and differs a little between versions. Repeated paragraphs are left out.
    `target` is the token that comes next at each step; both are (N, T). Guessing from the two
    characters before, as they were counted, needs about 2.5 bits a character.
    """

    keywords = (
        "text corpus",
        "characters",
        "shakespeare",
        "tiny shakespeare",
        "char lm",
        "language modelling",
        "nlp",
        "dataset",
    )

    vocabulary: Annotated[int, Field(ge=2, le=10_000)] = 100
    """How many different tokens there are: the most frequent characters, and 0 for all others."""

    examples = (
        Example({}, [], [_TOKENS, _TOKENS]),
        Example({"continues": True, "sampling": "fixed"}, [], [_TOKENS, _TOKENS]),
        Example({"continues": True}, [], problem="needs fixed sampling"),
        Example({"length": 0}, [], problem="length"),
    )

    def letters(self, folder: Path | None) -> Sequence[str]:
        return ["?", *frequent(reference_text(), self.vocabulary)]

    def build(self) -> Call:
        return self._windows(call(characters, call(reference_text), self.vocabulary))


class TextFile(_Text):
    """A text of your own, in pieces of equal length; `target` is the token that comes next at each
    step.

    `tokens` and `target` are (N, T). Characters are numbered from 1, the most frequent first; bytes
    are 0 to 255.
    """

    keywords = (
        "text",
        "txt",
        "corpus",
        "tokenizer",
        "tokens",
        "characters",
        "bytes",
        "char lm",
        "language modelling",
        "language model",
        "nlp",
        "dataset",
        "own data",
    )

    file: Annotated[str, File] = ""
    """The text file, in the document's folder or below it."""
    unit: Literal["characters", "bytes"] = "characters"
    """What a token is: a character of a UTF-8 text, or a byte of any file."""
    vocabulary: Annotated[int, Field(ge=2, le=100_000)] = 100
    """How many different tokens there are: the most frequent characters, and 0 for all others.
    Bytes are always 256.
    """

    examples = (
        Example({"file": "text.txt"}, [], [_TOKENS, _TOKENS]),
        Example(
            {"file": "text.txt", "unit": "bytes", "length": 5},
            [],
            [Meta((N, 5), "int64"), Meta((N, 5), "int64")],
        ),
        Example({}, [], problem="choose a text file"),
        Example({"file": "other.txt"}, [], problem="there is no file other.txt"),
    )

    def complaints(self, folder: Path | None) -> list[Complaint]:
        path = located(folder, self.file, "a text file")
        return [path] if isinstance(path, Complaint) else super().complaints(folder)

    def letters(self, folder: Path | None) -> Sequence[str]:
        if self.unit == "bytes":
            return [
                chr(number) if 32 <= number < 127 or number == 10 else "?" for number in range(256)
            ]
        return ["?", *frequent(read_text((folder or Path()) / self.file), self.vocabulary)]

    def build(self) -> Call:
        file = FolderFile(self.file)
        if self.unit == "bytes":
            return self._windows(call(file_bytes, file))
        return self._windows(call(characters, call(read_text, file), self.vocabulary))
