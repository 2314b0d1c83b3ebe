"""What the editor remembers from one day to the next: a small JSON file in Patchbay's own folder.
No GUI.
"""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import BaseModel, ValidationError

from graphs.system.atomic_write import write_text
from graphs.system.user_dirs import home

log = logging.getLogger(__name__)


class Preferences(BaseModel):
    """Small choices of the user."""

    open_monitor: bool = True
    """Whether Train opens the monitor, too."""


def preferences_path() -> Path:
    """The file that keeps them."""
    return home() / "editor.json"


def read_preferences() -> Preferences:
    """The choices made so far; the usual ones when there are none, or none that can be read."""
    path = preferences_path()
    if not path.is_file():
        return Preferences()
    try:
        return Preferences.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        log.warning("%s was not read: %s", path, error)
        return Preferences()


def write_preferences(preferences: Preferences) -> None:
    """Keep the choices."""
    path = preferences_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, preferences.model_dump_json(), sync=False)
