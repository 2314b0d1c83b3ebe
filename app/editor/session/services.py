"""What the editor asks of the rest of the program, handed in by the entry point so that it
imports none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.runs.run_folder import Run


@dataclass(frozen=True)
class Services:
    """Callables for what happens outside the editor's process."""

    start: Callable[..., Run]
    """`start(document, *, device, epochs, seed, folder=None, document_path=None)` begins a
    training and returns its run.
    """
    resume: Callable[..., Run]
    """`resume(run, epochs=None)` continues a run that was stopped or killed."""
    open_monitor: Callable[[Run], Any]
    """Opens the monitor's window on a run."""
