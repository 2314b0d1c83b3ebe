"""Every command of the editor, once: what it is called, its keys, its help, and what does it.
Keys, buttons, menus, tooltips and the list of keys are read from here. No GUI.
"""

from __future__ import annotations

from app.editor.commands import (
    add_nodes,
    block_commands,
    document_files,
    edit_commands,
    training_commands,
    view_commands,
)
from app.editor.commands.commands import Command
from app.editor.commands.shell import Shell
from app.editor.session.session import Session


def show_keys(session: Session, shell: Shell) -> None:
    """Open the list of keys and mouse gestures."""
    keys = [(" or ".join(row.keys), row.help or row.title) for row in TABLE if row.keys]
    shell.show_table("Keys and mouse", [*keys, *MOUSE])


TABLE = (
    # Documents.
    Command("new", "New document", document_files.new, ("Ctrl+N",), while_typing=True),
    Command(
        "open", "Open a document", document_files.open_document, ("Ctrl+O",), while_typing=True
    ),
    Command("save", "Save", document_files.save, ("Ctrl+S",), while_typing=True),
    Command(
        "save_as",
        "Save under another name",
        document_files.save_as,
        ("Ctrl+Shift+S",),
        while_typing=True,
    ),
    Command(
        "export", "Export as a Python file", document_files.export, ("Ctrl+E",), while_typing=True
    ),
    Command("examples", "Open an example", document_files.examples),
    Command("choose_data", "Choose a file in the document's folder", document_files.choose_data),
    Command("recover", "Recover unsaved work", document_files.offer_recovery),
    Command("close", "Close the window", document_files.close, during_gesture=True),
    # Edits.
    Command("undo", "Undo", edit_commands.undo, ("Ctrl+Z",), when=edit_commands.can_undo),
    Command(
        "redo", "Redo", edit_commands.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), when=edit_commands.can_redo
    ),
    Command("cut", "Cut", edit_commands.cut, ("Ctrl+X",)),
    Command("copy", "Copy", edit_commands.copy, ("Ctrl+C",)),
    Command("copy_text", "Copy", edit_commands.copy_text),
    Command("paste", "Paste", edit_commands.paste, ("Ctrl+V",)),
    Command("duplicate", "Duplicate", edit_commands.duplicate, ("Ctrl+D",)),
    Command("select_all", "Select all", edit_commands.select_all, ("Ctrl+A",)),
    # Blocks and their parameters.
    Command(
        "make_block", "Make a block of what is selected", block_commands.make_block, ("Ctrl+B",)
    ),
    Command(
        "unmake_block",
        "Take the selected block apart",
        block_commands.unmake_block,
        ("Ctrl+Shift+B",),
    ),
    Command(
        "leave",
        "Leave the block",
        view_commands.leave,
        ("U",),
        "Leave the block: show the graph around it",
        when=view_commands.is_inside,
    ),
    Command("rename_block", "Rename {}…", block_commands.rename),
    Command("delete_block", "Delete {}", block_commands.delete),
    Command("show_block", "Open {}", view_commands.show_graph, mouse="double click"),
    Command("visit_block", "Open {}", view_commands.visit_block),
    Command("menu_of_block", "What can be done with {}", block_commands.menu_of_block),
    Command("promote", "Make it a parameter", block_commands.promote),
    Command("new_parameter", "Add a parameter", block_commands.new_parameter),
    Command("call_parameter", "Rename a parameter", block_commands.call_parameter),
    Command("describe_parameter", "Say what a parameter is", block_commands.describe_parameter),
    Command("drop_parameter", "Remove a parameter", block_commands.drop_parameter),
    # Nodes.
    Command("remove", "Remove what is selected", edit_commands.remove, ("Delete", "Backspace")),
    Command(
        "search",
        "Add a node at the mouse",
        view_commands.search,
        ("Tab",),
        "Add a node at the mouse (also a right click on the canvas)",
    ),
    Command("add_type", "Add {}", add_nodes.add_type),
    Command("add_node", "Add a node", add_nodes.add_node),
    Command("carry", "Carry a node onto the canvas", view_commands.carry),
    Command("apply_fix", "Repair", add_nodes.apply_fix),
    Command(
        "open_node",
        "Open a node",
        view_commands.open_node,
        mouse="double click",
        during_gesture=True,  # the second press has begun one
    ),
    Command("show_node", "Show a node", view_commands.show_node),
    Command("menu_of_node", "What can be done with a node", block_commands.menu_of_node),
    # What is shown.
    Command("arrange", "Lay the graph out from left to right", edit_commands.arrange, ("L",)),
    Command("frame", "Show the whole graph", view_commands.frame, ("F",)),
    Command("zoom_in", "Zoom in", view_commands.zoom_in, ("+",), "Zoom in (also the wheel)"),
    Command("zoom_out", "Zoom out", view_commands.zoom_out, ("-",)),
    Command(
        "escape",
        "Let go, or select nothing",
        view_commands.escape,
        ("Escape",),
        during_gesture=True,
    ),
    Command("follow", "Show a graph around the block", view_commands.follow),
    # Training.
    Command("train", "Train", training_commands.train),
    Command("pause", "Pause", training_commands.pause),
    Command("resume", "Resume", training_commands.resume),
    Command("stop", "Stop", training_commands.stop),
    Command("open_monitor", "Open monitor", training_commands.open_monitor),
    Command("attach", "Follow a training that goes on", training_commands.attach),
    Command("help", "Keys and mouse", show_keys, ("F1",), "This list", while_typing=True),
)

MOUSE = (
    ("Drag from the palette", "Add a node"),
    ("Drag from port to port", "Lay a wire; let go over the canvas to choose what to add"),
    ("Drag a wire off its input", "Plug it in elsewhere, or take it away"),
    ("Double click on a block", "Open it; the path at the top leads back"),
    ("Right click on a node", "What can be done with it"),
    ("Click on an optimizer", "Light up what its gradient reaches"),
    ("Drag over the canvas", "Select with a box; Shift or Ctrl adds"),
    ("Middle or right drag, Space and drag", "Push the canvas"),
    ("Wheel", "Zoom to the mouse"),
)
"""What the mouse does that no command is."""


def command_for(key: str, ctrl: bool, shift: bool) -> Command | None:
    """What a key does with these modifiers held; None when nothing."""
    pressed = "+".join([*["Ctrl"] * ctrl, *["Shift"] * shift, key])
    plain = "+".join([*["Ctrl"] * ctrl, key])
    for wanted in (pressed, plain) if key in "+-" else (pressed,):
        for command in TABLE:
            if wanted in command.keys:
                return command
    return None
