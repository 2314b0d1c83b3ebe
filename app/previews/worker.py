"""The process that finds out what data nodes give: `python -P -m app.previews.worker`.

Its first line says that it is ready. Then each line of its input asks for one: a JSON object with
`document`, `node` and `folder`; a line of its output answers it. It ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from graphs.document.document_io import parse


def main() -> None:
    """Answer until the input ends. What loaders print goes to the log, not between the answers."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from app.previews.contents import preview  # imports torch, and so what loaders print

    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        folder = Path(asked["folder"]) if asked["folder"] else None
        answer = preview(parse(asked["document"]), asked["node"], folder)
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
