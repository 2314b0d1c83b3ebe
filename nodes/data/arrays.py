"""Data: arrays in NumPy's files."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from graphs.nodetypes.expressions import Call, FolderFile, call
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import Example, File
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_files.arrays import mapped, npy_arrays, npy_rows, npz_arrays, npz_head
from nodes.data.splits import N, SplitData, located

Size = Annotated[int, Field(ge=1)]


class _Arrays(SplitData, base=True):
    """Samples in NumPy's files, one row a sample."""

    shape: tuple[Size, ...] = ()
    """The shape of one sample, without the batch: 3, 32, 32 for small colour images."""
    target_is: Literal["class", "number"] = "class"
    """Whether the target is a class, (N,) integers from 0, or a number, (N, 1)."""

    outputs = ("features", "target")

    def fields(self) -> dict[str, Meta]:
        target = Meta((N,), "int64") if self.target_is == "class" else Meta((N, 1))
        return {"features": Meta((N, *self.shape)), "target": target}

    def _shape_complaints(self, name: str, shape: tuple[int, ...]) -> list[Complaint]:
        if shape[1:] == self.shape:
            return []
        sizes = ", ".join(map(str, shape[1:])) or "single numbers"
        return [Complaint(f"{name} has samples of {sizes}", "shape", {"shape": [*shape[1:]]})]


class NumpyArrays(_Arrays):
    """Arrays of your own in two .npy files, one row a sample: what the network sees, and targets.

    They may stay on disk while training, so they may be larger than memory. `features` are
    (N, 3, 32, 32) where `shape` is 3, 32, 32.
    """

    keywords = (
        "numpy",
        "npy",
        "ndarray",
        "array file",
        "tensordataset",
        "memory map",
        "memmap",
        "tensors from file",
        "dataset",
        "own data",
    )

    features: Annotated[str, File] = ""
    """The .npy file of what the network sees, in the document's folder or below it."""
    target: Annotated[str, File] = ""
    """The .npy file of what to predict."""
    keep: Literal["memory", "files"] = "memory"
    """Read everything before training (memory), or each row whenever it is needed (files)."""
    workers: Annotated[int, Field(ge=0, le=64)] = 0
    """How many processes read the next batches from files meanwhile; 0 reads them in turn."""

    examples = (
        Example(
            {"features": "x.npy", "target": "y.npy", "shape": [5, 4]},
            [],
            [(N, 5, 4), Meta((N,), "int64")],
        ),
        Example(
            {"features": "x.npy", "target": "y.npy", "shape": [5, 4], "keep": "files"},
            [],
            [(N, 5, 4), Meta((N,), "int64")],
        ),
        Example(
            {"features": "x.npy", "target": "y.npy", "shape": [5, 4], "target_is": "number"},
            [],
            [(N, 5, 4), (N, 1)],
        ),
        Example({}, [], problem="choose an .npy file"),
        Example({"features": "x.npy", "target": "y.npy"}, [], problem="x.npy has samples of 5, 4"),
        Example({"features": "small.csv", "target": "y.npy"}, [], problem="small.csv cannot be"),
    )

    @property
    def hands_out(self) -> bool:
        return self.keep == "files"

    @property
    def read_ahead(self) -> int:
        return self.workers

    def complaints(self, folder: Path | None) -> list[Complaint]:
        for name in ("features", "target"):
            path = located(folder, getattr(self, name), "an .npy file", name)
            if isinstance(path, Complaint):
                return [path]
            try:
                shape = mapped(path).shape
            except ValueError as error:
                return [Complaint(str(error), name)]
            if name == "features" and (found := self._shape_complaints(path.name, shape)):
                return found
        return []

    def build(self) -> Call:
        return call(
            npy_rows if self.hands_out else npy_arrays,
            FolderFile(self.features),
            FolderFile(self.target),
            target_is=self.target_is,
            **self.dealing,
        )


class NpzArrays(_Arrays):
    """Arrays of your own in one .npz file, one row a sample: what the network sees, and targets."""

    keywords = ("npz", "numpy archive", "array file", "tensordataset", "dataset", "own data")

    file: Annotated[str, File] = ""
    """The .npz file, in the document's folder or below it."""
    features: str = "x"
    """The name of the array that the network sees."""
    target: str = "y"
    """The name of the array to predict."""

    examples = (
        Example({"file": "both.npz", "shape": [5, 4]}, [], [(N, 5, 4), Meta((N,), "int64")]),
        Example({}, [], problem="choose an .npz file"),
        Example(
            {"file": "both.npz", "shape": [5, 4], "target": "z"},
            [],
            problem="both.npz has no array z",
        ),
    )

    def complaints(self, folder: Path | None) -> list[Complaint]:
        path = located(folder, self.file, "an .npz file")
        if isinstance(path, Complaint):
            return [path]
        for name in ("target", "features"):
            try:
                shape, _, _ = npz_head(path, getattr(self, name))
            except ValueError as error:
                return [Complaint(str(error), name)]
        return self._shape_complaints(path.name, shape)

    def build(self) -> Call:
        return call(
            npz_arrays,
            FolderFile(self.file),
            self.features,
            self.target,
            target_is=self.target_is,
            **self.dealing,
        )
