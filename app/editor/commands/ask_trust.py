"""Trust in a Python file that the document names: a look at its source, and what trust means.
No GUI.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.editor.commands.shell import Shell
from app.editor.session.session import Session
from app.editor.session.wording import sentence
from app.editor.theme.style import ERROR

if TYPE_CHECKING:
    from graphs.custom.python_files import PythonFile

MEANING = (
    "This file is a program. Once you trust it, it can do all that you can do on this computer: "
    "read and change your files, use the network. Nothing in it has run so far. Trust it if you "
    "wrote it, or if you have read it and know who did. That is remembered on this computer for "
    "exactly this text: when the file changes, you are asked again."
)


def ask_for_trust(session: Session, shell: Shell, name: str, action: Callable[[], object]) -> None:
    """Show a file of the document's folder; when the user trusts it, act."""
    from graphs.custom.python_files import read_python
    from graphs.nodetypes.node_type import Misfit

    try:
        file = read_python(session.folder, name)
    except Misfit as misfit:
        shell.tell("That cannot be looked at", sentence(str(misfit)))
        return
    shell.ask_about_source(
        f"Trust {file.name}?",
        MEANING,
        file.text,
        f"SHA-256 {file.digest}",
        [
            ("Trust this file", lambda: _trust(session, shell, file, action)),
            ("Cancel", lambda: None),
        ],
    )


def _trust(session: Session, shell: Shell, file: PythonFile, action: Callable[[], object]) -> None:
    """Remember it, for the text that was shown."""
    from graphs.custom.trust import trust

    try:
        trust(file.digest, file.name)
    except OSError as error:
        shell.say(f"That cannot be remembered: {error.strerror or error}.", ERROR)
        return
    action()
    session.was_trusted()
