"""Sets that others share: the real loading code on small data of our own.

PyPI's torchvision does not work with a CPU build of torch, so its classes are tried only where they
import; without it the rest of the loading is, on pictures.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from graphs.runtime.data_files import huggingface_torchvision
from tests.nodes.data_files import idx, write_hub

DEALT = {"validation": 0.25, "test": 0.25, "seed": 0}
NEEDS = "datasets is not installed: the extra hub has it"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("datasets", reason=NEEDS)
    write_hub(tmp_path)
    return tmp_path


def test_images(folder: Path) -> None:
    size = {"channels": 1, "size": (3, 4)}
    splits = huggingface_torchvision.hub_images(
        folder / "hub_images", "", "image", "label", **size, **DEALT
    )
    assert [len(part["label"]) for part in splits.values()] == [2, 2, 2]
    assert splits["train"]["image"].shape == (2, 1, 3, 4)


def test_texts_and_a_test_of_their_own(folder: Path) -> None:
    splits = huggingface_torchvision.hub_texts(
        folder / "hub_texts", "", "text", "label", 5, **DEALT
    )
    assert [len(part["label"]) for part in splits.values()] == [9, 3, 3]
    assert splits["test"]["tokens"][1].tolist() == [99, 98, 101, 0, 0]
    assert splits["test"]["tokens"][2].tolist() == [0xC3 + 1, 0xA9 + 1, 0, 0, 0]


def test_a_column_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ValueError, match="has no column words; it has text, label"):
        huggingface_torchvision.hub_texts(folder / "hub_texts", "", "words", "label", 5, **DEALT)


def test_pictures_as_numbers() -> None:
    picture = Image.fromarray(np.array([[0, 255], [51, 102]], np.uint8))
    values = huggingface_torchvision.image_pixels(picture, 3, (2, 2))
    torch.testing.assert_close(values[1], torch.tensor([[0, 1], [0.2, 0.4]]))


def test_torchvision(tmp_path: Path) -> None:
    """MNIST's own files in small; torchvision finds them and downloads nothing."""
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"torchvision does not import here: {error}")
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train", "t10k"):
        (raw / f"{name}-images-idx3-ubyte").write_bytes(idx(np.zeros((8, 28, 28))))
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(idx(np.arange(8)))
    splits = huggingface_torchvision.vision_images(
        "MNIST", tmp_path, 1, (28, 28), validation=0.25, seed=0
    )
    assert [len(part["label"]) for part in splits.values()] == [6, 2, 8]
