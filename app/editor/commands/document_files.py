"""New, open, save, examples, export, recovery: everything that touches files, and the questions
before it. No GUI.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.editor.commands.shell import Choice, Shell, Wanted
from app.editor.commands.training_commands import attach
from app.editor.session.journal import JournalError, recover
from app.editor.session.session import Session
from app.editor.session.wording import sentence
from app.editor.theme import style
from graphs.document.document import Document
from graphs.document.document_io import SUFFIX, DocumentError, read, write
from graphs.document.edits import Configure
from graphs.system.atomic_write import write_text

EXAMPLES = Path(__file__).resolve().parents[3] / "assets" / "examples"
DOCUMENTS = f"Patchbay documents (*{SUFFIX})"
UNTITLED = "untitled"
Then = Callable[[], object] | None
"""What follows, once the document is saved."""


def new(session: Session, shell: Shell) -> None:
    """Begin an empty document."""
    unless_unsaved(session, shell, lambda: _load(session, shell, Document(), None))


def open_document(session: Session, shell: Shell) -> None:
    """Let the user choose a document, and open it."""
    wanted = Wanted("open", "Open a document", _folder(session), pattern=DOCUMENTS)
    unless_unsaved(
        session, shell, lambda: shell.choose_file(wanted, partial(_open, session, shell))
    )


def close(session: Session, shell: Shell) -> None:
    """Close the window; asks first when there are unsaved changes."""
    unless_unsaved(session, shell, shell.close)


def unless_unsaved(session: Session, shell: Shell, action: Callable[[], object]) -> None:
    """Do something that drops the document; ask first when there are unsaved changes."""
    if not session.history.is_dirty:
        action()
        return
    shell.ask(
        "Unsaved changes",
        f"{session.name} has changes that are not saved.",
        [
            ("Save", lambda: save(session, shell, then=action)),
            ("Don't save", action),
            ("Cancel", lambda: None),
        ],
    )


def _open(session: Session, shell: Shell, path: Path) -> None:
    """Open a document; a file that is none is said so."""
    try:
        document = read(path)
    except DocumentError as error:
        shell.tell("That did not open", sentence(str(error)))
        return
    _load(session, shell, document, path)
    offer_recovery(session, shell)


def _load(
    session: Session, shell: Shell, document: Document, path: Path | None, data: Path | None = None
) -> None:
    session.load(document, path, data_folder=data)
    _was_loaded(session, shell)


def _was_loaded(session: Session, shell: Shell) -> None:
    session.training.forget()
    shell.frame()
    attach(session, shell)


def save(session: Session, shell: Shell, then: Then = None) -> None:
    """Save the document, under a name that is asked for when it has none."""
    if session.path is None:
        save_as(session, shell, then)
    else:
        _write(session, shell, session.path, then)


def save_as(session: Session, shell: Shell, then: Then = None) -> None:
    """Save the document under another name."""
    name = session.path.name if session.path else f"{_stem(session.document.title)}{SUFFIX}"
    wanted = Wanted("save", "Save the document", _folder(session), name, DOCUMENTS)
    shell.choose_file(wanted, lambda path: _write(session, shell, with_suffix(path), then))


def _write(session: Session, shell: Shell, path: Path, then: Then) -> None:
    if session.document.title == UNTITLED:
        title = path.name.removesuffix(SUFFIX)
        session.do(Configure(title=title), title="Name the document")
    source = session.folder
    try:
        write(session.document, path)
        _bring_data(session, source, path.absolute().parent)
    except OSError as error:
        text = f"{path} cannot be written: {error.strerror or error}. Choose another place."
        shell.tell("That was not saved", text)
        return
    session.was_saved(path.absolute())
    shell.say(f"Saved {path}", style.GOOD)
    if then:
        then()


def _bring_data(session: Session, source: Path | None, target: Path) -> None:
    """Copy the data files that the document names beside it, as far as none are there."""
    if source is None or source.resolve() == target.resolve():
        return
    for name in _data_files(session):
        old, new = source / name, target / name
        inside = old.resolve().is_relative_to(source.resolve())
        if inside and old.is_file() and not new.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(old, new)


def _data_files(session: Session) -> set[str]:
    found: set[str] = set()
    for graph in session.document.graphs.values():
        for node in graph.nodes.values():
            known = session.library.get(node.type)
            for parameter in known.parameters() if known else ():
                value = node.parameters.get(parameter.name)
                if parameter.form == "file" and isinstance(value, str) and value:
                    found.add(value)
    return found


def export(session: Session, shell: Shell) -> None:
    """Write the program as a Python file."""
    if session.analysis is None:
        shell.say("PyTorch is still loading.", style.WARNING)
        shell.show_tab("Problems")
    elif session.problems:
        shell.say("Solve the problems first; the list below says which.", style.WARNING)
        shell.show_tab("Problems")
    else:
        session.want_source(partial(_export, session, shell))


def _export(session: Session, shell: Shell, source: str) -> None:
    name = f"{_stem(session.document.title)}.py"
    pattern = "Python files (*.py)"
    wanted = Wanted("save", "Export as a Python file", _folder(session), name, pattern)
    shell.choose_file(wanted, lambda path: _write_export(shell, path, source))


def _write_export(shell: Shell, path: Path, source: str) -> None:
    path = path if path.suffix else path.with_suffix(".py")
    try:
        write_text(path, source)
    except OSError as error:
        text = f"{path} cannot be written: {error.strerror or error}. Choose another place."
        shell.tell("That was not exported", text)
        return
    shell.say(f"Exported {path}; run it with: python {path.name}", style.GOOD)


def choose_data(session: Session, shell: Shell, action: Callable[[str], object]) -> None:
    """Let the user choose a data file; `action` gets its path within the document's folder."""
    folder = session.folder
    if folder is None:
        text = "Data files are looked for in the document's folder."
        shell.tell("Save the document first", text)
        return
    wanted = Wanted("open", "Choose a data file", folder)
    shell.choose_file(wanted, lambda path: _take_data(shell, path, folder, action))


def _take_data(shell: Shell, path: Path, folder: Path, action: Callable[[str], object]) -> None:
    path = path.resolve()
    if path.is_relative_to(folder.resolve()):
        action(path.relative_to(folder.resolve()).as_posix())
        return
    text = f"{path.name} lies outside the document's folder. Copy it to {folder}?"
    copy = lambda: (shutil.copyfile(path, folder / path.name), action(path.name))  # noqa: E731
    shell.ask("Copy the file?", text, [("Copy", copy), ("Cancel", lambda: None)])


def examples(session: Session, shell: Shell) -> None:
    """A list of the documents that come with the program."""
    choices = [_example(session, shell, path) for path in sorted(EXAMPLES.glob(f"*{SUFFIX}"))]
    shell.choose(choices, under="toolbar/examples")


def _example(session: Session, shell: Shell, path: Path) -> Choice:
    name = path.name.removesuffix(SUFFIX)
    opened = partial(open_example, session, shell, path)
    action = partial(unless_unsaved, session, shell, opened)
    return Choice(name, read(path).description, f"examples/{name}", action)


def open_example(session: Session, shell: Shell, path: Path) -> None:
    """Open an example as a new document, which has no file yet."""
    _load(session, shell, read(path), None, data=path.parent)


def offer_recovery(session: Session, shell: Shell) -> None:
    """Offer what an editor left behind when it crashed."""
    journal = session.journal.left_behind() if session.journal else None
    if journal is None:
        return
    found = recover(journal)
    count = len(found.past)
    what = f"{count} unsaved edits" if count > 1 else "an unsaved edit"
    name = session.path.name if session.path else found.document.title
    shell.ask(
        "Recover your work?",
        f"Patchbay ended unexpectedly with {what} of {name}. "
        "Recovering changes no file until you save.",
        [
            ("Recover", lambda: _recover(session, shell, journal)),
            ("Discard", lambda: journal.unlink(missing_ok=True)),
        ],
    )


def _recover(session: Session, shell: Shell, journal: Path) -> None:
    try:
        found = recover(journal)
    except JournalError as error:
        shell.tell("That was not recovered", str(error))
        return
    session.adopt(found, journal)
    _was_loaded(session, shell)
    shell.say("Recovered; save to keep it.", style.GOOD)


def _folder(session: Session) -> Path:
    return session.path.absolute().parent if session.path else Path.cwd()


def _stem(title: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in title) or UNTITLED


def with_suffix(path: Path) -> Path:
    """The path with the ending of documents."""
    return path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
