"""Lays out every graph of documents, as the editor's key L does, and writes them back.

.venv/bin/python scripts/lay_out.py DOC...
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import nodes.library  # noqa: E402, F401  (registers the node types)
from app.editor.canvas.auto_layout import arranged  # noqa: E402
from app.editor.canvas.node_captions import Captions  # noqa: E402
from app.editor.canvas.scene import Scene  # noqa: E402
from graphs.compiler import check  # noqa: E402
from graphs.document.document_io import read, write  # noqa: E402
from graphs.document.edits import Move, apply  # noqa: E402
from graphs.nodetypes.node_type import node_types  # noqa: E402


def main(paths: list[str]) -> None:
    for path in map(Path, paths):
        document = read(path)
        checked = check(document, path.absolute().parent)
        for name, graph in document.graphs.items():
            captions = Captions(graph, node_types(), checked, graph, name)
            positions = arranged(Scene.of(graph, captions.shape))
            document = apply(document, Move(graph=name, positions=positions))
        write(document, path)
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
