"""Data of the user's own: what is read, and the one sentence about what cannot be."""

import gzip
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch.nn import functional as F

from graphs.runtime.data_files.arrays import mapped, npy_arrays, npy_rows, npz_arrays
from graphs.runtime.data_files.audio_folders import read_sound, sound_files, sound_folder
from graphs.runtime.data_files.bundled import bundled_table, digits, digits_domain
from graphs.runtime.data_files.class_folders import class_files
from graphs.runtime.data_files.idx import idx_images, idx_images_and_test, read_idx
from graphs.runtime.data_files.image_folders import IMAGES, image_files, image_folder, read_image
from graphs.runtime.data_files.tables import read_csv, read_parquet, table
from graphs.runtime.data_files.texts import (
    characters,
    file_bytes,
    read_text,
    reference_text,
    windows,
)
from nodes.data.splits import located
from tests.nodes.data_files import idx, write_files

DEALT = {"validation": 0.2, "test": 0.2, "seed": 0}
COLUMNS = {"target": "kind", "target_is": "class", "standardise": False, **DEALT}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("document")
    write_files(folder)
    return folder


def all_of(splits: dict, name: str) -> torch.Tensor:
    """One field of all samples."""
    return torch.cat([splits[part][name] for part in ("train", "validation", "test")])


# -- tables


def test_gaps(folder: Path) -> None:
    sheet = read_csv(folder / "gaps.csv")
    assert sheet.rows == [2, 3, 4, 5, 6, 7, 8, 9]
    dropped = table(sheet, ["a", "b"], missing="drop", **COLUMNS)
    assert sorted(all_of(dropped, "features")[:, 0].tolist()) == [1, 2, 3, 4, 5, 6]
    valued = table(sheet, ["a", "b"], missing="value", fill=-9.0, **COLUMNS)
    assert (all_of(valued, "features") == -9).sum() == 2
    meant = table(sheet, ["a", "b"], missing="mean", **COLUMNS)
    known = [v for v in meant["train"]["features"][:, 0].tolist() if v.is_integer()]
    filled = all_of(meant, "features")
    assert filled.shape == (8, 2) and torch.isfinite(filled).all()
    assert min(known) <= meant["train"]["features"][:, 0].mean() <= max(known)
    with pytest.raises(ValueError, match=r"gaps.csv, row 8: column a is empty"):
        table(sheet, ["a"], **COLUMNS)


def test_categories_are_numbers(folder: Path) -> None:
    options = {**COLUMNS, "target": "b", "target_is": "number"}
    fields = table(read_csv(folder / "small.csv"), ["a"], categories=("kind",), **options)
    a, kind = all_of(fields, "features")[:, 0], all_of(fields, "categories")[:, 0]
    assert [int(k) for _, k in sorted(zip(a.tolist(), kind.tolist(), strict=True))] == [0, 1] * 3


def test_features_are_standardised_by_what_is_trained_on(folder: Path) -> None:
    options = {**COLUMNS, "standardise": True}
    seen = table(read_csv(folder / "small.csv"), ["a", "b"], **options)["train"]["features"]
    torch.testing.assert_close(seen.mean(0), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(seen.std(0), torch.ones(2))


BAD_ROWS = {
    "a,kind\n1,x\n2\n": "row 3 has 1 cells, and there are 2 columns",
    "a,kind\n1,x\n2,y,z\n": "row 3 has 3 cells",
    "a,kind\n1,x\n\ntwo,y\n3,x\n": "row 4: column a has 'two', which is not a number",
    "a,kind\n1,x\n2,y\ninf,x\n": "row 4: column a has 'inf', which is not finite",
    "a,kind\n1,x\n2,x\n3,x\n": "column kind has one class",
    "a,kind\n1,x\n": "has 1 rows to use",
    "a,kind\n": "has 0 rows to use",
    "": "has no column",
}


@pytest.mark.parametrize(("text", "words"), BAD_ROWS.items(), ids=list(BAD_ROWS.values()))
def test_bad_tables(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as caught:
        table(read_csv(path), ["a"], **COLUMNS)
    assert "bad.csv" in str(caught.value)


def test_parquet_is_what_csv_is(folder: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: the extra parquet has it")
    sheet = read_parquet(folder / "small.parquet", ["a", "kind"])
    fields = table(sheet, ["a"], **COLUMNS)
    assert sorted(all_of(fields, "features")[:, 0].tolist()) == [1, 2, 3, 4]


@pytest.mark.parametrize(("name", "samples"), [("iris", 150), ("wine", 178), ("diabetes", 442)])
def test_bundled(name: str, samples: int) -> None:
    splits = bundled_table(name, standardise=True, **DEALT)
    assert len(all_of(splits, "target")) == samples


def test_edges_of_digits_have_their_strokes_at_the_same_place() -> None:
    """Outside of the training halves, which have no image in common, each has its counterpart."""
    scale = {"contrast": 2.0, "brightness": -1.0, **DEALT}
    strokes = digits_domain("first", "strokes", **scale)
    drawn = digits_domain("second", "edges", **scale)
    for part in ("validation", "test"):
        assert torch.equal(strokes[part]["label"], drawn[part]["label"])
        ink = F.pad((strokes[part]["image"] + 1) / 2, (1, 1, 1, 1))
        varied = F.max_pool2d(ink, 3, 1) + F.max_pool2d(-ink, 3, 1)
        torch.testing.assert_close(drawn[part]["image"], 2 * varied - 1)
    halves = len(strokes["train"]["label"]), len(drawn["train"]["label"])
    assert abs(halves[0] - halves[1]) <= 1
    whole = digits("image", **DEALT)["train"]["label"]
    labels = torch.cat([strokes["train"]["label"], drawn["train"]["label"]])
    assert torch.equal(labels, whole)


# -- folders of files


@pytest.mark.parametrize("kind", ["image", "sound"])
def test_files_on_demand_are_those_in_memory(folder: Path, kind: str) -> None:
    loads = {
        "image": (image_folder, image_files, "images", {"channels": 3, "size": (8, 8)}),
        "sound": (sound_folder, sound_files, "sounds", {"rate": 4000, "length": 300}),
    }
    memory, files, name, options = loads[kind]
    whole, parts = (
        memory(folder / name, **options, **DEALT),
        files(folder / name, **options, **DEALT),
    )
    for part, fields in whole.items():
        taken = parts[part].take(torch.arange(len(parts[part])))
        assert all(torch.equal(taken[field], fields[field]) for field in fields)
        assert torch.equal(parts[part].column("label"), fields["label"])


def test_classes_are_folders_in_alphabetical_order(folder: Path) -> None:
    paths, label = class_files(folder / "images", IMAGES)
    assert [path.parent.name for path in paths] == ["blue"] * 6 + ["red"] * 6
    assert label.tolist() == [0] * 6 + [1] * 6
    image = read_image(paths[0], 3, (4, 4))
    torch.testing.assert_close(image[:, 0, 0], torch.tensor([0, 0, 90 / 255]))


def test_bad_images(tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    bad = tmp_path / "cats" / "tom.png"
    bad.write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"cats/tom.png is no image"):
        read_image(bad, 3, (4, 4))
    Image.new("RGB", (30, 30)).save(bad)
    bad.write_bytes(bad.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"cats/tom.png is no image"):
        read_image(bad, 3, (4, 4))
    bad.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n")
    with pytest.raises(ValueError, match=r"cats/tom.png is no image"):
        read_image(bad, 3, (4, 4))  # would run Ghostscript


def test_an_image_that_unpacks_to_anything_is_refused(tmp_path: Path) -> None:
    side = 20_000
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    data = zlib.compress(b"\0" * 100_000)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(ValueError, match=r"bomb.png is too large an image"):
        read_image(tmp_path / "bomb.png", 1, (4, 4))


def test_bad_folders(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a folder for each of two classes"):
        class_files(tmp_path, IMAGES)
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match=r"/a has no file that ends in .png"):
        class_files(tmp_path, IMAGES)
    Image.new("L", (2, 2)).save(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    os.symlink(folder / "images" / "red" / "0.png", tmp_path / "b" / "1.png")
    with pytest.raises(ValueError, match=r"b/1.png is a link out of"):
        class_files(tmp_path, IMAGES)


def test_sounds_are_resampled_mixed_and_filled_up(tmp_path: Path) -> None:
    time = np.arange(1000) / 8000
    tone = 0.5 * np.sin(2 * np.pi * 100 * time)
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([tone, tone], 1), 8000)
    wave = read_sound(path, 4000, 600)
    assert wave.shape == (1, 600) and wave[0, 500:].abs().sum() == 0
    torch.testing.assert_close(
        wave[0, 50:450], torch.tensor(tone[100:900:2]).float(), atol=0.01, rtol=0
    )
    path.write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"tone.wav is no sound"):
        read_sound(path, 4000, 600)


# -- arrays


def test_rows_on_disk_are_those_in_memory(folder: Path) -> None:
    files = (folder / "x.npy", folder / "y.npy")
    for target_is in ("class", "number"):
        whole = npy_arrays(*files, target_is, **DEALT)
        parts = npy_rows(*files, target_is, **DEALT)
        for part, fields in whole.items():
            taken = parts[part].take(torch.arange(len(parts[part])))
            assert all(torch.equal(taken[name], fields[name]) for name in fields)
    labels = parts["train"].column("target")
    assert torch.equal(
        labels, parts["train"].take(torch.arange(len(labels)))["target"][:, 0].long()
    )
    packed = npz_arrays(folder / "both.npz", "x", "y", "class", **DEALT)
    assert torch.equal(packed["train"]["target"], whole["train"]["target"][:, 0].long())


class Bad:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple:
        return (os.system, ("touch /tmp/unpickled",))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([Bad()], object), allow_pickle=True)
    (tmp_path / "b.npy").write_bytes(pickle.dumps([1, 2, 3]))
    np.savez(tmp_path / "c.npz", x=np.array([Bad()], object), y=np.arange(1))
    for name in ("a.npy", "b.npy"):
        with pytest.raises(ValueError, match=f"{name} cannot be read"):
            mapped(tmp_path / name)
    with pytest.raises(ValueError, match=r"c.npz: x is no array of numbers"):
        npz_arrays(tmp_path / "c.npz", "x", "y", "class", **DEALT)


def test_heads_that_promise_too_much_are_refused(tmp_path: Path) -> None:
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 8), }\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(ValueError, match=r"a.npy cannot be read"):
        mapped(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.npy", data)
        archive.writestr("y.npy", data)
    with pytest.raises(ValueError, match=r"b.npz: x says that it has 6,399,999,999,936 bytes"):
        npz_arrays(tmp_path / "b.npz", "x", "y", "class", **DEALT)


def test_idx(folder: Path, tmp_path: Path) -> None:
    files = (folder / "images.idx", folder / "labels.idx.gz")
    splits = idx_images(*files, **DEALT)
    images, labels = all_of(splits, "image"), all_of(splits, "label")
    assert images.shape == (10, 1, 5, 4) and labels.bincount().tolist() == [4, 3, 3]
    assert ((images[:, 0, 0, 0] * 255).round() / 20 % 3).long().tolist() == labels.tolist()
    both = idx_images_and_test(*files, *files, validation=0.2, seed=0)
    assert [len(part["label"]) for part in both.values()] == [8, 2, 10]
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(idx(np.zeros((2, 2))) + b"\0" * 10**6))
    (tmp_path / "cut.idx").write_bytes(idx(np.zeros((9, 2, 2)))[:-1])
    (tmp_path / "huge.idx").write_bytes(b"\0\0\x08\x03" + b"\xff" * 12)
    (tmp_path / "torn.gz").write_bytes(gzip.compress(idx(np.zeros((9, 2, 2))))[:-9])
    for name, words in {
        "bomb.gz": "should hold 4 bytes, and holds more",
        "cut.idx": "should hold 36 bytes",
        "huge.idx": "too many",
        "torn.gz": "cannot be read",
    }.items():
        with pytest.raises(ValueError, match=words) as caught:
            read_idx(tmp_path / name)
        assert name in str(caught.value)


# -- texts


def test_windows_and_what_comes_next() -> None:
    splits = windows(torch.arange(100), 10, validation=0.1, test=0.3)
    assert [len(part["tokens"]) for part in splits.values()] == [5, 0, 2]
    assert splits["train"]["tokens"][1].tolist() == list(range(10, 20))
    assert splits["train"]["target"][1].tolist() == list(range(11, 21))
    with pytest.raises(ValueError, match="there are 3 tokens to train on: more than 10 are needed"):
        windows(torch.arange(3), 10, validation=0.0, test=0.0)


def test_batches_that_go_on() -> None:
    train = windows(torch.arange(101), 10, 0.0, 0.0, side_by_side=3)["train"]["tokens"]
    assert train[:, 0].tolist() == [0, 30, 60, 10, 40, 70, 20, 50, 80]


def test_letters_by_frequency(folder: Path) -> None:
    assert characters("abacabad", 3).tolist() == [1, 2, 1, 0, 1, 2, 1, 0]
    assert bytes(file_bytes(folder / "text.txt")[:9].tolist()) == b"The quick"
    text = reference_text()
    assert len(text) > 200_000 and text.count("lambda") > 10
    paragraphs = text.split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs)


def test_a_text_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"a.txt is not UTF-8 text: read it as bytes"):
        read_text(tmp_path / "a.txt")


# -- no path leads out of the folder


def test_paths(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_text("x")
    os.symlink(tmp_path / "secret", inside / "link")
    os.symlink(inside / "round", inside / "round")
    (inside / "pipe").mkdir()
    for name, words in {
        "../secret": "lies outside",
        str(tmp_path / "secret"): "lies outside",
        "link": "lies outside",
        "pipe": "pipe is not a file of words",
        "none": "there is no file none",
        "a\0b": "is no path",
        "": "choose a file of words",
    }.items():
        found = located(inside, name, "a file of words")
        assert not isinstance(found, Path) and words in found.text, (name, found)
    assert not isinstance(located(inside, "round", "a file of words"), Path)
    assert not isinstance(located(None, "x", "a file of words"), Path)
