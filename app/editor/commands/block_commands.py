"""What commands and menus do with blocks: make, unmake, rename, delete, promote, copy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.editor.canvas.hover import sentence
from app.editor.canvas.node_captions import title_of
from app.editor.commands.context_menu import Entry
from app.editor.commands.shortcuts import hint
from app.editor.panels.footer import counted
from app.editor.session.block_uses import (
    counted_uses,
    delete_block,
    free_name,
    held,
    rename_block,
    require_name,
    trail_to,
    way_to,
)
from app.editor.session.shared_weights import originals, own_weights, same_weights
from app.editor.theme.style import WARNING
from graphs.document.document import Graph
from graphs.document.edits import Edit, EditError

if TYPE_CHECKING:
    from app.editor.window.window import Editor


class BlockActions:
    """Runs what a person asks for, after the questions that it needs."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        editor.actions.add(make_block=self.make, unmake_block=self.unmake, leave=self.leave)

    def make(self) -> None:
        """Make a block of the selected nodes, under a name that is asked for."""
        model = self._editor.model
        if not model.selection:
            self._editor.say("Select the nodes that the block is to be made of.", WARNING)
        elif self._editor.library:
            name = free_name(model.document, "Block")
            text = f"A name for the block of {counted(len(model.selection), 'node')}:"
            self._ask("Make a block", text, name, self._make)

    def _make(self, name: str) -> None:
        from nodes.refactoring import make_block

        model = self._editor.model
        require_name(model.document, name)
        edits = make_block(model.document, model.graph_name, model.selection, name)
        self._do_and_select(edits, f"Make block {name}")

    def unmake(self) -> None:
        """Put the nodes of a block in the place of its selected use."""
        model = self._editor.model
        if len(model.selection) != 1:
            self._editor.say("Select one use of a block to take it apart.", WARNING)
        elif self._editor.library:
            self._editor.attempt(self._unmake)

    def _unmake(self) -> None:
        from nodes.refactoring import unmake_block

        model = self._editor.model
        (id,) = model.selection
        edits = unmake_block(model.document, model.graph_name, id)
        self._do_and_select(edits, "Take block apart")

    def _do_and_select(self, edits: tuple[Edit, ...], title: str) -> None:
        """Do it, and select the nodes that are new."""
        model = self._editor.model
        before = model.graph.nodes
        model.stop_merging()
        model.do(*edits, title=title)
        model.select(frozenset(model.graph.nodes.keys() - before.keys()))

    def leave(self) -> None:
        """Show the graph from which the block was opened."""
        if len(trail := self._editor.model.trail) > 1:
            self._editor.follow(trail[:-1])

    def show(self, name: str) -> None:
        """Show a graph of the document, by the way that leads there from the one shown."""
        model = self._editor.model
        if name in model.document.graphs:
            library = self._editor.library
            self._editor.follow(trail_to(model.document, library, model.trail, name))

    def visit(self, name: str) -> None:
        """Show a block by the shortest way from main."""
        self._editor.follow(way_to(self._editor.model.document, self._editor.library, name))

    def open(self, id: str) -> bool:
        """Show the block that a node holds; False where it holds none."""
        model = self._editor.model
        for name in held(model.graph.nodes[id], self._editor.library):
            if name in model.document.graphs:
                self.show(name)
                return True
        return False

    def rename(self, name: str) -> None:
        """Give a block another name, which is asked for."""
        text = f"Another name for the block {name}:"
        self._ask("Rename block", text, name, partial(self._rename, name))

    def _rename(self, old: str, new: str) -> None:
        model = self._editor.model
        if new == old:
            return
        trail = tuple(new if name == old else name for name in model.trail)
        edits = rename_block(model.document, self._editor.library, old, new)
        model.stop_merging()
        model.do(*edits, title=f"Rename {old}")
        self._editor.follow(trail)

    def delete(self, name: str) -> None:
        """Take a block and its uses away; asks first where there are some."""
        model = self._editor.model
        uses = counted_uses(model.document, self._editor.library)[name]
        if not uses:
            self._delete(name)
            return
        text = f"{name} is used: its {counted(uses, 'use')} will go with it."
        answers = [("Delete", lambda: self._delete(name)), ("Cancel", lambda: None)]
        self._editor.dialogs.ask(f"Delete the block {name}?", text, answers)

    def _delete(self, name: str) -> None:
        edits = delete_block(self._editor.model.document, self._editor.library, name)
        self._editor.model.stop_merging()
        self._editor.do(*edits, title=f"Delete {name}")

    def promote(self, id: str, parameter: str) -> None:
        """Make a node's number a parameter of its graph, under a name that is asked for."""
        model = self._editor.model
        title = title_of(model.graph.nodes[id])
        text = f"{parameter.replace('_', ' ')} of {title} becomes a parameter called:"
        action = partial(self._promote, model.graph_name, id, parameter)
        self._ask("Make it a parameter", text, parameter, action)

    def _promote(self, graph: str, id: str, parameter: str, name: str) -> None:
        from nodes.refactoring import promote

        model = self._editor.model
        edits = promote(model.document, graph, id, parameter, name)
        model.stop_merging()
        model.do(*edits, title=f"Make {name} a parameter")

    def paste(self, copies: Graph, title: str) -> None:
        """Put copies into the graph; asks whose weights they have, where they may share them."""
        model, library = self._editor.model, self._editor.library
        if not originals(model.graph, copies, library):
            model.put(copies, title=title)
            return
        text = "The copy may share its weights with its original, or have weights of its own."
        self._editor.dialogs.ask(
            title,
            text,
            [
                ("Same weights", partial(self._paste_same, copies, title)),
                ("Own weights", partial(self._paste_own, copies, title)),
            ],
        )

    def _paste_same(self, copies: Graph, title: str) -> None:
        model = self._editor.model
        edits, named = same_weights(model.graph_name, model.graph, copies, self._editor.library)
        model.put(named, *edits, title=title)

    def _paste_own(self, copies: Graph, title: str) -> None:
        model = self._editor.model
        model.put(own_weights(model.graph, copies, self._editor.library), title=title)

    def _ask(self, title: str, text: str, name: str, action: Callable[[str], object]) -> None:
        """Ask for a name until it is one that suits."""

        def attempt(name: str) -> str | None:
            try:
                action(name)
            except EditError as error:
                return sentence(str(error))
            return None

        self._editor.dialogs.ask_name(title, text, name, attempt)

    def ask_parameter(self, name: str, action: Callable[[str], tuple[Edit, ...]]) -> None:
        """Ask for the name of a graph's parameter; `action` gives the edits for it."""

        def do(new: str) -> None:
            self._editor.model.stop_merging()
            self._editor.model.do(*action(new), title="Set parameters")

        self._ask("Parameter", "The parameter's name:", name, do)

    def menu_of_node(self, id: str) -> list[Entry]:
        """What can be done with a node, or with the selection that it is in."""
        model, run = self._editor.model, self._editor.actions.run
        commands = ["make_block"]
        entries: list[Entry] = []
        for name in held(model.graph.nodes[id], self._editor.library):
            if name in model.document.graphs and len(model.selection) == 1:
                entries.append((f"Open {name} (double click)", partial(self.show, name)))
                entries.append((f"Rename {name}…", partial(self.rename, name)))
                commands.insert(0, "unmake_block")
        commands += ["duplicate", "copy", "remove"]
        return [*entries, *((hint(command), partial(run, command)) for command in commands)]

    def menu_of_block(self, name: str) -> list[Entry]:
        """What can be done with a block of the document."""
        return [
            (f"Open {name}", partial(self.visit, name)),
            (f"Rename {name}…", partial(self.rename, name)),
            (f"Delete {name}", partial(self.delete, name)),
        ]
