"""Uses of a block whose weights start from a file."""

import functools
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, Graph
from graphs.document.document_io import read
from graphs.document.edits import apply
from graphs.document.problems import Problem
from graphs.load_module import load_source
from graphs.nodetypes.safetensors_header import LARGEST_HEADER
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import classifier_of, dense, gan, use, with_blocks


def encoder() -> Document:
    """A block with weights, buffers, and a row of copies of another block."""
    return drawn(
        x=("Input", {}, {"kind": "image"}),
        conv=("Conv2d", {"x": "x"}, {"out_channels": 4}),
        norm=("BatchNorm2d", {"x": "conv"}),
        flat=("Flatten", {"x": "norm"}),
        row=("Repeat", {"x": "flat"}, {"block": "Dense", "copies": 2}),
        y=("Output", {"value": "row.y"}),
    )


def reader(**parameters: object) -> Document:
    """A classifier of digits by an encoder."""
    main = drawn(
        "reader",
        digits=("Digits", {}),
        encoder=use("Encoder", "digits.image", **parameters),
        head=("Linear", {"x": "encoder.y"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "head", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    return with_blocks(main, Encoder=encoder(), Dense=dense(256))


def program_of(document: Document, folder: Path, seed: int = 0) -> torch.nn.Module:
    """The program of a document, made with a seed, before it reads any file."""
    torch.manual_seed(seed)
    return load_source(export(document, folder), folder / "program.py").Program()


@functools.cache
def trained() -> dict[str, Tensor]:
    """What a training of the reader has saved."""
    return program_of(reader(), Path(), seed=1).state_dict()


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, Tensor]:
    """What lies in `trained.safetensors`."""
    save_file(trained(), tmp_path / "trained.safetensors")
    return trained()


def problems(document: Document, folder: Path | None) -> list[Problem]:
    return list(check(document, folder).problems)


STARTED = {"start_from": "trained.safetensors", "start_part": "network.encoder"}


@pytest.mark.parametrize("state", ["trained", "frozen"])
def test_a_use_starts_from_a_file(state: str, tmp_path: Path, weights: dict[str, Tensor]) -> None:
    document = reader(**STARTED, state=state)
    assert problems(document, tmp_path) == []
    program = program_of(document, tmp_path)
    before = program.state_dict()["network.head.weight"].clone()
    program.load_weights(tmp_path)
    after = program.state_dict()
    inside = [name for name in weights if name.startswith("network.encoder.")]
    assert len(inside) == 11 and all(torch.equal(after[name], weights[name]) for name in inside)
    assert torch.equal(after["network.head.weight"], before)
    moving = any(weight.requires_grad for weight in program.network.encoder.parameters())
    assert moving == (state == "trained")


def test_the_exported_file_reads_well(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    source = export(reader(**STARTED), tmp_path)
    line = 'load_part(self.network.encoder, folder / "trained.safetensors", "network.encoder")'
    assert line in source
    assert "program.load_weights(arguments.data)" in source
    assert "from safetensors.torch import load_file, save_file" in source
    assert "load_weights" not in export(reader(), tmp_path)


def test_a_file_of_the_block_alone(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    start = "network.encoder."
    own = {name.removeprefix(start): w for name, w in weights.items() if name.startswith(start)}
    save_file(own, tmp_path / "encoder.safetensors")
    document = reader(start_from="encoder.safetensors")
    assert problems(document, tmp_path) == []
    assert 'load_part(self.network.encoder, folder / "encoder.safetensors")' in export(
        document, tmp_path
    )


def test_the_part_is_offered(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    document = reader(start_from="trained.safetensors")
    (problem,) = problems(document, tmp_path)
    assert (problem.node, problem.parameter) == ("encoder", "start_part")
    assert "trained.safetensors has weights that fit under network.encoder:" in problem.text
    (fix,) = problem.fixes
    assert problems(apply(document, *fix.edits), tmp_path) == []


def test_several_optimizers(tmp_path: Path) -> None:
    """Both uses of a shared block say the same file, and it is loaded once."""
    save_file(program_of(gan(), tmp_path, seed=1).state_dict(), tmp_path / "gan.safetensors")
    started = {"start_from": "gan.safetensors", "start_part": "discriminator"}
    document = changed(gan(), ["real_score", "fake_score"], started)
    assert problems(document, tmp_path) == []
    assert export(document, tmp_path).count("load_part(self.discriminator, ") == 1
    (problem,) = problems(changed(gan(), ["real_score"], started), tmp_path)
    assert "it shares its weights with" in problem.text and "starts otherwise" in problem.text


EXAMPLES = Path(__file__).parents[2] / "assets/examples"


HOLDERS = ("gan", "own_cell", "maml_sinusoid", "unit", "snail", "wavenet", "resnet56", "densenet")


@pytest.mark.parametrize("name", HOLDERS)
def test_every_holder_of_a_block_may_start_from_a_file(name: str, tmp_path: Path) -> None:
    """What a check needs is what the exported program calls its weights, and it can be loaded."""
    document = read(EXAMPLES / f"{name}.graph.json")
    old = program_of(document, tmp_path, seed=1).state_dict()
    save_file(old, tmp_path / "old.safetensors")
    uses = [
        id
        for id, type_ in check(document).main.types.items()
        if hasattr(type_, "start_from") and not type_.follows
    ]
    document = changed(document, uses, {"start_from": "old.safetensors"})
    found = problems(document, tmp_path)
    assert [problem.node for problem in found] == uses
    document = apply(document, *(edit for problem in found for edit in problem.fixes[0].edits))
    assert problems(document, tmp_path) == []
    program = program_of(document, tmp_path)
    program.load_weights(tmp_path)
    after = program.state_dict()
    parts = tuple(f"{document.main.nodes[id].parameters['start_part']}." for id in uses)
    inside = [name for name in old if name.startswith(parts)]
    assert inside and all(torch.equal(after[name], old[name]) for name in inside)


def changed(document: Document, ids: list[str], parameters: dict[str, object]) -> Document:
    """A document with parameters of some nodes of main."""
    nodes = dict(document.main.nodes)
    for id in ids:
        given = {**nodes[id].parameters, **parameters}
        nodes[id] = nodes[id].model_copy(update={"parameters": given})
    graph = Graph(nodes=nodes, wires=document.main.wires, parameters=document.main.parameters)
    return document.with_graph("main", graph)


def said(folder: Path, **parameters: object) -> str:
    """The one problem of a reader that starts from a file."""
    (problem,) = problems(reader(**parameters), folder)
    assert problem.node == "encoder"
    return problem.text


def test_the_file_must_be_there(tmp_path: Path) -> None:
    (tmp_path.parent / "outside.safetensors").touch()
    (tmp_path / "inside.safetensors").symlink_to(tmp_path.parent / "outside.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    assert "there is no file gone.safetensors" in said(tmp_path, start_from="gone.safetensors")
    for name in ("../outside.safetensors", "inside.safetensors", "/etc/hostname"):
        assert "outside the document's folder" in said(tmp_path, start_from=name)
    assert "folder.safetensors is no file" in said(tmp_path, start_from="folder.safetensors")
    (problem,) = problems(reader(start_from="any.safetensors"), None)
    assert "save the document first" in problem.text


def header(value: object, data: bytes = b"") -> bytes:
    text = json.dumps(value).encode()
    return len(text).to_bytes(8, "little") + text + data


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no safetensors file, or was cut off"),
        (b"PK\x03\x04 a pickle in a zip", "is no safetensors file, or was cut off"),
        ((2**63).to_bytes(8, "little") + b"{}", "is no safetensors file, or was cut off"),
        (header({"a": ENTRY}), "is damaged, or no safetensors file"),
        (header({"a": {**ENTRY, "shape": [2**40, 2**40]}}, bytes(8)), "is damaged"),
        (header({"a": {**ENTRY, "dtype": "PICKLE"}}, bytes(8)), "is damaged"),
        (header(["a"]), "is damaged"),
        (b"\x03" + bytes(7) + b"{\xff}", "is damaged"),
        (
            header({"a": ENTRY}, bytes(8)),
            "conv.weight needs (4, 1, 3, 3), bad.safetensors has none",
        ),
    ],
)
def test_a_strangers_file(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(content)
    assert words in said(tmp_path, start_from="bad.safetensors")


def test_a_huge_header_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "bad.safetensors").open("wb") as file:
        file.write((LARGEST_HEADER + 1).to_bytes(8, "little"))
        file.truncate(LARGEST_HEADER + 100)
    assert "longer than 16 MiB" in said(tmp_path, start_from="bad.safetensors")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("conv.bias", None, "conv.bias needs (4,), part.safetensors has none"),
        ("extra", torch.zeros(3), "extra is not needed, part.safetensors has (3,)"),
        ("conv.bias", torch.zeros(5), "conv.bias needs (4,), part.safetensors has (5,)"),
        (
            "conv.bias",
            torch.zeros(4, dtype=torch.int64),
            "conv.bias needs float32, part.safetensors has int64",
        ),
        (
            "norm.num_batches_tracked",
            torch.tensor(1.0),
            "norm.num_batches_tracked needs int64, part.safetensors has float32",
        ),
        ("conv.bias", torch.zeros(4, dtype=torch.float16), None),
    ],
)
def test_what_does_not_fit_is_said(
    name: str, value: Tensor | None, words: str | None, tmp_path: Path, weights: dict[str, Tensor]
) -> None:
    start = "network.encoder."
    own = {key.removeprefix(start): w for key, w in weights.items() if key.startswith(start)}
    own.pop(name, None)
    save_file(own if value is None else {**own, name: value}, tmp_path / "part.safetensors")
    found = problems(reader(start_from="part.safetensors"), tmp_path)
    assert [problem.text for problem in found] == ([words] if words else [])


def test_several_differences_are_counted(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    text = said(tmp_path, **{**STARTED, "start_part": "network.head"}, weights="other")
    assert "network.encoder" in text  # what fits is offered before what does not is told
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "small.safetensors")
    text = said(tmp_path, start_from="small.safetensors")
    assert "conv.weight needs (4, 1, 3, 3), small.safetensors has (1,) (and 10 more" in text


def test_an_average_has_no_file(tmp_path: Path) -> None:
    main = classifier_of(
        a=use("Dense", "digits.image", weights="a"),
        b=use("Dense", "digits.image", state="average", average_of="a", start_from="x"),
    )
    texts = [p.text for p in problems(with_blocks(main, Dense=dense()), tmp_path)]
    assert any("an average starts as the weights that it follows" in text for text in texts)


def test_files_are_named_in_main(tmp_path: Path) -> None:
    outer = drawn(
        x=("Input", {}),
        inner=use("Dense", "x", start_from="x.safetensors"),
        y=("Output", {"value": "inner.y"}),
    )
    main = classifier_of(a=use("Outer", "digits.image"))
    (problem,) = problems(with_blocks(main, Outer=outer, Dense=dense()), tmp_path)
    assert (problem.graph, problem.node) == ("Outer", "inner")
    assert "files of weights are named in main" in problem.text


def test_a_block_without_weights(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    plain = drawn(x=("Input", {}), relu=("ReLU", {"x": "x"}), y=("Output", {"value": "relu"}))
    main = classifier_of(a=use("Plain", "digits.image", start_from="trained.safetensors"))
    (problem,) = problems(with_blocks(main, Plain=plain), tmp_path)
    assert "it has no weights that could start from a file" in problem.text


def test_a_training_that_goes_on_needs_no_file(tmp_path: Path) -> None:
    document = reader(**STARTED)
    assert problems(document, tmp_path) != []
    checked = check(document, tmp_path, started=True)
    assert checked.problems == ()
    assert "load_weights" in export(document, tmp_path, checked)
