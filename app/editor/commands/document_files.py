"""New, open, save, examples, export, recovery: everything that touches files, and the questions
before it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.hover import sentence
from app.editor.session.journal import Journal, JournalError, recover
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, words
from app.editor.window.dialogs import Dialogs, Wanted
from app.editor.window.layout import BAR
from graphs.document.atomic_write import write_text
from graphs.document.document import Document
from graphs.document.document_io import SUFFIX, DocumentError, read, write
from graphs.document.edits import Configure

if TYPE_CHECKING:
    from app.editor.window.window import Editor

EXAMPLES = Path(__file__).resolve().parents[3] / "assets" / "examples"
DOCUMENTS = f"Patchbay documents (*{SUFFIX})"
UNTITLED = "untitled"


class Files:
    """The file side of one window."""

    def __init__(self, editor: Editor, dialogs: Dialogs) -> None:
        self._editor = editor
        self._dialogs = dialogs
        self._model = editor.model
        self.journal = Journal(editor.model)
        editor.actions.add(
            new=lambda: self.unless_unsaved(self.new),
            open=lambda: self.unless_unsaved(self.choose),
            save=self.save,
            save_as=self.save_as,
            export=self.export,
            examples=self.show_examples,
        )

    @property
    def name(self) -> str:
        """What the window calls the document."""
        return self._model.path.name if self._model.path else self._model.document.title

    @property
    def _folder(self) -> Path:
        return self._model.path.absolute().parent if self._model.path else Path.cwd()

    def unless_unsaved(self, action: Callable[[], object]) -> None:
        """Do something that drops the document; ask first when there are unsaved changes."""
        if not self._model.is_dirty:
            action()
            return
        self._dialogs.ask(
            "Unsaved changes",
            f"{self.name} has changes that are not saved.",
            [
                ("Save", lambda: self.save(then=action)),
                ("Don't save", action),
                ("Cancel", lambda: None),
            ],
        )

    def new(self) -> None:
        """Begin an empty document."""
        self._load(Document(), None)

    def choose(self) -> None:
        """Let the user choose a document, and open it."""
        self._dialogs.choose_file(
            Wanted("open", "Open a document", self._folder, pattern=DOCUMENTS), self.open
        )

    def open(self, path: Path) -> None:
        """Open a document; a file that is none is said so."""
        try:
            self._load(read(path), path)
        except DocumentError as error:
            self._dialogs.tell("That did not open", sentence(str(error)))
            return
        self.offer_recovery()

    def _load(self, document: Document, path: Path | None, data: Path | None = None) -> None:
        self.journal.close()
        self._model.load(document, path, data_folder=data)
        self.journal.begin()
        self._editor.was_loaded()

    def save(self, then: Callable[[], object] = lambda: None) -> None:
        """Save the document, under a name that is asked for when it has none."""
        if self._model.path is None:
            self.save_as(then)
        else:
            self._write(self._model.path, then)

    def save_as(self, then: Callable[[], object] = lambda: None) -> None:
        """Save the document under another name."""
        title = self._model.document.title
        name = self._model.path.name if self._model.path else f"{_stem(title)}{SUFFIX}"
        wanted = Wanted("save", "Save the document", self._folder, name, DOCUMENTS)
        self._dialogs.choose_file(wanted, lambda path: self._write(with_suffix(path), then))

    def _write(self, path: Path, then: Callable[[], object]) -> None:
        if self._model.document.title == UNTITLED:
            title = path.name.removesuffix(SUFFIX)
            self._editor.do(Configure(title=title), title="Name the document")
        source = self._model.folder
        try:
            write(self._model.document, path)
            self._bring_data(source, path.absolute().parent)
        except OSError as error:
            text = f"{path} cannot be written: {error.strerror or error}. Choose another place."
            self._dialogs.tell("That was not saved", text)
            return
        self.journal.discard()
        self._model.was_saved(path.absolute())
        self.journal.begin()
        self._editor.say(f"Saved {path}", style.GOOD)
        then()

    def _bring_data(self, source: Path | None, target: Path) -> None:
        """Copy the data files that the document names beside it, as far as none are there."""
        if source is None or source.resolve() == target.resolve():
            return
        for name in self._data_files():
            old, new = source / name, target / name
            inside = old.resolve().is_relative_to(source.resolve())
            if inside and old.is_file() and not new.exists():
                new.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(old, new)

    def _data_files(self) -> set[str]:
        found: set[str] = set()
        for graph in self._model.document.graphs.values():
            for node in graph.nodes.values():
                known = self._editor.library.get(node.type)
                for parameter in known.parameters() if known else ():
                    value = node.parameters.get(parameter.name)
                    if parameter.form == "file" and isinstance(value, str) and value:
                        found.add(value)
        return found

    def export(self) -> None:
        """Write the program as a Python file."""
        if not self._editor.source:
            checked = self._model.checked
            text = (
                "Solve the problems first; the list below says which."
                if checked
                else "PyTorch is still loading."
            )
            self._editor.say(text, style.WARNING)
            self._editor.bottom.show("Problems")
            return
        name = f"{_stem(self._model.document.title)}.py"
        wanted = Wanted(
            "save", "Export as a Python file", self._folder, name, "Python files (*.py)"
        )
        self._dialogs.choose_file(wanted, self._write_export)

    def _write_export(self, path: Path) -> None:
        path = path if path.suffix else path.with_suffix(".py")
        try:
            write_text(path, self._editor.source)
        except OSError as error:
            text = f"{path} cannot be written: {error.strerror or error}. Choose another place."
            self._dialogs.tell("That was not exported", text)
            return
        self._editor.say(f"Exported {path}; run it with: python {path.name}", style.GOOD)

    def choose_data(self, action: Callable[[str], object]) -> None:
        """Let the user choose a data file; `action` gets its path within the document's folder."""
        folder = self._model.folder
        if folder is None:
            self._dialogs.tell(
                "Save the document first", "Data files are looked for in the document's folder."
            )
            return
        wanted = Wanted("open", "Choose a data file", folder)
        self._dialogs.choose_file(wanted, lambda path: self._take_data(path, folder, action))

    def _take_data(self, path: Path, folder: Path, action: Callable[[str], object]) -> None:
        path = path.resolve()
        if path.is_relative_to(folder.resolve()):
            action(path.relative_to(folder.resolve()).as_posix())
            return
        text = f"{path.name} lies outside the document's folder. Copy it to {folder}?"
        copy = lambda: (shutil.copyfile(path, folder / path.name), action(path.name))  # noqa: E731
        self._dialogs.ask("Copy the file?", text, [("Copy", copy), ("Cancel", lambda: None)])

    def show_examples(self) -> None:
        """A menu of the documents that come with the program."""
        left, _ = dpg.get_item_rect_min("toolbar/examples")
        menu = dpg.add_window(
            popup=True,
            no_title_bar=True,
            autosize=True,
            min_size=(scale(200), scale(30)),
            pos=(left, scale(BAR)),
            on_close=lambda item: dpg.delete_item(item),
        )
        for path in sorted(EXAMPLES.glob(f"*{SUFFIX}")):
            self._add_example(menu, path)

    def _add_example(self, menu: Item, path: Path) -> None:
        name = path.name.removesuffix(SUFFIX)

        def opened() -> None:
            dpg.delete_item(menu)
            self.unless_unsaved(lambda: self.open_example(path))

        document = read(path)
        dpg.add_selectable(
            label=name, parent=menu, tag=f"examples/{name}", callback=lambda: opened()
        )
        words(document.description, style.MUTED, wrap=scale(420), parent=menu)

    def open_example(self, path: Path) -> None:
        """Open an example as a new document, which has no file yet."""
        self._load(read(path), None, data=path.parent)

    def offer_recovery(self) -> None:
        """Offer what an editor left behind when it crashed."""
        journal = self.journal.left_behind()
        if journal is None:
            return
        found = recover(journal)
        count = len(found.past)
        what = f"{count} unsaved edits" if count > 1 else "an unsaved edit"
        name = self._model.path.name if self._model.path else found.document.title
        self._dialogs.ask(
            "Recover your work?",
            f"Patchbay ended unexpectedly with {what} of {name}. "
            "Recovering changes no file until you save.",
            [("Recover", lambda: self._recover(journal)), ("Discard", lambda: _drop(journal))],
        )

    def _recover(self, journal: Path) -> None:
        try:
            found = recover(journal)
        except JournalError as error:
            self._dialogs.tell("That was not recovered", str(error))
            return
        self._model.adopt(found)
        self.journal.adopt(journal)
        self._editor.was_loaded()
        self._editor.say("Recovered; save to keep it.", style.GOOD)

    def close(self) -> None:
        """The window closes."""
        self.journal.close()


def _drop(journal: Path) -> None:
    journal.unlink(missing_ok=True)


def _stem(title: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in title) or UNTITLED


def with_suffix(path: Path) -> Path:
    """The path with the ending of documents."""
    return path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
