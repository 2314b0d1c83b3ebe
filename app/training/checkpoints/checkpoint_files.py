"""Checkpoints on disk: safetensors files, and one JSON file that names them.

    checkpoints/best.safetensors                 weights of the best epoch
    checkpoints/last-000007.safetensors          weights
    checkpoints/last-000007.state.safetensors    optimizers, random states, the epoch begun
    checkpoints/last.json                        names the two, and holds what is no tensor

Each file is written whole or not at all, and last.json comes last: a kill leaves the old
checkpoint or the new one, never a mixture.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.training.checkpoints.checkpoint import CheckpointError, Record, Snapshot
from graphs.document.validation_faults import first_fault
from graphs.system.atomic_write import replacing, sync_folder, write_text

LARGEST_RECORD = 64 << 20
"""Bytes of the largest last.json that is read."""


def write(folder: Path, snapshot: Snapshot) -> None:
    """Make a snapshot the last checkpoint of a folder. Raises OSError or SafetensorError."""
    number = 1 + max((_number(path) for path in folder.glob("last-*")), default=0)
    weights, state = f"last-{number:06}.safetensors", f"last-{number:06}.state.safetensors"
    write_tensors(folder / weights, snapshot.weights)
    write_tensors(folder / state, snapshot.tensors)
    record = snapshot.record.model_copy(update={"weights": weights, "state": state})
    write_text(folder / "last.json", record.model_dump_json())
    sync_folder(folder)
    for path in folder.glob("last-*"):
        if path.name not in (weights, state):
            path.unlink()


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Put tensors into a file, whole or not at all. Raises OSError or SafetensorError."""
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt"})


def exists(folder: Path) -> bool:
    """Whether there is a checkpoint in a folder."""
    return (folder / "last.json").exists()


def read(folder: Path) -> Snapshot | None:
    """The last checkpoint of a folder; None when there is none yet. Raises CheckpointError."""
    path = folder / "last.json"
    if not exists(folder):
        return None
    try:
        if path.stat().st_size > LARGEST_RECORD:
            raise CheckpointError(f"{path} is larger than a checkpoint's record can be.")
        record = Record.model_validate_json(path.read_bytes())
        return Snapshot(
            record, load_file(folder / record.weights), load_file(folder / record.state)
        )
    except ValidationError as error:
        fault = first_fault(error)
        reason = f"{fault.where}: {fault.message}"
        raise CheckpointError(f"The checkpoint {path} is damaged ({reason}).") from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The checkpoint in {folder} is damaged ({error}).") from error


def _number(path: Path) -> int:
    digits = path.name.removeprefix("last-").split(".")[0]
    return int(digits) if digits.isdecimal() else 0
