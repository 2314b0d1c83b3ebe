"""Where Patchbay keeps what is its own."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Where Patchbay keeps what is its own: $PATCHBAY_HOME, else ~/Patchbay."""
    return Path(os.environ.get("PATCHBAY_HOME") or Path.home() / "Patchbay")
