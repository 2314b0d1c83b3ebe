"""What is being edited: the document and its past, the selection, the file, what the last check
found. No GUI.

Every change of the document goes through `do`, `undo`, `redo` or `load`; whoever keeps a journal
listens there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from graphs.document.document import MAIN, Document, End, Frozen, Graph, Wire
from graphs.document.edits import AddNode, Connect, Disconnect, Edit, EditError, RemoveNodes, apply
from graphs.document.validation_faults import first_fault

if TYPE_CHECKING:
    from graphs.check.results import Checked

PASTE_STEP = 32.0
"""How far a copy lies from its original, to the right and down."""


@dataclass(frozen=True)
class Step:
    """One thing that undo takes back."""

    title: str
    before: Document
    after: Document
    merge: str | None = None


@dataclass(frozen=True)
class Change:
    """What happened to the document, for the journal."""

    what: Literal["do", "undo", "redo", "load"]
    edits: tuple[Edit, ...] = ()
    title: str = ""
    merge: str | None = None
    merged: bool = False
    """The edits became part of the step before."""


class Clip(Frozen):
    """What copy puts on the clipboard, as JSON."""

    patchbay: Literal[1] = 1
    graph: Graph


class EditorModel:
    """A document being edited."""

    def __init__(self, document: Document | None = None, path: Path | None = None) -> None:
        self.listeners: list[Callable[[Change], None]] = []
        self._begin(document or Document(), path)

    def _begin(
        self, document: Document, path: Path | None, data_folder: Path | None = None
    ) -> None:
        self.document = document
        self.trail: tuple[str, ...] = (MAIN,)
        self.path = path
        self._data_folder = data_folder
        self._saved: Document | None = document
        self._compared: tuple[Document, bool] | None = None
        self.past: list[Step] = []
        self.future: list[Step] = []
        self._merging = False
        self.selection: frozenset[str] = frozenset()
        self.selected_wire: Wire | None = None
        self.checked: Checked | None = None
        self.checked_document: Document | None = None

    def load(
        self,
        document: Document,
        path: Path | None,
        saved: bool = True,
        data_folder: Path | None = None,
    ) -> None:
        """Edit another document. `saved`: it is what the file holds.

        `data_folder` is where the data of a document without a file lies, such as that of an
        example.
        """
        self._begin(document, path, data_folder)
        self._saved = document if saved else None
        self._compared = None
        self._tell(Change("load"))

    def adopt(self, other: EditorModel) -> None:
        """Take over another model's document with its past, as recovered from a journal."""
        self._begin(other.document, self.path, self._data_folder)
        self._saved, self._compared = other._saved if self.path is None else None, None
        self.past, self.future = list(other.past), list(other.future)
        self._tell(Change("load"))

    @property
    def graph_name(self) -> str:
        """The name of the graph that is shown, the last of the trail that led to it."""
        return self.trail[-1]

    @property
    def graph(self) -> Graph:
        """The graph that is shown."""
        return self.document.graphs[self.graph_name]

    @property
    def is_dirty(self) -> bool:
        """There are changes that no file holds."""
        if self._compared is None or self._compared[0] is not self.document:
            self._compared = self.document, self.document != self._saved
        return self._compared[1]

    @property
    def folder(self) -> Path | None:
        """Where files that the document names are looked for."""
        return self.path.absolute().parent if self.path else self._data_folder

    def was_saved(self, path: Path) -> None:
        """The document is in this file now."""
        self.path, self._saved, self._compared = path, self.document, None
        self._merging = False

    def do(self, *edits: Edit, title: str = "Edit", merge: str | None = None) -> None:
        """Apply edits as one step of undo. Steps in a row with the same `merge` become one.

        Raises EditError, and changes nothing, when an edit does not fit.
        """
        before = self.document
        after = _applied(before, edits)
        if after == before:
            return
        merged = self._merges(merge)
        if merged:
            before = self.past.pop().before
        self.past.append(Step(title, before, after, merge))
        self.future.clear()
        self._merging = True
        self._show(after)
        self._tell(Change("do", edits, title, merge, merged))

    def _merges(self, merge: str | None) -> bool:
        if not self._merging or merge is None or not self.past:
            return False
        return self.past[-1].merge == merge

    def stop_merging(self) -> None:
        """The next step is one of its own, whatever it would merge with."""
        self._merging = False

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self.past:
            return False
        step = self.past.pop()
        self.future.append(step)
        return self._travel(step.before, "undo")

    def redo(self) -> bool:
        """Do the step again that was taken back last; False when there is none."""
        if not self.future:
            return False
        step = self.future.pop()
        self.past.append(step)
        return self._travel(step.after, "redo")

    def _travel(self, document: Document, what: Literal["undo", "redo"]) -> bool:
        self._merging = False
        self._show(document)
        self._tell(Change(what))
        return True

    def _show(self, document: Document) -> None:
        self.document = document
        self.trail = tuple(takewhile(document.graphs.__contains__, self.trail))
        self.selection &= self.graph.nodes.keys()
        if self.selected_wire not in self.graph.wires:
            self.selected_wire = None

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)

    def show_graph(self, name: str) -> None:
        """Show another graph of the document, main or a block, as reached from main."""
        self.follow((MAIN, name) if name in self.document.graphs and name != MAIN else (MAIN,))

    def follow(self, trail: tuple[str, ...]) -> None:
        """Show the last graph of a trail that begins at main."""
        self.trail = trail
        self.select()

    def select(self, ids: frozenset[str] = frozenset(), wire: Wire | None = None) -> None:
        """Select nodes, or one wire, or nothing."""
        if ids != self.selection or wire != self.selected_wire:
            self._merging = False
        self.selection = ids & self.graph.nodes.keys()
        self.selected_wire = wire if wire in self.graph.wires else None

    def was_checked(self, document: Document, checked: Checked) -> None:
        """A check of a document has come back; it need not be the newest one."""
        self.checked, self.checked_document = checked, document

    @property
    def is_checked(self) -> bool:
        """What the last check says is about the document as it is now."""
        return self.checked is not None and self.checked_document is self.document

    def remove_selected(self) -> None:
        """Take the selected nodes, or the selected wire, away."""
        if self.selection:
            ids = tuple(sorted(self.selection))
            self.do(RemoveNodes(graph=self.graph_name, ids=ids), title="Remove")
        elif self.selected_wire:
            gone = Disconnect(graph=self.graph_name, wires=(self.selected_wire,))
            self.do(gone, title="Disconnect")

    def copied(self) -> str:
        """The selected nodes and the wires between them, as text for the clipboard."""
        nodes = {id: self.graph.nodes[id] for id in self.graph.nodes if id in self.selection}
        inside = (w for w in self.graph.wires if {w.source.node, w.target.node} <= nodes.keys())
        return Clip(graph=Graph(nodes=nodes, wires=tuple(inside))).model_dump_json()

    def paste(self, text: str, title: str = "Paste") -> None:
        """Put what `copied` gave beside its original, and select it. Raises EditError for any
        other text.
        """
        self.put(read_clip(text), title=title)

    def put(self, graph: Graph, *edits: Edit, title: str) -> None:
        """Put copies beside their originals, after other edits, and select them."""
        names = self._fresh_names(graph)
        self._merging = False
        self.do(*edits, *self._paste_edits(graph, names), title=title)
        self.select(frozenset(names.values()))

    def _fresh_names(self, graph: Graph) -> dict[str, str]:
        taken, names = self.graph, {}
        for id, node in graph.nodes.items():
            names[id] = taken.free_id(id)
            taken = taken.model_copy(update={"nodes": {**taken.nodes, names[id]: node}})
        return names

    def _paste_edits(self, graph: Graph, names: dict[str, str]) -> list[Edit]:
        shift = self._free_shift(graph)
        edits: list[Edit] = []
        for id, node in graph.nodes.items():
            x, y = node.position
            placed = node.model_copy(update={"position": (x + shift, y + shift)})
            edits.append(AddNode(graph=self.graph_name, id=names[id], node=placed))
        for wire in graph.wires:
            source = End(names[wire.source.node], wire.source.port)
            target = End(names[wire.target.node], wire.target.port)
            edits.append(Connect(graph=self.graph_name, wire=Wire(source=source, target=target)))
        return edits

    def _free_shift(self, graph: Graph) -> float:
        """A diagonal shift at which no pasted node hides another exactly."""
        taken = {node.position for node in self.graph.nodes.values()}
        places = [node.position for node in graph.nodes.values()]
        shift = 0.0
        while any((x + shift, y + shift) in taken for x, y in places):
            shift += PASTE_STEP
        return shift


def read_clip(text: str) -> Graph:
    """The nodes and wires that `copied` put into a text. Raises EditError for any other text."""
    try:
        return Clip.model_validate_json(text).graph
    except ValidationError:
        raise EditError("The clipboard holds no nodes; copy some first.") from None


def _applied(document: Document, edits: tuple[Edit, ...]) -> Document:
    try:
        return apply(document, *edits)
    except ValidationError as error:
        fault = first_fault(error)
        raise EditError(f"{fault.place[-1]}: {fault.message}") from error
