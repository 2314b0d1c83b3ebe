"""What the editor remembers from one day to the next."""

from pathlib import Path

from app.editor.theme.preferences import (
    Preferences,
    preferences_path,
    read_preferences,
    write_preferences,
)


def test_preferences_are_remembered(home: Path) -> None:
    assert read_preferences() == Preferences(open_monitor=True)
    write_preferences(Preferences(open_monitor=False))
    assert read_preferences() == Preferences(open_monitor=False)
    preferences_path().write_text("nonsense")
    assert read_preferences() == Preferences()
