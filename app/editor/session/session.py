"""What is edited in one window, without the window: document and past, library, what the last
check found, what is shown and selected. No GUI.

Whoever shows some of it listens, and is told which parts have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.editor.session.analysis import Analysis
from app.editor.session.clipboard import copied, paste_edits
from app.editor.session.gradient_reach import Reach, reach_of
from app.editor.session.history import History
from app.editor.session.inbox import Inbox
from app.editor.session.journal import Journal
from app.editor.session.training import Services, Training
from graphs.document.document import MAIN, Document, Graph, Wire
from graphs.document.edits import Disconnect, Edit, RemoveNodes, apply

if TYPE_CHECKING:
    from graphs.check.results import Checked
    from graphs.document.problems import Problem
    from graphs.nodetypes.node_type import NodeType

Part = Literal[
    "document",  # nodes, wires, parameters, settings, and with them what undo and redo would do
    "file",  # another document, or the same in another file, or saved
    "graph",  # which graph is shown: main or a block
    "selection",
    "gesture",  # what the mouse is about to do
    "camera",  # how large the canvas shows the graph
    "analysis",  # what the last check found
    "source",  # the printed program, or that somebody waits for it
    "library",  # the node types and devices
    "preview",  # what a data node gives
    "run",  # the training that is followed
    "failure",  # something went wrong that should not
]
Listener = Callable[[frozenset[Part]], object]


class Session:
    """One document being edited."""

    def __init__(
        self,
        document: Document | None = None,
        path: Path | None = None,
        services: Services | None = None,
    ) -> None:
        self.listeners: list[Listener] = []
        self.inbox = Inbox()
        """Where threads leave their news."""
        self.history = History(document, path)
        self.journal: Journal | None = None
        self.library: Mapping[str, type[NodeType]] = {}
        self.devices: tuple[str, ...] = ("auto", "cpu")
        self.zoom = 1.0
        self.failure = ""
        """What went wrong last, in one sentence."""
        self.trusts = 0
        """How often the user has trusted a Python file."""
        self._wants_source = False
        self._waiting: list[Callable[[str], object]] = []
        self._reach: tuple[object, Reach | None] = (None, None)
        self._look_at_main()
        self.training = Training(self.inbox, lambda: self.tell("run"), services)

    def _look_at_main(self) -> None:
        self.trail: tuple[str, ...] = (MAIN,)
        self.selection: frozenset[str] = frozenset()
        self.selected_wire: Wire | None = None
        self.analysis: Analysis | None = None
        self.is_busy = False
        """A gesture goes on."""
        self.preview: tuple[Edit, ...] = ()
        """What is shown as if it were done, while a gesture lasts."""
        self._previewed: tuple[Document, tuple[Edit, ...], Document]
        self._previewed = self.document, (), self.document

    def tell(self, *parts: Part) -> None:
        """Let everyone know what has changed."""
        for listener in self.listeners:
            listener(frozenset(parts))

    # The document and its file.

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.history.document

    @property
    def path(self) -> Path | None:
        """The document's file; None while it has none."""
        return self.history.path

    @property
    def folder(self) -> Path | None:
        """Where files that the document names are looked for."""
        return self.history.folder

    @property
    def name(self) -> str:
        """What people call the document: its file's name, else its title."""
        return self.path.name if self.path else self.document.title

    def keep_journal(self) -> None:
        """Write every edit down from now on, so that a crash loses nothing."""
        self.journal = Journal(self.history)

    def do(self, *edits: Edit, title: str = "Edit", merge: str | None = None) -> None:
        """Apply edits as one step of undo. Steps in a row with the same `merge` become one.

        Raises EditError, and changes nothing, when an edit does not fit.
        """
        if self.history.do(*edits, title=title, merge=merge):
            self._document_changed()

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        done = self.history.undo()
        if done:
            self._document_changed()
        return done

    def redo(self) -> bool:
        """Do the step again that was taken back last; False when there is none."""
        done = self.history.redo()
        if done:
            self._document_changed()
        return done

    def stop_merging(self) -> None:
        """The next step is one of its own, whatever it would merge with."""
        self.history.stop_merging()

    def _document_changed(self) -> None:
        trail = tuple(takewhile(self.document.graphs.__contains__, self.trail))
        left, self.trail = trail != self.trail, trail
        self.tell("document")
        if left:
            self.tell("graph")
        self._select(self.selection, self.selected_wire)

    def load(
        self, document: Document, path: Path | None = None, data_folder: Path | None = None
    ) -> None:
        """Edit another document. `data_folder` is where its data lies while it has no file."""
        if self.journal:
            self.journal.close()
        self.history.load(document, path, data_folder=data_folder)
        if self.journal:
            self.journal.begin()
        self._was_loaded()

    def adopt(self, found: History, journal: Path) -> None:
        """Take over what an editor that crashed left behind, and go on in its journal."""
        self.history.adopt(found)
        if self.journal:
            self.journal.adopt(journal)
        self._was_loaded()

    def _was_loaded(self) -> None:
        self._forget_source()
        self._look_at_main()
        self.tell("file", "document", "graph", "selection", "gesture", "analysis", "source")

    def was_saved(self, path: Path) -> None:
        """The document is in this file now."""
        if self.journal:
            self.journal.discard()
        self.history.was_saved(path)
        if self.journal:
            self.journal.begin()
        self.tell("file")

    def was_trusted(self) -> None:
        """A Python file that the document names may run now, which the check looks at."""
        self.trusts += 1
        self.tell("file")

    def close(self) -> None:
        """The window closes; a run goes on."""
        self.training.close()
        if self.journal:
            self.journal.close()

    # What is shown of it.

    @property
    def graph_name(self) -> str:
        """The name of the graph that is shown, the last of the trail that led to it."""
        return self.trail[-1]

    @property
    def graph(self) -> Graph:
        """The graph that is shown."""
        return self.document.graphs[self.graph_name]

    @property
    def graph_previewed(self) -> Graph:
        """The graph with the gesture's edits, as if it were over."""
        document, preview = self.document, self.preview
        if document is not self._previewed[0] or preview != self._previewed[1]:
            self._previewed = document, preview, apply(document, *preview)
        return self._previewed[2].graphs[self.graph_name]

    def follow(self, trail: tuple[str, ...]) -> None:
        """Show the last graph of a trail that begins at main."""
        self.trail = trail
        self.tell("graph")
        self.select()

    def select(self, ids: frozenset[str] = frozenset(), wire: Wire | None = None) -> None:
        """Select nodes, or one wire, or nothing."""
        if ids != self.selection or wire != self.selected_wire:
            self.stop_merging()
        self._select(ids, wire)

    def _select(self, ids: frozenset[str], wire: Wire | None) -> None:
        before = self.selection, self.selected_wire
        self.selection = ids & self.graph.nodes.keys()
        self.selected_wire = wire if wire in self.graph.wires else None
        if (self.selection, self.selected_wire) != before:
            self.tell("selection")

    @property
    def selected_node(self) -> str | None:
        """The one node that is selected; None where it is none or several."""
        return next(iter(self.selection)) if len(self.selection) == 1 else None

    def show_gesture(self, preview: tuple[Edit, ...] = ()) -> None:
        """A gesture goes on; `preview` is what it shows as if it were done."""
        self.is_busy, self.preview = True, preview
        self.tell("gesture")

    def end_gesture(self) -> None:
        """The gesture is over."""
        self.is_busy, self.preview = False, ()
        self.tell("gesture")

    def show_camera(self, zoom: float) -> None:
        """The canvas shows the graph larger or smaller, or another part of it."""
        self.zoom = zoom
        self.tell("camera")

    # What is known of it.

    def was_loaded(self, library: Mapping[str, type[NodeType]], devices: tuple[str, ...]) -> None:
        """The node types are there, and where this machine can train."""
        self.library, self.devices = library, devices
        self.tell("library")

    def was_checked(self, document: Document, checked: Checked) -> None:
        """A check of a document has come back; it need not be the newest one."""
        self.analysis = Analysis(document, checked)
        if checked.problems:
            self._forget_source()
        self.tell("analysis")

    def fail(self, text: str) -> None:
        """Something went wrong that should not have; the log has the details."""
        self.failure = text
        self.tell("failure")

    @property
    def checked(self) -> Checked | None:
        """What the last check found."""
        return self.analysis.checked if self.analysis else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, as the last check found."""
        return self.analysis.problems if self.analysis else ()

    @property
    def is_checked(self) -> bool:
        """What the last check says is about the document as it is now."""
        return self.analysis is not None and self.analysis.is_about(self.document)

    @property
    def checked_graph(self) -> Graph | None:
        """The graph that the last check saw, under the name of the one that is shown."""
        return self.analysis.document.graphs.get(self.graph_name) if self.analysis else None

    @property
    def reach(self) -> Reach | None:
        """What the gradient of the selected optimizer reaches."""
        key = (self.analysis, self.graph_name, self.selection, self.is_checked)
        if key != self._reach[0]:
            self._reach = key, reach_of(self.checked, *key[1:])
        return self._reach[1]

    # The program that it prints.

    @property
    def source(self) -> str:
        """The exported program; empty while there are problems, and until it is printed."""
        return (self.analysis and self.analysis.source) or ""

    @property
    def wants_source(self) -> bool:
        """Somebody waits for the program of the document as it is, which is sound and not printed
        yet.
        """
        analysis = self.analysis
        sound = analysis is not None and not analysis.problems and analysis.source is None
        return self._wants_source and sound and self.is_checked

    def want_source(self, then: Callable[[str], object] | None = None) -> None:
        """Have the program printed; `then` gets its text, at once where it is there. One that could
        not be printed is tried again for who waits, not for who only looks.
        """
        if self.source and self.is_checked:
            if then:
                then(self.source)
        elif then or not self._wants_source:
            self._wants_source = True
            self._waiting += [then] if then else []
            if then and self.analysis and not self.source:
                self.analysis = replace(self.analysis, source=None)
            self.tell("source")

    def was_printed(self, document: Document, source: str) -> None:
        """The program of a document is there; empty when it could not be printed."""
        if self.analysis is None or self.analysis.document is not document:
            return
        waiting = self._waiting if source else []
        self._forget_source()
        self.analysis = replace(self.analysis, source=source)
        self.tell("source")
        for then in waiting:
            then(source)

    def _forget_source(self) -> None:
        """Nobody waits for the program any more."""
        self._wants_source, self._waiting = False, []

    # What the keyboard does to it.

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
        return copied(self.graph, self.selection)

    def put(self, graph: Graph, *edits: Edit, title: str) -> None:
        """Put copies beside their originals, after other edits, and select them."""
        pasted, ids = paste_edits(self.graph_name, self.graph, graph)
        self.stop_merging()
        self.do(*edits, *pasted, title=title)
        self.select(ids)
