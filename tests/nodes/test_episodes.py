"""Few examples: tasks and how they are dealt, and what is made of them."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from app.previews.contents import preview
from graphs.compiler import check, export
from graphs.document.document import End
from graphs.document.edits import SetParameters, apply
from graphs.load_module import load_source
from graphs.runtime.data_synthetic.episodes import episodes
from graphs.runtime.data_synthetic.glyphs import random_signs
from graphs.runtime.layers.few_shot import (
    cosine_attention,
    cosine_distances,
    known_labels,
    previous_labels,
    prototypes,
)
from tests.graphs.drawing import drawn, ready
from tests.nodes.few_shot import SYSTEMS, prototypical


@pytest.fixture
def task() -> tuple[Tensor, Tensor, Tensor]:
    """Examples (2, 7, 4) of three classes, some more often, their labels, queries (2, 5, 4)."""
    torch.manual_seed(0)
    label = torch.tensor([[0, 1, 2, 0, 1, 2, 2], [2, 1, 0, 0, 0, 0, 1]])
    return torch.randn(2, 7, 4), label, torch.randn(2, 5, 4)


def test_a_prototype_is_the_mean_of_its_class(task: tuple[Tensor, Tensor, Tensor]) -> None:
    embedding, label, _ = task
    middle = prototypes(embedding, label, 4)
    for n in range(2):
        for c in range(3):
            torch.testing.assert_close(middle[n, c], embedding[n, label[n] == c].mean(0))
    assert middle[:, 3].eq(0).all()


def test_prototypes_are_a_linear_classifier(task: tuple[Tensor, Tensor, Tensor]) -> None:
    """Nearest in squared distance: weights 2p and bias -|p|² (Snell et al. 2017, section 2.4)."""
    embedding, label, query = (part[0] for part in task)
    middle = prototypes(embedding[None], label[None], 3)[0]
    far = -(torch.cdist(query, middle) ** 2)
    linear = F.linear(query, 2 * middle, -middle.square().sum(1))
    torch.testing.assert_close(far.log_softmax(1), linear.log_softmax(1))


def test_cosine_distance_is_torchs(task: tuple[Tensor, Tensor, Tensor]) -> None:
    x, _, y = task
    usual = 1 - F.cosine_similarity(x[:, :, None], y[:, None], dim=-1)
    torch.testing.assert_close(cosine_distances(x, y), usual)


def test_attention_to_examples_is_a_sum(task: tuple[Tensor, Tensor, Tensor]) -> None:
    support, label, query = task
    scores = cosine_attention(query, support, label, 3, sharpness=10.0)
    torch.testing.assert_close(scores.exp().sum(-1), torch.ones(2, 5))
    likeness = F.cosine_similarity(query[1, 2], support[1], dim=-1)
    share = (10 * likeness).softmax(0)
    for c in range(3):
        torch.testing.assert_close(scores[1, 2, c].exp(), share[label[1] == c].sum())
    sharp = cosine_attention(support, support, label, 3, sharpness=1000.0)
    assert torch.equal(sharp.argmax(-1), label) and sharp.isfinite().all()


def test_labels_come_a_step_late() -> None:
    late = previous_labels(torch.tensor([[2, 0, 1]]), 3)
    assert late.tolist() == [[[0, 0, 0], [0, 0, 1], [1, 0, 0]]]
    known = known_labels(torch.tensor([[2, 0]]), 3, asked=2)
    assert known.tolist() == [[[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]]]


def dealt(way: int = 3, shot: int = 2, queries: int = 4, **changes: object) -> dict:
    """Tasks of samples that are numbers: 240 of them, of 20 classes."""
    sample = torch.arange(240)
    shares = {"validation": 0.2, "test": 0.3, "seed": 1}
    counts = {"way": way, "shot": shot, "queries": queries, "tasks": 50, "held_out": 10}
    return episodes(sample, sample % 20, **{**counts, **shares, **changes})


def test_tasks_are_of_their_own_classes() -> None:
    splits = dealt()
    seen: dict[str, set[int]] = {}
    for name, split in splits.items():
        assert len(split) == (50 if name == "train" else 10)
        batch = split.take(torch.arange(len(split)))
        assert batch["support"].shape == (len(split), 6) == batch["support_label"].shape
        assert batch["query"].shape == (len(split), 12) == batch["query_label"].shape
        number = torch.cat([batch["support_label"], batch["query_label"]], 1)
        sample = torch.cat([batch["support"], batch["query"]], 1)
        for samples, numbers in zip(sample.tolist(), number.tolist(), strict=True):
            assert len(set(samples)) == 18
            assert len({(one % 20, n) for one, n in zip(samples, numbers, strict=True)}) == 3
        assert batch["support_label"].sort(1).values[0].tolist() == [0, 0, 1, 1, 2, 2]
        seen[name] = set((sample % 20).flatten().tolist())
    assert [len(classes) for classes in seen.values()] == [10, 4, 6]
    assert not seen["train"] & seen["validation"] | (seen["test"] & seen["train"])
    assert not seen["validation"] & seen["test"]


def test_tasks_dealt_anew_are_never_the_same() -> None:
    train, test = (dealt(anew=True)[part] for part in ("train", "test"))
    index = torch.arange(50)
    held = test.take(index[:10])
    assert torch.equal(held["query"], test.take(index[:10])["query"])
    torch.manual_seed(0)
    first, second = train.take(index), train.take(index)
    torch.manual_seed(0)
    again = train.take(index)
    assert len(train) == 50 and all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["support"], second["support"])
    for batch in (first, second):
        sample = torch.cat([batch["support"], batch["query"]], 1)
        number = torch.cat([batch["support_label"], batch["query_label"]], 1)
        assert all(len(set(row)) == 18 for row in sample.tolist())
        assert all(row.bincount().tolist() == [6, 6, 6] for row in number)
        assert not set((sample % 20).flatten().tolist()) & set(
            (held["query"] % 20).flatten().tolist()
        )


def test_equal_seeds_deal_alike() -> None:
    index = torch.tensor([7, 3])
    one, same, other = (dealt(**change)["train"].take(index) for change in ({}, {}, {"seed": 2}))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["support"], other["support"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"way": 5}, "episodes of 5 classes need as many in every split, and there are 4 in"),
        ({"way": 21, "validation": 0.0, "test": 0.0}, "there are 20 in train: lower way"),
        ({"shot": 10}, "episodes need 14 samples of a class, and one has 12"),
    ],
)
def test_too_little_to_deal(changes: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dealt(**changes)


def test_classes_of_unequal_sizes() -> None:
    """None of the places that fill up a small class is ever dealt."""
    label = torch.tensor([0] * 3 + [1] * 9 + [2] * 5)
    options = {"tasks": 40, "held_out": 1, "validation": 0.0, "test": 0.0, "seed": 0}
    splits = episodes(torch.arange(17), label, way=3, shot=1, queries=2, **options)
    batch = splits["train"].take(torch.arange(40))
    for asked, number in zip(batch["query"], batch["query_label"], strict=True):
        assert len(set(asked.tolist())) == 6
        assert [label[asked[number == one]].unique().numel() for one in range(3)] == [1, 1, 1]
    assert set(batch["query"].flatten().tolist()) == set(range(17))


def test_a_split_without_classes_has_no_tasks() -> None:
    splits = dealt(validation=0.0)
    assert len(splits["validation"]) == 0 and len(splits["test"]) == 10


def test_signs_of_a_class_are_alike() -> None:
    plain = random_signs(4, 10, 12, 0.0, 0.2, 0.1, seed=3)
    assert [len(part["label"]) for part in plain.values()] == [28, 8, 4]
    for part in plain.values():
        assert part["label"].unique().tolist() == [0, 1, 2, 3]
        assert part["image"].min() >= 0 and part["image"].max() <= 1
    image, label = plain["train"].values()
    for c in range(4):
        assert torch.equal(image[label == c], image[label == c][:1].expand(7, 1, 12, 12))
        assert (image[label == c][0] - image[label != c]).abs().amax((1, 2, 3)).min() > 0.5
    shaky = random_signs(4, 10, 12, 1.0, 0.2, 0.1, seed=3)["train"]["image"]
    assert not torch.equal(shaky[0], shaky[1])


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_is_drawn(name: str) -> None:
    """Each is sound, and one step of it moves its weights."""
    document = SYSTEMS[name]()
    assert [problem.text for problem in check(document).problems] == []
    module = load_source(export(document), Path("program.py"))
    torch.manual_seed(0)
    program = ready(module)
    before = {name: weight.detach().clone() for name, weight in program.named_parameters()}
    batch = next(iter(module.batches(module.load("cpu")["train"], 16)))
    assert module.size_of(batch) == 16
    values = program.step(batch)
    assert all(value.isfinite().all() for value in values.values())
    moved = [not torch.equal(weight, before[name]) for name, weight in program.named_parameters()]
    assert sum(moved) >= len(moved) - 1


def test_classes_never_seen_are_told_apart() -> None:
    """After two epochs of tasks of other classes; chance is 0.2."""
    module = load_source(export(prototypical()), Path("program.py"))
    torch.manual_seed(0)
    data, program = module.load("cpu"), ready(module)
    before = module.measure(program, data["test"])["accuracy"]
    for _ in range(2):
        module.train(program, data["train"])
    after = module.measure(program, data["test"])["accuracy"]
    assert 0.4 < before < 0.6 and after > before + 0.08


def test_data_is_made_from_data() -> None:
    source = export(prototypical())
    assert 'image, label = samples_of(glyphs, "image", "label")' in source
    assert "splits = episodes(\n        image,\n        label," in source
    assert "BATCH_SIZE = 16" in source


def test_the_source_may_be_in_batches_too() -> None:
    """Digits as tasks, and beside them digits as they are."""
    main = drawn(
        digits=("Digits", {}),
        tasks=(
            "Episodes",
            {"sample": "digits.image", "label": "digits.label"},
            {"way": 2, "validation": 0.2, "test": 0.2, "batch_size": 64},
        ),
        flat=("Flatten", {"x": "digits.image"}),
        linear=("Linear", {"x": "flat"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "linear", "label": "digits.label"}),
        rows=("Flatten", {"x": "tasks.support"}),
        guess=("Linear", {"x": "rows"}, {"out_features": 2}),
        first=("Select", {"x": "tasks.query_label"}),
        other=("CrossEntropy", {"prediction": "guess", "label": "first"}),
        both=("Add", {"values": ["loss", "other"]}),
        sgd=("SGD", {"loss": "both"}),
    )
    assert check(main).problems == ()
    module = load_source(export(main), Path("program.py"))
    batch = next(iter(module.batches(module.load("cpu")["train"], 64)))
    assert batch["digits.image"].shape == (64, 1, 8, 8)
    assert batch["tasks.support"].shape == (64, 2, 1, 8, 8)


def test_tasks_of_files(tmp_path: Path) -> None:
    """A source that reads its files on demand is read whole, once."""
    for name, colour in (("blue", (0, 0, 90)), ("red", (90, 0, 0))):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (4, 4), colour).save(tmp_path / "images" / name / f"{number}.png")
    read = {"folder": "images", "keep": "files", "height": 4, "width": 4}
    main = drawn(
        "files",
        pictures=("ImageFolder", {}, read),
        tasks=(
            "Episodes",
            {"sample": "pictures.image", "label": "pictures.label"},
            {"way": 2, "queries": 2, "tasks": 9, "validation": 0.0, "test": 0.0},
        ),
        rows=("Flatten", {"x": "tasks.support"}),
        guess=("Linear", {"x": "rows"}, {"out_features": 2}),
        first=("Select", {"x": "tasks.query_label"}),
        loss=("CrossEntropy", {"prediction": "guess", "label": "first"}),
        sgd=("SGD", {"loss": "loss"}),
    )
    source = export(main, tmp_path)
    assert 'samples_of(all_samples(pictures), "image", "label")' in source
    split = load_source(source, Path("program.py")).load("cpu", tmp_path)["train"]
    batch = split.take(torch.arange(9))
    assert batch["support"].shape == (9, 2, 3, 4, 4) and batch["query"].shape == (9, 4, 3, 4, 4)
    known, asked = (batch[name][:, :, 0].amax((2, 3)) > 0.3 for name in ("support", "query"))
    red = batch["support_label"][known]
    assert torch.equal(asked, batch["query_label"] == red[:, None])


def test_tasks_are_previewed() -> None:
    shown = preview(prototypical(), "tasks", None)
    assert shown["splits"] == {"train": 512, "validation": 100, "test": 100}
    support = shown["fields"][0]
    assert support["shape"] == "(N, 5, 1, 8, 8)"
    picture = support["samples"]["images"][0]
    assert (picture["width"], picture["height"]) == (40, 8)


def test_wires_into_data_come_from_data() -> None:
    wired = drawn(
        glyphs=("Glyphs", {}, {"classes": 2}),
        scaled=("Scale", {"x": "glyphs.image"}),
        tasks=("Episodes", {}),
    )
    checked = check(wired)
    target = End("tasks", "sample")
    assert checked.accepts("main", End("glyphs", "image"), target)
    assert not checked.accepts("main", End("scaled", "output"), target)


def test_what_is_no_data_cannot_be_dealt() -> None:
    document = prototypical()
    wired = drawn(
        glyphs=("Glyphs", {}),
        other=("Digits", {}),
        flat=("Flatten", {"x": "glyphs.image"}),
        tasks=("Episodes", {"sample": "flat", "label": "other.label"}),
    )
    texts = [problem.text for problem in check(wired).problems if problem.node == "tasks"]
    assert texts == [
        "sample takes samples of a data node, which flat.output is no part of: wire one",
        "it takes samples of flat and other: wire both ports to one of them",
    ]
    edit = SetParameters(id="tasks", parameters={"sampling": "balanced"})
    (problem,) = (p for p in check(apply(document, edit)).problems if p.node == "tasks")
    assert "balanced sampling needs a field of classes" in problem.text
