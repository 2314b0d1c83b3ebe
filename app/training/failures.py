"""What went wrong in a run, as one sentence for people. The traceback is for the log."""

from __future__ import annotations

import errno
import linecache
import re
import traceback
from types import ModuleType

import torch
from safetensors import SafetensorError

from app.runs.records import RunError
from app.runs.run_folder import Run
from app.training.checkpoints.checkpoint import CheckpointError
from app.training.data_errors import DataError
from app.training.devices import DeviceError
from graphs.document.document import Document
from graphs.document.document_io import read
from graphs.nodetypes.node_type import NodeType, Optimizer, node_types


class NotFiniteError(ArithmeticError):
    """A loss that is no number any more; its text is one sentence."""


PLAIN = (RunError, CheckpointError, DataError, DeviceError, NotFiniteError)
"""Errors whose text is the sentence."""


def sentence(error: BaseException, module: ModuleType | None = None, where: str = "") -> str:
    """One sentence about an error: what happened where, and what to do."""
    if isinstance(error, PLAIN):
        return str(error)
    if _is_out_of_memory(error):
        return f"Memory ran out {where}: use a smaller batch size or a smaller network.".replace(
            " :", ":"
        )
    if _is_full_disk(error):
        return "The disk is full: free some space, then resume the run."
    if isinstance(error, OSError) and error.filename and not failing_line(error, module):
        return f"{error.filename} cannot be used: {error.strerror}."
    line = failing_line(error, module)
    reason = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
    place = f" at `{line}`" if line else ""
    return f"The program failed {where}{place}: {reason}.".replace("  ", " ")


def failing_line(error: BaseException, module: ModuleType | None) -> str | None:
    """The innermost line of the generated program that the error passed through."""
    lines = failing_lines(error, module)
    return lines[0] if lines else None


def failing_lines(error: BaseException, module: ModuleType | None) -> list[str]:
    """The lines of the generated program that the error passed through, innermost first; a line
    that raises an error of its own says no more than that error.
    """
    if module is None or not module.__file__:
        return []
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        linecache.getline(frame.filename, frame.lineno or 0).strip()
        for frame in reversed(frames)
        if frame.filename == module.__file__
    ]
    return [line for line in lines if not line.startswith("raise ")]


def failing_node(error: BaseException, module: ModuleType | None, run: Run) -> str | None:
    """The node that an error is about: printed names are made from the ids of the nodes."""
    if node := getattr(error, "node", None):
        return str(node)
    lines = failing_lines(error, module)
    if not lines:
        return None
    nodes = _named(read(run.document_path))
    words = (word for line in lines for word in [*_MODULE.findall(line), *_WORD.findall(line)])
    return next((nodes[word] for word in words if word in nodes), None)


def _named(document: Document) -> dict[str, str]:
    """The nodes by the names that printed code has for them: an optimizer's ends with the word."""
    ids = [id for graph in document.graphs.values() for id in graph.nodes]
    types, main = node_types(), document.main.nodes
    moving = [id for id in main if issubclass(types.get(main[id].type, NodeType), Optimizer)]
    alone = {"optimizer": moving[0]} if len(moving) == 1 else {}
    return {**alone, **{f"{id}_optimizer": id for id in moving}, **{id: id for id in ids}}


_MODULE, _WORD = re.compile(r"self\.(\w+)"), re.compile(r"\w+")
"""A line that applies a module is about that, whatever its value is called."""


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, SafetensorError) and "os error 28" in str(error)
