"""A file dialog in a process of its own, for windows without a good one: prints a path as JSON.

    python -m app.monitor.window.file_dialog open|save TITLE PATH PATTERN

Exit code 0 with a path, 1 when nothing was chosen, another when no dialog can be shown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication, QFileDialog


def main(arguments: Sequence[str]) -> int:
    """Show the dialog and print what was chosen."""
    kind, title, start, pattern = arguments
    application = QApplication([])
    application.setApplicationDisplayName("Patchbay")
    ask = QFileDialog.getOpenFileName if kind == "open" else QFileDialog.getSaveFileName
    chosen, _ = ask(None, title, start, pattern)
    if chosen:
        print(json.dumps(chosen))
    return 0 if chosen else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
