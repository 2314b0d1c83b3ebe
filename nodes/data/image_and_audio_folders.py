"""Data: folders of images and of audio, with a folder for each class; IDX files."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from graphs.nodetypes.expressions import Call, FolderFile, call
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import Example, File
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_files.audio_folders import SOUNDS, sound_files, sound_folder
from graphs.runtime.data_files.class_folders import class_files
from graphs.runtime.data_files.idx import idx_images, idx_images_and_test, idx_shape
from graphs.runtime.data_files.image_folders import IMAGES, image_files, image_folder
from nodes.data.splits import N, SplitData, located

Workers = Annotated[int, Field(ge=0, le=64)]


class _Folder(SplitData, base=True):
    """Files in a folder that has a folder for each class."""

    what: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    folder: str = ""
    """The folder, in the document's folder or below it; each folder in it is one class, in
    alphabetical order from 0."""
    keep: Literal["memory", "files"] = "memory"
    """Read everything before training (memory), or each file whenever it is needed (files), for
    more than fits into memory."""
    workers: Workers = 0
    """How many processes read the next batches from files meanwhile; 0 reads them in turn."""

    @property
    def hands_out(self) -> bool:
        return self.keep == "files"

    @property
    def read_ahead(self) -> int:
        return self.workers

    def complaints(self, folder: Path | None) -> list[Complaint]:
        path = located(folder, self.folder, f"a folder of {self.what}", "folder", is_folder=True)
        if isinstance(path, Complaint):
            return [path]
        try:
            class_files(path, self.endings)
        except (OSError, ValueError) as error:
            return [Complaint(str(error), "folder")]
        return []


class ImageFolder(_Folder):
    """Images of your own: a folder with a folder of PNG, JPEG, BMP, GIF, WebP or TIFF files for
    each class.

    `image` is (N, C, H, W), 0 (black) to 1 (white), scaled to one size; `label` is the class.
    """

    keywords = (
        "torchvision.datasets.ImageFolder",
        "pictures",
        "photos",
        "png",
        "jpg",
        "jpeg",
        "directory",
        "image classification",
        "own images",
        "dataset",
        "image_dataset_from_directory",
    )

    what = "images"
    endings = IMAGES
    channels: Literal[1, 3] = 3
    """3 are red, green and blue, 1 is grey; others are converted."""
    height: PositiveInt = 32
    """Rows of pixels to which each image is scaled."""
    width: PositiveInt = 32
    """Columns of pixels to which each image is scaled."""

    outputs = ("image", "label")
    examples = (
        Example({"folder": "images"}, [], [(N, 3, 32, 32), Meta((N,), "int64")]),
        Example(
            {"folder": "images", "channels": 1, "height": 5, "width": 7, "keep": "files"},
            [],
            [(N, 1, 5, 7), Meta((N,), "int64")],
        ),
        Example({}, [], problem="choose a folder of images"),
        Example({"folder": "nowhere"}, [], problem="there is no folder nowhere"),
        Example({"folder": "empty"}, [], problem="a folder for each of two classes"),
        Example({"folder": "small.csv"}, [], problem="small.csv is not a folder of images"),
    )

    def fields(self) -> dict[str, Meta]:
        image = Meta((N, self.channels, self.height, self.width))
        return {"image": image, "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(
            image_files if self.hands_out else image_folder,
            FolderFile(self.folder),
            channels=self.channels,
            size=(self.height, self.width),
            **self.dealing,
        )


class AudioFolder(_Folder):
    """Audio of your own: a folder with a folder of WAV, FLAC or OGG files for each class.

    `wave` is (N, 1, T), -1 to 1: the beginning of each sound, mixed to one channel, with silence
    after its end; `label` is the class.
    """

    keywords = (
        "wav",
        "flac",
        "ogg",
        "sound",
        "audio",
        "speech",
        "torchaudio",
        "librosa",
        "waveform",
        "directory",
        "speech commands",
        "audio classification",
        "dataset",
    )

    what = "sounds"
    endings = SOUNDS
    rate: PositiveInt = 16_000
    """Sample rate: values a second; a file with another rate is resampled."""
    length: PositiveInt = 16_000
    """How many values of each sound the network sees: 16,000 are a second at a rate of 16,000."""

    outputs = ("wave", "label")
    examples = (
        Example(
            {"folder": "sounds", "rate": 4000, "length": 400},
            [],
            [(N, 1, 400), Meta((N,), "int64")],
        ),
        Example(
            {"folder": "sounds", "rate": 8000, "length": 400, "keep": "files"},
            [],
            [(N, 1, 400), Meta((N,), "int64")],
        ),
        Example({}, [], problem="choose a folder of sounds"),
        Example({"folder": "images"}, [], problem="has no file that ends in .wav"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"wave": Meta((N, 1, self.length)), "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(
            sound_files if self.hands_out else sound_folder,
            FolderFile(self.folder),
            rate=self.rate,
            length=self.length,
            **self.dealing,
        )


class IdxImages(SplitData):
    """Images in the format of MNIST: one IDX file of images and one of labels, packed by gzip or
    not.

    `image` is (N, 1, H, W), 0 to 1, `label` is (N,). With files for the test too, these are the
    test; else a share of the images is.
    """

    keywords = ("mnist files", "idx", "ubyte", "idx3", "gzip", "emnist", "fashion mnist", "dataset")

    images: Annotated[str, File] = ""
    """The file of images, such as train-images-idx3-ubyte.gz."""
    labels: Annotated[str, File] = ""
    """The file of labels, such as train-labels-idx1-ubyte.gz."""
    test_images: Annotated[str, File] = ""
    """The file of images for the test, such as t10k-images-idx3-ubyte.gz; none: a share."""
    test_labels: Annotated[str, File] = ""
    """The file of labels for the test, such as t10k-labels-idx1-ubyte.gz; none: a share."""
    height: PositiveInt = 28
    """Rows of pixels, as the file says them."""
    width: PositiveInt = 28
    """Columns of pixels, as the file says them."""

    outputs = ("image", "label")
    examples = (
        Example(
            {"images": "images.idx", "labels": "labels.idx.gz", "height": 5, "width": 4},
            [],
            [(N, 1, 5, 4), Meta((N,), "int64")],
        ),
        Example(
            {
                "images": "images.idx",
                "labels": "labels.idx.gz",
                "test_images": "images.idx",
                "test_labels": "labels.idx.gz",
                "height": 5,
                "width": 4,
            },
            [],
            [(N, 1, 5, 4), Meta((N,), "int64")],
        ),
        Example({}, [], problem="choose an IDX file"),
        Example(
            {"images": "images.idx", "labels": "labels.idx.gz"},
            [],
            problem="images.idx has images of 5 x 4 pixels",
        ),
        Example({"images": "small.csv", "labels": "small.csv"}, [], problem="is no IDX file"),
    )

    def fields(self) -> dict[str, Meta]:
        return {
            "image": Meta((N, 1, self.height, self.width)),
            "label": Meta((N,), "int64"),
        }

    @property
    def _files(self) -> dict[str, str]:
        """The files by parameter; those for the test count if one of them is named."""
        names = ["images", "labels"]
        if self.test_images or self.test_labels:
            names += ["test_images", "test_labels"]
        return {name: getattr(self, name) for name in names}

    def complaints(self, folder: Path | None) -> list[Complaint]:
        places = {
            name: located(folder, file, "an IDX file", name) for name, file in self._files.items()
        }
        found = [place for place in places.values() if isinstance(place, Complaint)]
        paths = {name: p for name, p in places.items() if isinstance(p, Path) and "images" in name}
        return found or [
            c for name, path in paths.items() for c in self._size_complaints(name, path)
        ]

    def _size_complaints(self, name: str, path: Path) -> list[Complaint]:
        try:
            shape = idx_shape(path)
        except ValueError as error:
            return [Complaint(str(error), name)]
        if len(shape) != 3:
            return [Complaint(f"{path.name} has {len(shape)} axes, and images have three", name)]
        if tuple(shape[1:]) != (self.height, self.width):
            text = f"{path.name} has images of {shape[1]} x {shape[2]} pixels"
            return [Complaint(text, "height", {"height": shape[1], "width": shape[2]})]
        return []

    def build(self) -> Call:
        files = [FolderFile(file) for file in self._files.values()]
        if len(files) == 2:
            return call(idx_images, *files, **self.dealing)
        return call(idx_images_and_test, *files, validation=self.validation, seed=self.split_seed)
