"""Data: what its node types have in common, random splits and files in a folder."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeInt

from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import Data
from graphs.nodetypes.tensor_kinds import SYMBOLS

N = SYMBOLS["N"]
Share = Annotated[float, Field(ge=0, le=0.45)]


class SplitData(Data, base=True):
    """Samples that are split at random into training, validation and test."""

    common: ClassVar[tuple[str, ...]] = ("validation", "test", "split_seed", *Data.common)
    validation: Share = 0.15
    """The share of samples kept for validation, from 0 to 0.45."""
    test: Share = 0.15
    """The share of samples kept for a test after training, from 0 to 0.45."""
    split_seed: NonNegativeInt = 0
    """Fixes which sample goes where, whatever the run's own seed."""

    @property
    def dealing(self) -> dict[str, float]:
        """The shares and the seed, as loaders take them."""
        return {"validation": self.validation, "test": self.test, "seed": self.split_seed}


def located(
    folder: Path | None, name: str, what: str, parameter: str = "file", is_folder: bool = False
) -> Path | Complaint:
    """Where something that a document names lies, or why it cannot be used: `what` is "a CSV file".

    No path leads out of the document's folder, through links neither.
    """
    if not name:
        return Complaint(f"choose {what} that lies in the document's folder", parameter)
    if folder is None:
        return Complaint("save the document first: its data files lie in its folder", parameter)
    try:
        path = (folder / name).resolve()
    except (OSError, ValueError, RuntimeError):  # no text of a path, or a circle of links
        return Complaint(f"{name!r} is no path of a file: choose {what}", parameter)
    if not path.is_relative_to(folder.resolve()):
        text = f"{name} lies outside the document's folder: copy it there"
        return Complaint(text, parameter)
    if not path.exists():
        kind = "folder" if is_folder else "file"
        return Complaint(f"there is no {kind} {name} in the document's folder", parameter)
    if not (path.is_dir() if is_folder else path.is_file()):
        return Complaint(f"{name} is not {what}: choose one", parameter)
    return path
