"""Data that cannot be loaded or read: one sentence, on the data node that it is about."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class DataError(RuntimeError):
    """Data that cannot be used; its text is one sentence."""

    def __init__(self, text: str, node: str | None = None) -> None:
        super().__init__(text)
        self.node = node


@contextmanager
def about_data(nodes: tuple[str, ...], module: Any) -> Iterator[None]:
    """Errors in here are the data's. `nodes` are the data nodes of the generated module."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, GeneratorExit):
        raise
    except Exception as error:
        raise DataError(_sentence(error), _node(error, nodes, module)) from error


def read(batches: Iterator[Any], nodes: tuple[str, ...], module: Any) -> Iterator[Any]:
    """Batches, one after the other; what cannot be read is the data's error."""
    while True:
        with about_data(nodes, module):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _sentence(error: Exception) -> str:
    """The reason alone; an error of another process has the traceback in its text."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be used: {error.strerror}."
    text = str(error).rstrip()
    if "Original Traceback" in text:
        text = text.splitlines()[-1].partition(": ")[2]
    reason = " ".join(text.split())[:300].rstrip(".") or type(error).__name__
    if isinstance(error, ValueError):  # those of our loaders name the file and the place
        return f"The data cannot be used: {reason}."
    return f"The data cannot be loaded: {type(error).__name__}, {reason}."


def _node(error: Exception, nodes: tuple[str, ...], module: Any) -> str | None:
    """The data node that the error is about: the only one, or the one in the failing line."""
    if len(nodes) == 1:
        return nodes[0]
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.line or "" for f in frames if f.filename == getattr(module, "__file__", None)]
    return next((word for word in re.findall(r"\w+", " ".join(lines)) if word in nodes), None)
