"""A file dialog in a process of its own, for windows without a good one.

    python -P -m app.monitor.window.file_dialog open|save TITLE PATH PATTERN

It prints two lines of JSON: that it is ready, and the paths that were chosen, none or one. Where no
dialog can be shown it ends without the second.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication, QFileDialog


def main(arguments: Sequence[str]) -> None:
    """Show the dialog and print what was chosen."""
    kind, title, start, pattern = arguments
    application = QApplication([])
    application.setApplicationDisplayName("Patchbay")
    print(json.dumps("ready"), flush=True)
    ask = QFileDialog.getOpenFileName if kind == "open" else QFileDialog.getSaveFileName
    chosen, _ = ask(None, title, start, pattern)
    print(json.dumps([chosen] if chosen else []), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
