"""Data: data sets of the Hugging Face Hub and of torchvision."""

import importlib.util
import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from graphs.nodetypes.expressions import Call, FolderFile, call
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import Data, Example
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_files.huggingface_torchvision import hub_images, hub_texts, vision_images
from nodes.data.splits import N, Share, SplitData, located

_LABEL = Meta((N,), "int64")


class _Hub(SplitData, base=True):
    """A data set of Hugging Face's."""

    requires: ClassVar[str] = "datasets"
    downloads = True
    dataset: str = ""
    """Its name on the Hub, such as ylecun/mnist (images) or fancyzhx/ag_news (texts): it is
    downloaded when training begins.
    """
    folder: str = ""
    """In place of a name: a folder in the document's folder that `save_to_disk` has made."""
    subset: str = ""
    """Which of its configurations, where it has several."""
    label: str = "label"
    """The column with the class, an integer from 0."""

    def complaints(self, folder: Path | None) -> list[Complaint]:
        if importlib.util.find_spec(self.requires) is None:
            return [Complaint("needs the library datasets: pip install datasets", "dataset")]
        if self.folder:
            path = located(folder, self.folder, "a folder of a data set", "folder", is_folder=True)
            return [path] if isinstance(path, Complaint) else []
        if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", self.dataset):
            text = "name a data set of the Hugging Face Hub, such as ylecun/mnist, or a folder"
            return [Complaint(text, "dataset")]
        return []

    @property
    def source(self) -> FolderFile | str:
        """What the loader reads."""
        return FolderFile(self.folder) if self.folder else self.dataset


class HuggingFaceImages(_Hub):
    """Images and their classes from a data set of the Hugging Face Hub, such as ylecun/mnist.

    `image` is (N, C, H, W), 0 to 1. Where the set has a validation or a test of its own, that is
    used; else a share of its training samples is. Needs `pip install datasets`.
    """

    keywords = (
        "hugging face",
        "huggingface",
        "hf datasets",
        "load_dataset",
        "hub",
        "image dataset",
        "imagenet",
        "download",
        "dataset",
    )

    image: str = "image"
    """The column with the picture."""
    channels: Literal[1, 3] = 3
    """3 are red, green and blue, 1 is grey; others are converted."""
    height: PositiveInt = 32
    """Rows of pixels to which each image is scaled."""
    width: PositiveInt = 32
    """Columns of pixels to which each image is scaled."""

    outputs = ("image", "label")
    examples = (
        Example({"folder": "hub_images", "height": 6, "width": 8}, [], [(N, 3, 6, 8), _LABEL]),
        Example({}, [], problem="name a data set of the Hugging Face Hub"),
        Example({"dataset": "../here"}, [], problem="name a data set of the Hugging Face Hub"),
        Example({"dataset": "https://x.org/y"}, [], problem="name a data set"),
        Example({"folder": "../hub"}, [], problem="outside the document's folder"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"image": Meta((N, self.channels, self.height, self.width)), "label": _LABEL}

    def build(self) -> Call:
        return call(
            hub_images,
            self.source,
            subset=self.subset,
            image=self.image,
            label=self.label,
            channels=self.channels,
            size=(self.height, self.width),
            **self.dealing,
        )


class HuggingFaceTexts(_Hub):
    """Texts and their classes from a data set of the Hugging Face Hub, such as fancyzhx/ag_news.

    `tokens`, (N, T), are the bytes of each text plus 1, with 0 after its end: an Embedding after it
    needs num_embeddings 257. `label` is (N,). Where the set has a validation or a test of its own,
    that is used; else a share of its training samples is. Needs `pip install datasets`.
    """

    keywords = (
        "hugging face",
        "huggingface",
        "hf datasets",
        "load_dataset",
        "hub",
        "text classification",
        "sentiment",
        "imdb",
        "ag_news",
        "download",
        "dataset",
    )

    text: str = "text"
    """The column with the text."""
    length: Annotated[int, Field(ge=1, le=1_000_000)] = 256
    """How many bytes of each text the network sees."""

    outputs = ("tokens", "label")
    examples = (
        Example({"folder": "hub_texts", "length": 9}, [], [Meta((N, 9), "int64"), _LABEL]),
        Example({"dataset": "a/b/c"}, [], problem="name a data set of the Hugging Face Hub"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"tokens": Meta((N, self.length), "int64"), "label": _LABEL}

    def build(self) -> Call:
        return call(
            hub_texts,
            self.source,
            subset=self.subset,
            text=self.text,
            label=self.label,
            length=self.length,
            **self.dealing,
        )


class TorchvisionImages(Data):
    """Images and their classes from a well-known data set, which torchvision downloads once.

    `image` is (N, C, H, W), 0 to 1, and the test is the set's own. The files stay in a
    folder `torchvision` in the document's folder. Needs `pip install torchvision`, of a version
    that fits torch.
    """

    keywords = (
        "mnist",
        "torchvision",
        "fashion mnist",
        "cifar",
        "cifar10",
        "cifar100",
        "kmnist",
        "usps",
        "image classification",
        "download",
        "dataset",
    )
    requires: ClassVar[str] = "torchvision"
    downloads = True
    common = ("validation", "split_seed", *Data.common)
    dataset: Literal["MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100", "USPS"] = "MNIST"
    """Which data set; MNIST has 70,000 handwritten digits of 28 x 28 pixels."""
    channels: Literal[1, 3] = 1
    """1 is grey, 3 are red, green and blue; others are converted."""
    height: PositiveInt = 28
    """Rows of pixels to which each image is scaled."""
    width: PositiveInt = 28
    """Columns of pixels to which each image is scaled."""
    validation: Share = 0.1
    """The share of training samples kept for validation, from 0 to 0.45."""
    split_seed: NonNegativeInt = 0
    """Fixes which sample goes where, whatever the run's own seed."""

    outputs = ("image", "label")
    examples = (
        Example({"dataset": "MNIST"}, [], [(N, 1, 28, 28), _LABEL]),
        Example({"dataset": "Mine"}, [], problem="dataset"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"image": Meta((N, self.channels, self.height, self.width)), "label": _LABEL}

    def complaints(self, folder: Path | None) -> list[Complaint]:
        if importlib.util.find_spec(self.requires) is None:
            text = "needs the library torchvision, of a version that fits torch"
            return [Complaint(text, "dataset")]
        if folder is None:
            return [Complaint("save the document first: its data files lie in its folder")]
        return []

    def build(self) -> Call:
        return call(
            vision_images,
            self.dataset,
            FolderFile("torchvision"),
            channels=self.channels,
            size=(self.height, self.width),
            validation=self.validation,
            seed=self.split_seed,
        )
