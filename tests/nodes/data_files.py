"""A little data of every kind, as files in a document's folder."""

import gzip
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image


def write_files(folder: Path) -> None:
    """Tables, images, sounds, arrays and texts."""
    rows = "1,2.5,x\n2,3.5,y\n3,1,x\n4,0,y\n5,1,x\n6,2,y\n"
    (folder / "small.csv").write_text(f"a,b,kind\n{rows}")
    (folder / "gaps.csv").write_text(f"a,b,kind\n{rows}NA,3,x\n7,,y\n")
    write_parquet(folder / "small.parquet")
    write_images(folder / "images")
    write_sounds(folder / "sounds")
    write_arrays(folder)
    write_hub(folder)
    (folder / "empty").mkdir()
    (folder / "text.txt").write_text("The quick brown fox jumps over the lazy dog.\n" * 30)


def write_parquet(path: Path) -> None:
    """Four rows, one of which has a gap."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return
    columns = {"a": [1, 2, 3, 4], "b": [0.5, None, 1.5, 2.0], "kind": ["x", "y", "x", "y"]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def write_hub(folder: Path) -> None:
    """Two data sets as Hugging Face's library saves them: one split, and two."""
    try:
        import datasets
    except ImportError:
        return
    pictures = [Image.new("RGB", (8, 6), (40 * n, 0, 0)) for n in range(6)]
    images = datasets.Dataset.from_dict({"image": pictures, "label": [0, 1] * 3})
    images.cast_column("image", datasets.Image()).save_to_disk(folder / "hub_images")
    texts = datasets.Dataset.from_dict({"text": ["good", "bad", "é"] * 4, "label": [0, 1, 2] * 4})
    parts = datasets.DatasetDict({"train": texts, "test": texts.select(range(3))})
    parts.save_to_disk(folder / "hub_texts")


def write_images(folder: Path) -> None:
    """Six dark squares of one colour and six of another, some grey, some see-through."""
    for name, colour in (("blue", (0, 0, 90)), ("red", (90, 0, 0))):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            mode = "RGB" if number < 4 else "L" if number < 5 else "RGBA"
            picture = Image.new("RGB", (8, 6), colour).convert(mode)
            picture.save(folder / name / f"{number}.png")


def write_sounds(folder: Path) -> None:
    """A tenth of a second of a low tone and of a high one, six times."""
    time = np.arange(800) / 8000
    for name, pitch in (("high", 800), ("low", 200)):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            wave = 0.5 * np.sin(2 * np.pi * (pitch + number) * time)
            soundfile.write(folder / name / f"{number}.wav", wave, 8000)


def idx(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write_arrays(folder: Path) -> None:
    """Ten images as IDX files, and as NumPy's."""
    images = np.arange(200).reshape(10, 5, 4)
    labels = np.arange(10) % 3
    (folder / "images.idx").write_bytes(idx(images))
    (folder / "labels.idx.gz").write_bytes(gzip.compress(idx(labels)))
    np.save(folder / "x.npy", images.astype(np.float32))
    np.save(folder / "y.npy", labels)
    np.savez_compressed(folder / "both.npz", x=images, y=labels)
