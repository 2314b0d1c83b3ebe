"""The registry is the table: every node type, every example."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.check.node_parameters import validated
from graphs.check.shape_inference import Arrivals, infer
from graphs.compiler import check
from graphs.document.document import Document, End, Graph, Node
from graphs.nodetypes.node_type import Data, Example, NodeType, Optimizer, node_types
from graphs.nodetypes.tensor_kinds import Meta, is_symbolic
from nodes.families import FAMILIES, family_of
from tests.nodes.bench import (
    described,
    ends_of,
    example_inputs,
    loaded,
    metas_of,
    printed_class,
    run_description,
)
from tests.nodes.data_files import write_files

TYPES = sorted(node_types().items())
ROWS = [
    pytest.param(type_, example, id=f"{name}-{number}")
    for name, type_ in TYPES
    for number, example in enumerate(type_.examples)
]
GOOD = [row for row in ROWS if row.values[1].problem is None]
BAD = [row for row in ROWS if row.values[1].problem is not None]
COMPUTED = [row for row in GOOD if not issubclass(row.values[0], (Data, Optimizer))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document's folder with a little of every kind of data."""
    folder = tmp_path_factory.mktemp("document")
    write_files(folder)
    return folder


def needed(type_: type[NodeType]) -> None:
    """Leave out the rows of a type whose library is not there, and say which."""
    if library := getattr(type_, "requires", ""):
        found = importlib.util.find_spec(library)
        if found is None:
            pytest.skip(f"{library} is not installed: {type_.__name__} needs it")


def arrivals_of(type_: NodeType, example: Example) -> Arrivals:
    """An example's inputs as they arrive."""
    sources = ends_of(type_, metas_of(example.inputs))
    return tuple((name, tuple(meta for _, meta in found)) for name, found in sources.items())


@pytest.mark.parametrize(("name", "type_"), TYPES)
def test_every_word_is_there(name: str, type_: type[NodeType]) -> None:
    assert len(type_.help()) > 40 and type_.summary().endswith(".")
    assert family_of(type_) in FAMILIES
    assert type_.__dict__.get("keywords"), f"{name} has no keywords"
    for parameter in type_.parameters():
        assert parameter.help.endswith("."), f"{name}.{parameter.name} has no help"
    if type_.block_fields() or type_.role in ("input", "output") or not type_.remembered:
        return  # these need a document or a file: tests/graphs/test_blocks.py, test_custom.py
    good = [example for example in type_.examples if example.problem is None]
    assert good and len(good) < len(type_.examples), (
        f"{name} needs a row that works and one that fails"
    )


@pytest.mark.parametrize(("type_", "example"), GOOD)
def test_shapes(type_: type[NodeType], example: Example) -> None:
    made = type_.model_validate(example.parameters)
    facts = infer(made, arrivals_of(made, example))
    assert facts.problem is None
    assert [meta for _, meta in facts.outputs] == metas_of(example.outputs or [])


@pytest.mark.parametrize(("type_", "example"), BAD)
def test_what_is_wrong_is_said(type_: type[NodeType], example: Example, folder: Path) -> None:
    needed(type_)
    node = Node(type=type_.type_name(), parameters=example.parameters)
    made = validated(node)
    if not isinstance(made, NodeType):
        texts = [text for _, text in made]
    elif isinstance(made, Data) and not example.inputs:
        texts = [complaint.text for complaint in made.complaints(folder)]
    else:
        # The batch arrives as a symbol, as it does in the editor; sizes of graphs have their own.
        batch = {2: 100_003}
        inputs = [
            Meta((batch.get(meta.shape[0], meta.shape[0]), *meta.shape[1:]), meta.dtype)
            if meta.shape and not any(map(is_symbolic, meta.shape))
            else meta
            for meta in metas_of(example.inputs)
        ]
        facts = infer(made, arrivals_of(made, example._replace(inputs=list(inputs))))
        texts = [facts.problem or ""]
    assert any(str(example.problem) in text for text in texts), texts


@pytest.mark.parametrize(("type_", "example"), COMPUTED)
def test_printed_is_described(type_: type[NodeType], example: Example) -> None:
    """The printed class computes what the description does, bit for bit, backward too."""
    made = type_.model_validate(example.parameters)
    node = described(example, made)
    metas = dict(
        zip(
            (End("node", port) for port in node.outputs),
            metas_of(example.outputs or []),
            strict=True,
        )
    )
    results = []
    for printed in (False, True):
        tensors = example_inputs(example, made)
        torch.manual_seed(0)
        if printed:
            source, module = printed_class(node, len(tensors), metas)
            outputs = module(*tensors)
        else:
            outputs = run_description(node, tensors)
        assert [tuple(output.shape) for output in outputs] == [
            meta.shape for meta in metas.values()
        ]
        moving = [output for output in outputs if output.requires_grad]
        if moving:
            sum(output.double().square().sum() for output in moving).backward()
        results.append((outputs, [tensor.grad for tensor in tensors if tensor.requires_grad]))
    (left, left_grads), (right, right_grads) = results
    assert all(torch.equal(a, b) for a, b in zip(left, right, strict=True)), source
    for a, b in zip(left_grads, right_grads, strict=True):
        assert (a is None) == (b is None) and (a is None or torch.equal(a, b))


@pytest.mark.parametrize(("type_", "example"), GOOD)
def test_saved_is_loaded(type_: type[NodeType], example: Example) -> None:
    made = type_.model_validate(example.parameters)
    parameters = json.loads(made.model_dump_json())
    node = Node(type=type_.type_name(), parameters=parameters)
    graph = Graph(nodes={"node": node})
    loaded = Document.model_validate_json(Document(graphs={"main": graph}).model_dump_json())
    assert validated(loaded.main.nodes["node"]) == made


@pytest.mark.parametrize(("type_", "example"), [r for r in GOOD if issubclass(r.values[0], Data)])
def test_data_is_what_it_says(type_: type[Data], example: Example, folder: Path) -> None:
    """The loader gives every split the fields, shapes and dtypes that the graph was drawn with."""
    needed(type_)
    if type_.__name__ == "TorchvisionImages":
        pytest.skip("downloaded: see test_huggingface_torchvision.py")
    made = type_.model_validate(example.parameters)
    assert made.complaints(folder) == []
    splits = loaded(example, made, folder)
    assert list(splits) == ["train", "validation", "test"]
    for split in splits.values():
        fields = split if isinstance(split, dict) else split.take(torch.arange(min(len(split), 3)))
        for name, meta in infer(made, arrivals_of(made, example)).outputs:
            known = [n for n, size in enumerate(meta.shape) if n and not is_symbolic(size)]
            assert [fields[name].shape[n] for n in known] == [meta.shape[n] for n in known]
            assert str(fields[name].dtype) == f"torch.{meta.dtype}"
            assert not meta.floating or torch.isfinite(fields[name]).all()


@pytest.mark.parametrize("type_", [type_ for _, type_ in TYPES if issubclass(type_, Optimizer)])
def test_optimizers_move_weights(type_: type[Optimizer]) -> None:
    """Each makes a parabola smaller in a hundred steps."""
    weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    built = type_.model_validate({"lr": 0.05}).build("loss", "weights")
    optimizer = built.target([weight], **built.kwargs)
    before = weight.detach().square().sum()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    for _ in range(100):
        optimizer.step(closure)
    assert weight.detach().square().sum() < 0.5 * before


def test_a_second_type_of_the_same_name_is_refused() -> None:
    with pytest.raises(TypeError, match="there is a node type Conv2d"):
        type("Conv2d", (NodeType,), {"__module__": "elsewhere", "__doc__": "Another."})


def test_unknown_parameters_are_said_and_kept() -> None:
    node = Node(type="ReLU", parameters={"slope": 1})
    problems = check(Document(graphs={"main": Graph(nodes={"relu": node})})).problems
    assert any("slope is not a parameter of this node" in problem.text for problem in problems)
