"""Every judge: importing their folder registers them, a file for each part of the field."""

from __future__ import annotations

import importlib
import pkgutil

from app.examples_check import judges as folder
from app.examples_check.judging import JUDGES, Judge


def all_judges() -> dict[str, Judge]:
    """The judge of every example that has one, by the example's name."""
    for found in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{folder.__name__}.{found.name}")
    return dict(sorted(JUDGES.items()))
