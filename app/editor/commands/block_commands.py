"""What is done with blocks: make, unmake, rename, delete, promote; and with graphs' parameters.
No GUI.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.editor.commands.shell import Entry, Shell
from app.editor.commands.view_commands import follow
from app.editor.session.block_uses import (
    add_parameter,
    counted_uses,
    delete_block,
    free_name,
    held,
    remove_parameter,
    rename_block,
    rename_parameter,
    require_name,
)
from app.editor.session.session import Session
from app.editor.session.wording import counted, sentence, title_of
from app.editor.theme.style import WARNING
from graphs.document.edits import DescribeParameter, Edit, EditError


def make_block(session: Session, shell: Shell) -> None:
    """Make a block of the selected nodes, under a name that is asked for."""
    if not session.selection:
        shell.say("Select the nodes that the block is to be made of.", WARNING)
    elif session.library:
        name = free_name(session.document, "Block")
        text = f"A name for the block of {counted(len(session.selection), 'node')}:"
        _ask(shell, "Make a block", text, name, partial(_make, session))


def _make(session: Session, name: str) -> None:
    from nodes.refactoring import make_block

    require_name(session.document, name)
    edits = make_block(session.document, session.graph_name, session.selection, name)
    _do_and_select(session, edits, f"Make block {name}")


def unmake_block(session: Session, shell: Shell) -> None:
    """Put the nodes of a block in the place of its selected use."""
    id = session.selected_node
    if id is None:
        shell.say("Select one use of a block to take it apart.", WARNING)
    elif session.library:
        _unmake(session, id)


def _unmake(session: Session, id: str) -> None:
    from nodes.refactoring import unmake_block

    edits = unmake_block(session.document, session.graph_name, id)
    _do_and_select(session, edits, "Take block apart")


def _do_and_select(session: Session, edits: tuple[Edit, ...], title: str) -> None:
    """Do it, and select the nodes that are new."""
    before = session.graph.nodes
    session.stop_merging()
    session.do(*edits, title=title)
    session.select(frozenset(session.graph.nodes.keys() - before.keys()))


def rename(session: Session, shell: Shell, name: str) -> None:
    """Give a block another name, which is asked for."""
    text = f"Another name for the block {name}:"
    _ask(shell, "Rename block", text, name, partial(_rename, session, shell, name))


def _rename(session: Session, shell: Shell, old: str, new: str) -> None:
    if new == old:
        return
    trail = tuple(new if name == old else name for name in session.trail)
    edits = rename_block(session.document, session.library, old, new)
    session.stop_merging()
    session.do(*edits, title=f"Rename {old}")
    follow(session, shell, trail)


def delete(session: Session, shell: Shell, name: str) -> None:
    """Take a block and its uses away; asks first where there are some."""
    uses = counted_uses(session.document, session.library)[name]
    if not uses:
        _delete(session, name)
        return
    text = f"{name} is used: its {counted(uses, 'use')} will go with it."
    answers = [("Delete", lambda: _delete(session, name)), ("Cancel", lambda: None)]
    shell.ask(f"Delete the block {name}?", text, answers)


def _delete(session: Session, name: str) -> None:
    edits = delete_block(session.document, session.library, name)
    session.stop_merging()
    session.do(*edits, title=f"Delete {name}")


def promote(session: Session, shell: Shell, id: str, parameter: str) -> None:
    """Make a node's number a parameter of its graph, under a name that is asked for."""
    title = title_of(session.graph.nodes[id])
    text = f"{parameter.replace('_', ' ')} of {title} becomes a parameter called:"
    action = partial(_promote, session, session.graph_name, id, parameter)
    _ask(shell, "Make it a parameter", text, parameter, action)


def _promote(session: Session, graph: str, id: str, parameter: str, name: str) -> None:
    from nodes.refactoring import promote

    edits = promote(session.document, graph, id, parameter, name)
    session.stop_merging()
    session.do(*edits, title=f"Make {name} a parameter")


def new_parameter(session: Session, shell: Shell, graph: str) -> None:
    """Give a graph another parameter, under a name that is asked for."""
    _ask_parameter(session, shell, "", lambda name: add_parameter(session.document, graph, name))


def call_parameter(session: Session, shell: Shell, graph: str, name: str) -> None:
    """Give a graph's parameter another name, which is asked for."""
    _ask_parameter(
        session,
        shell,
        name,
        lambda new: rename_parameter(session.document, session.library, graph, name, new),
    )


def _ask_parameter(
    session: Session, shell: Shell, name: str, action: Callable[[str], tuple[Edit, ...]]
) -> None:
    """Ask for the name of a graph's parameter; `action` gives the edits for it."""

    def do(new: str) -> None:
        session.stop_merging()
        session.do(*action(new), title="Set parameters")

    _ask(shell, "Parameter", "The parameter's name:", name, do)


def describe_parameter(session: Session, shell: Shell, graph: str, name: str) -> None:
    """Ask what a graph's parameter is."""
    text = session.document.graphs[graph].help.get(name, "")
    question = f"What {name} is, and which values make sense:"

    def describe(text: str) -> None:
        session.stop_merging()
        edit = DescribeParameter(graph=graph, name=name, text=text)
        session.do(edit, title=f"Describe {name}")

    _ask(shell, "Help", question, text, describe)


def drop_parameter(session: Session, shell: Shell, graph: str, name: str) -> None:
    """Take a parameter away from a graph, where no node reads it."""
    session.do(*remove_parameter(session.document, graph, name), title=f"Remove {name}")


def _ask(shell: Shell, title: str, text: str, name: str, action: Callable[[str], object]) -> None:
    """Ask for a name until it is one that suits."""

    def attempt(name: str) -> str | None:
        try:
            action(name)
        except EditError as error:
            return sentence(str(error))
        return None

    shell.ask_name(title, text, name, attempt)


def menu_of_node(session: Session, shell: Shell, id: str) -> None:
    """Open the menu of a node, or of the selection that it is in."""
    if id not in session.selection:
        session.select(frozenset({id}))
    entries: list[Entry] = []
    commands = ["make_block", "duplicate", "copy", "remove"]
    if len(session.selection) == 1:
        names = held(session.graph.nodes[id], session.library)
        blocks = [name for name in names if name in session.document.graphs]
        for name in blocks:
            entries += [("show_block", name), ("rename_block", name)]
        commands = [*["unmake_block"] * bool(blocks), *commands]
    shell.open_menu([*entries, *((command,) for command in commands)])


def menu_of_block(session: Session, shell: Shell, name: str) -> None:
    """Open the menu of a block of the document."""
    shell.open_menu(
        [(command, name) for command in ("visit_block", "rename_block", "delete_block")]
    )
