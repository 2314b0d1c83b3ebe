"""Texts for language models: windows of tokens, each with the token that comes next."""

from collections import Counter
from pathlib import Path

import torch
from torch import Tensor


def read_text(path: Path) -> str:
    """A text file. Raises ValueError, which names it, where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text: read it as bytes") from error


def reference_text() -> str:
    """Python's own reference, with each paragraph once: about 400,000 characters."""
    from pydoc_data.topics import topics

    parts = (part.strip("\n") for name in sorted(topics) for part in topics[name].split("\n\n"))
    return "\n\n".join(dict.fromkeys(part for part in parts if part))


def frequent(text: str, vocabulary: int) -> list[str]:
    """The vocabulary: the most frequent characters of a text, one fewer than there are tokens."""
    return [letter for letter, _ in Counter(text).most_common(vocabulary - 1)]


def characters(text: str, vocabulary: int) -> Tensor:
    """A text as tokens: 0 is any rare character, 1 the most frequent, and so on."""
    number = {letter: place for place, letter in enumerate(frequent(text, vocabulary), start=1)}
    return torch.tensor([number.get(letter, 0) for letter in text])


def file_bytes(path: Path) -> Tensor:
    """The bytes of a file as tokens, 0 to 255."""
    return torch.frombuffer(bytearray(path.read_bytes() or b"\0"), dtype=torch.uint8).long()


def windows(
    tokens: Tensor, length: int, validation: float, test: float, side_by_side: int = 0
) -> dict[str, dict[str, Tensor]]:
    """Windows of a text and the tokens that come next, (N, T): its beginning to train on, its end
    for the test, and what lies between for validation.

    With a number of readers side by side, batches of that many go on where the last one ended, for
    stateful training.
    """
    tested, validated = round(len(tokens) * test), round(len(tokens) * validation)
    ends = [len(tokens) - tested - validated, len(tokens) - tested, len(tokens)]
    parts = {
        "train": tokens[: ends[0]],
        "validation": tokens[ends[0] : ends[1]],
        "test": tokens[ends[1] : ends[2]],
    }
    if len(parts["train"]) <= length:
        count = len(parts["train"])
        raise ValueError(f"there are {count} tokens to train on: more than {length} are needed")
    splits = {name: equal_pieces(part, length) for name, part in parts.items()}
    if side_by_side:
        splits["train"] = continued(splits["train"], side_by_side)
    return splits


def equal_pieces(tokens: Tensor, length: int) -> dict[str, Tensor]:
    """A text cut into windows of equal length, what is left over dropped."""
    count = max(len(tokens) - 1, 0) // length
    return {
        "tokens": tokens[: count * length].reshape(count, length),
        "target": tokens[1 : count * length + 1].reshape(count, length),
    }


def continued(fields: dict[str, Tensor], readers: int) -> dict[str, Tensor]:
    """Windows in such an order that the same place in the next batch has the next window."""
    count = len(fields["tokens"]) // readers
    if not count:
        pieces_ = len(fields["tokens"])
        raise ValueError(f"the text has {pieces_} pieces, and a batch has {readers}: use fewer")
    order = torch.arange(readers * count).reshape(readers, count).T.flatten()
    return {name: values[order] for name, values in fields.items()}
