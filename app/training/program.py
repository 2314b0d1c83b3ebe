"""From a run's document to the module that trains: checked, printed, loaded."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import nodes.library  # noqa: F401  (registers the node types)
from app.runs import Info, Run, RunError, write_text
from graphs.files import DocumentError, read
from graphs.loading import load_source
from graphs.problems import ProblemsError
from graphs.source import export


class BadDocumentError(RunError):
    """A document that cannot be trained, and the node that the sentence is about."""

    def __init__(self, text: str, node: str | None = None) -> None:
        super().__init__(text)
        self.node = node


def build_program(run: Run, info: Info) -> ModuleType:
    """Export the run's document into its program.py, and load it. Raises BadDocumentError.

    A program.py that is there already is never run: a run's folder may be a stranger's.
    """
    try:
        document = read(run.document_path)
        source = export(document, Path(info.folder) if info.folder else None)
    except DocumentError as error:
        raise BadDocumentError(str(error)) from error
    except ProblemsError as error:
        raise _problems(error) from error
    write_text(run.program_path, source)
    return load_source(source, run.program_path)


def _problems(error: ProblemsError) -> BadDocumentError:
    first = error.problems[0]
    for problem in error.problems:
        print(f"problem: {problem.node or problem.graph}: {problem.text}", flush=True)
    place = f"{first.node}: " if first.node else ""
    others = len(error.problems) - 1
    more = f" (and {others} more, see log.txt)" if others else ""
    return BadDocumentError(f"The document has a problem, {place}{first.text}{more}.", first.node)
