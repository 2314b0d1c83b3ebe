"""Loads generated source as the module that trains."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import ModuleType


def load_source(source: str, path: Path) -> ModuleType:
    """The module of a source that `export` printed. `path` is where a traceback says that it
    stands.
    """
    name = f"patchbay_program_{abs(hash((source, str(path)))):x}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    linecache.cache[str(path)] = (len(source), None, source.splitlines(keepends=True), str(path))
    exec(
        compile(source, str(path), "exec"), module.__dict__
    )  # our own printing, of validated values
    return module
