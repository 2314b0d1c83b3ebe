"""The process that finds out what data nodes give: `python -P -m app.previews.worker`.

Each line of its input asks for one: a JSON object with `document`, `node` and `folder`. A line of
its output answers it. It ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Answer until the input ends. What loaders print goes to the log, not between the answers."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()


def answer(question: dict[str, str]) -> dict[str, object]:
    """What a data node gives."""
    from app.previews.contents import preview  # imports torch, which takes seconds
    from graphs.files import parse

    folder = Path(question["folder"]) if question["folder"] else None
    return preview(parse(question["document"]), question["node"], folder)


if __name__ == "__main__":
    main()
