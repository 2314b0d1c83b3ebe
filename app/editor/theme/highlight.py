"""Python source as coloured pieces, line by line. No GUI."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from typing import Literal, NamedTuple

from graphs.document.document import Node
from graphs.document.identifiers import identifier

Role = Literal["plain", "keyword", "string", "comment", "number", "name"]


class Piece(NamedTuple):
    """A piece of one line: where it begins, its text, what it is."""

    column: int
    text: str
    role: Role


def pieces(source: str) -> list[list[Piece]]:
    """The pieces of each line, spaces left out."""
    lines: list[list[Piece]] = [[] for _ in source.split("\n")]
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        role = _role(token, before)
        for row, column, text in _by_line(token):
            if text.strip() and row < len(lines):
                lines[row].append(Piece(column, text, role))
        before = token.string
    return lines


def lines_of(source: str, id: str, node: Node) -> frozenset[int]:
    """The lines that speak of a node, by the name that the program gives it."""
    name = identifier(node.label or id)
    spoken = re.compile(rf"(?<![\w\"]){re.escape(name)}(?!\w)")
    return frozenset(
        number
        for number, line in enumerate(source.split("\n"))
        if spoken.search(line.split("  # ")[0]) and not line.lstrip().startswith("def ")
    )


def _by_line(token: tokenize.TokenInfo) -> list[tuple[int, int, str]]:
    first, column = token.start
    texts = token.string.split("\n")
    return [(first - 1 + i, column if i == 0 else 0, text) for i, text in enumerate(texts)]


def _role(token: tokenize.TokenInfo, before: str) -> Role:
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING"):
        return "string"
    if token.type == tokenize.NUMBER:
        return "number"
    if token.type == tokenize.NAME:
        return "keyword" if keyword.iskeyword(token.string) else _name_role(before)
    return "plain"


def _name_role(before: str) -> Role:
    return "name" if before in ("def", "class") else "plain"
