"""What processes of ours are started with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def module_command(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours. -P: nothing beside a document is imported."""
    return [sys.executable, "-P", "-m", name, *arguments]


def environment() -> dict[str, str]:
    """The user's environment, with our own packages first on the way of imports."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(ROOT), *filter(None, others)]  # an empty part would be the working folder
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
