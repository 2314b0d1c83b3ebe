"""Where the files lie in which a run keeps what its probes showed, one for each look."""

from __future__ import annotations

from pathlib import Path


def probe_path(folder: Path, step: int) -> Path:
    """Where a folder of probes has what they showed after a step (safetensors)."""
    return folder / f"{step:09}.safetensors"


def probe_steps(folder: Path) -> list[int]:
    """The steps after which there is something to see, in order. Raises OSError."""
    if not folder.is_dir():
        return []
    stems = (path.stem for path in folder.glob("*.safetensors"))
    return sorted(int(stem) for stem in stems if stem.isdecimal() and stem.isascii())
