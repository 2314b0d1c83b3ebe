"""What happens on one batch, step by step, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor import style
from app.editor.captions import title_of
from app.editor.widgets import Item, words
from graphs.document import Node

if TYPE_CHECKING:
    from app.editor.window import Editor
    from graphs.checked import CheckedGraph


class Program:
    """A tab with the order of training."""

    def __init__(self, editor: Editor, parent: Item) -> None:
        self._editor = editor
        self._shown: object = None
        self._list = dpg.add_child_window(parent=parent, border=False, tag="program")

    def update(self) -> None:
        """Tell the steps of the last checked document."""
        model = self._editor.model
        state = (id(model.checked), self._editor.source)
        if state != self._shown:
            self._shown = state
            self._fill()

    def _fill(self) -> None:
        dpg.delete_item(self._list, children_only=True)
        dpg.push_container_stack(self._list)
        checked = self._editor.model.checked
        if checked is None or checked.problems:
            words("The steps appear here when the document has no problems.", style.MUTED)
        else:
            words("For each batch:", style.MUTED)
            for number, text in enumerate(steps(checked.main), 1):
                words(f"{number}.  {text}")
        dpg.pop_container_stack()


def steps(checked: CheckedGraph) -> list[str]:
    """What happens on one batch, in order."""
    from graphs.programs import program_of

    program, nodes = program_of(checked), checked.graph.nodes
    said = [f"take {_listed(nodes, program.data)}"]
    if program.network:
        said.append(f"run the network: {' → '.join(title_of(nodes[id]) for id in program.network)}")
    said.append(f"compute {_listed(nodes, program.logged)}")
    for statement in program.statements:
        owned = sum(prod(shape) for id in statement.owned for shape in checked.weights[id])
        said.append(
            f"{title_of(nodes[statement.optimizer])}: make {title_of(nodes[statement.loss.node])} "
            f"smaller by moving {owned:,} weights of {_listed(nodes, statement.owned)}"
        )
    return said


def _listed(nodes: Mapping[str, Node], ids: Sequence[str]) -> str:
    """The titles of nodes: `Conv2d, Linear and LSTM`."""
    *first, last = [title_of(nodes[id]) for id in ids]
    return f"{', '.join(first)} and {last}" if first else last
