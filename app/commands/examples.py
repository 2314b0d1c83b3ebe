"""Checking the examples: each trained, judged, and held to its bar."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from datetime import date

import torch

from app.commands.documents import FOLDER
from app.examples_check.all_judges import all_judges
from app.examples_check.report import HEAD, Row, rows_of
from app.examples_check.trained import TrainingError
from graphs.document.document_io import SUFFIX


def check_examples(names: Sequence[str], seeds: Sequence[int], as_json: bool) -> int:
    """Train examples and judge them; without names, all that have a judge."""
    judges = all_judges()
    unknown = [name for name in names if name not in judges]
    if unknown:
        known = ", ".join(judges)
        print(f"No judge knows {', '.join(unknown)}; there are: {known}.", file=sys.stderr)
        return 2
    if not as_json:
        print(_made_with(names, seeds) + "\n\n" + HEAD, flush=True)
    rows: list[Row] = []
    for name in names or judges:
        try:
            found = rows_of(FOLDER / f"{name}{SUFFIX}", judges[name], seeds)
        except TrainingError as error:
            print(error, file=sys.stderr)
            return 1
        rows += found
        if not as_json:
            print("\n".join(row.text() for row in found), flush=True)
    if as_json:
        print(json.dumps([row.fields() for row in rows]))
    return 0 if all(row.clears for row in rows) else 1


def _made_with(names: Sequence[str], seeds: Sequence[int]) -> str:
    """The command that gives this table, and with what it was made."""
    named = "".join(f" {name}" for name in names)
    command = f"python main.py examples --check{named} --seeds {' '.join(map(str, seeds))}"
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    return f"`{command}`, {date.today()}, {versions}, one CPU thread"
