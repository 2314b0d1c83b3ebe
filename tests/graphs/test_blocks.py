"""Blocks: parameters, shared weights, rows of copies; and the steps of several optimizers."""

from pathlib import Path

import pytest
import torch
from torch import nn

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import SetParameters, apply
from graphs.load_module import load_source
from graphs.program.stages import gradient_reach, stages_of
from tests.graphs.drawing import drawn, ready


def with_blocks(main: Document, **blocks: Document) -> Document:
    """A document with blocks, each drawn as the main graph of a document."""
    graphs = {"main": main.main, **{name: block.main for name, block in blocks.items()}}
    return main.replace(graphs=graphs)


def dense(features: str | int = 8, **parameters: int) -> Document:
    """A block of one Linear and a ReLU."""
    block = drawn(
        x=("Input", {}, {"kind": "features"}),
        linear=("Linear", {"x": "x"}, {"out_features": features}),
        relu=("ReLU", {"x": "linear"}),
        y=("Output", {"value": "relu"}),
    )
    return block.with_graph("main", block.main.model_copy(update={"parameters": parameters}))


def classifier_of(**layers: tuple) -> Document:
    """Digits as pixels, the layers given, and a loss on the one called `head`."""
    return drawn(
        "blocks",
        digits=("Digits", {}, {"form": "pixels"}),
        **layers,
        head=("Linear", {"x": list(layers)[-1] + ".y"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "head", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )


def use(block: str, source: str, **parameters: object) -> tuple:
    """A use of a block with one input `x`."""
    return ("Block", {"x": source}, {"block": block, **parameters})


def program(document: Document) -> nn.Module:
    """The program of a document, made with seed 0."""
    torch.manual_seed(0)
    return ready(load_source(export(document), Path("program.py")))


def test_a_block_is_a_class() -> None:
    document = with_blocks(classifier_of(a=use("Dense", "digits.image")), Dense=dense())
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("a", "y")) == "(N, 8)"
    assert checked.shape_text("Dense", End("linear", "output")) == "(N, 8)"
    assert checked.count_parameters("main", "a") == 64 * 8 + 8
    source = export(document)
    assert "class Dense(nn.Module):" in source and "self.linear = nn.Linear(64, 8)" in source


def test_what_differs_between_uses_is_an_argument() -> None:
    document = with_blocks(
        classifier_of(
            a=use("Dense", "digits.image", arguments={"width": 20}),
            b=use("Dense", "a.y"),
        ),
        Dense=dense("=width * 2", width=8),
    )
    source = export(document)
    assert "def __init__(self, in_features: int, width: int) -> None:" in source
    assert "nn.Linear(in_features, width * 2)" in source
    assert "Dense(in_features=64, width=20)" in source
    assert "Dense(in_features=40, width=8)" in source
    assert next(program(document).network.a.parameters()).shape == (40, 64)


def test_what_never_differs_is_literal() -> None:
    both = classifier_of(a=use("Dense", "digits.image"), b=use("Dense", "digits.image"))
    document = with_blocks(both, Dense=dense("=width", width=8))
    problems = [problem.text for problem in check(document).problems]
    assert problems == [
        "its weights reach no loss that an optimizer minimises: wire its output on, or remove it"
    ]
    used = with_blocks(
        classifier_of(a=use("Dense", "digits.image")), Dense=dense("=width", width=8)
    )
    assert "nn.Linear(64, 8)" in export(used)


def test_equal_names_share_weights() -> None:
    layers = {
        "a": use("Dense", "digits.image", weights="w"),
        "b": use("Dense", "a.y", weights="w"),
        "c": use("Dense", "b.y"),
    }
    document = with_blocks(classifier_of(**layers), Dense=dense(64))
    assert check(document).problems == ()
    network = program(document).network
    assert sum(isinstance(module, type(network.w)) for module in network.modules()) == 2
    count = sum(p.numel() for p in network.parameters())
    assert count == 2 * (64 * 64 + 64) + 64 * 10 + 10


def test_shared_weights_need_equal_shapes() -> None:
    layers = {
        "a": use("Dense", "digits.image", weights="w"),
        "b": use("Dense", "a.y", weights="w"),
    }
    document = with_blocks(classifier_of(**layers), Dense=dense(8))
    (problem,) = check(document).problems
    assert problem.node == "b" and "shares its weights with a" in problem.text


def test_a_frozen_block_is_not_moved() -> None:
    layers = {
        "a": use("Dense", "digits.image", state="frozen"),
        "b": use("Dense", "a.y"),
    }
    document = with_blocks(classifier_of(**layers), Dense=dense())
    made = program(document)
    module = load_source(export(document), Path("program.py"))
    before = [p.clone() for p in made.network.parameters()]
    made.train()
    made.step(next(module.batches(module.load("cpu")["train"], 16)))
    moved = [not torch.equal(a, b) for a, b in zip(before, made.network.parameters(), strict=True)]
    assert moved == [False, False, True, True, True, True]
    assert not made.network.a.training and made.network.b.training


def test_repeat_gives_copies_their_number() -> None:
    document = with_blocks(
        classifier_of(row=("Repeat", {"x": "digits.image"}, {"block": "Dense", "copies": 3})),
        Dense=dense("=8 * 2 ** i"),
    )
    assert check(document).problems == ()
    source = export(document)
    assert "nn.Linear(in_features, 8 * 2**i)" in source
    assert "for i, in_features in enumerate([64, 8, 16])" in source
    widths = [block.linear.out_features for block in program(document).network.row]
    assert widths == [8, 16, 32]


def test_repeat_with_shared_weights() -> None:
    row = ("Repeat", {"x": "digits.image"}, {"block": "Dense", "copies": 3, "weights": "shared"})
    document = with_blocks(classifier_of(row=row), Dense=dense(64))
    assert check(document).count_parameters("main", "row") == 64 * 64 + 64
    assert len(list(program(document).network.row.parameters())) == 2


def test_weights_fit_every_time() -> None:
    row = ("Repeat", {"x": "digits.image"}, {"block": "Dense", "copies": 3, "weights": "shared"})
    (problem,) = check(with_blocks(classifier_of(row=row), Dense=dense(8))).problems
    assert problem.text == "Dense got (N, 64), then (N, 8): its weights do not fit both"


def test_repeat_sums_other_outputs() -> None:
    """A residual and a skip: the skips of all copies are summed."""
    cell = drawn(
        x=("Input", {}, {"kind": "features"}),
        linear=("Linear", {"x": "x"}, {"out_features": 64}),
        on=("Add", {"values": ["x", "linear"]}),
        chained=("Output", {"value": "on"}),
        skip=("Output", {"value": "linear"}),
    )
    main = drawn(
        "skips",
        digits=("Digits", {}, {"form": "pixels"}),
        row=("Repeat", {"x": "digits.image"}, {"block": "Cell", "copies": 2}),
    )
    rest = drawn(
        head=("Linear", {}, {"out_features": 10}), loss=("CrossEntropy", {}), adamw=("AdamW", {})
    )
    wires = [
        ("row.skip", "head.x"),
        ("head.output", "loss.prediction"),
        ("digits.label", "loss.label"),
        ("loss.output", "adamw.loss"),
    ]
    document = with_blocks(joined(main, rest, wires), Cell=cell)
    assert check(document).problems == ()
    made = program(document)
    x = torch.randn(2, 64)
    first = made.network.row[0].linear(x)
    second = made.network.row[1].linear(x + first)
    torch.testing.assert_close(made.network(x), made.network.head(first + second))


def joined(left: Document, right: Document, wires: list[tuple[str, str]]) -> Document:
    """Two drawings side by side, and wires between them."""
    more = [Wire(source=End(*a.split(".")), target=End(*b.split("."))) for a, b in wires]
    graph = Graph(
        nodes={**left.main.nodes, **right.main.nodes},
        wires=(*left.main.wires, *right.main.wires, *more),
    )
    return left.with_graph("main", graph)


def outer() -> Document:
    """A block that holds two copies of another in a row."""
    block = drawn(
        x=("Input", {}, {"kind": "features"}),
        two=("Repeat", {"x": "x"}, {"block": "Dense", "copies": 2}),
    )
    return joined(block, drawn(y=("Output", {})), [("two.y", "y.value")])


def test_blocks_in_blocks() -> None:
    layers = {"a": use("Outer", "digits.image"), "b": use("Outer", "a.y")}
    document = with_blocks(classifier_of(**layers), Outer=outer(), Dense=dense())
    assert check(document).problems == ()
    source = export(document)
    assert source.index("class Dense") < source.index("class Outer") < source.index("class Blocks")
    assert "Outer(in_features=64)" in source and "Outer(in_features=8)" in source
    broken = with_blocks(document, Outer=outer(), Dense=dense("=wide"))
    assert {(p.graph, p.node) for p in check(broken).problems} == {("Dense", "linear")}


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (use("Nowhere", "digits.image"), "there is no block 'Nowhere'"),
        (use("Dense", "digits.image", arguments={"width": "=1 / 0"}), "divides by zero"),
    ],
)
def test_bad_uses(block: tuple, words: str) -> None:
    document = with_blocks(classifier_of(a=block), Dense=dense())
    assert any(words in problem.text for problem in check(document).problems)


def test_a_block_that_contains_itself() -> None:
    inner = drawn(x=("Input", {}), again=("Block", {"x": "x"}, {"block": "Dense"}))
    inner = joined(inner, drawn(y=("Output", {})), [("again.y", "y.value")])
    document = with_blocks(classifier_of(a=use("Dense", "digits.image")), Dense=inner)
    texts = [(p.graph, p.node, p.text) for p in check(document).problems]
    assert ("Dense", "again", "Dense contains itself: take one of the two away") in texts


def test_a_problem_inside_is_on_the_inner_node() -> None:
    document = with_blocks(classifier_of(a=use("Dense", "digits.image")), Dense=dense("=wide"))
    (problem,) = check(document).problems
    assert (problem.graph, problem.node) == ("Dense", "linear")
    assert "there is no parameter wide here" in problem.text


def gan() -> Document:
    """Two optimizers, a discriminator used twice, nothing detached by hand."""
    generator = dense(64)
    discriminator = dense(1)
    main = drawn(
        "gan",
        digits=("Digits", {}, {"form": "pixels"}),
        noise=("Noise", {"like": "digits.image"}, {"features": 16}),
        fake=use("Generator", "noise"),
        real_score=use("Discriminator", "digits.image", weights="discriminator"),
        fake_score=use("Discriminator", "fake.y", weights="discriminator"),
        real_loss=("BinaryCrossEntropy", {"prediction": "real_score.y"}),
        fake_loss=("BinaryCrossEntropy", {"prediction": "fake_score.y"}, {"target": 0.0}),
        judge_loss=("Add", {"values": ["real_loss", "fake_loss"]}),
        forger_loss=("BinaryCrossEntropy", {"prediction": "fake_score.y"}),
        judge=("SGD", {"loss": "judge_loss", "weights": "fake_score.y"}, {"lr": 0.1}),
        forger=("SGD", {"loss": "forger_loss", "weights": "fake.y"}, {"lr": 0.1}),
    )
    return with_blocks(main, Generator=generator, Discriminator=discriminator)


def test_the_steps_of_a_gan() -> None:
    document = gan()
    checked = check(document)
    assert checked.problems == ()
    from graphs.program.partition import program_of

    program_ = program_of(checked.main)
    reach = gradient_reach(checked.main, program_.statements[0])
    assert reach == {"real_score", "fake_score", "real_loss", "fake_loss", "judge_loss"}
    judge, forger = stages_of(checked.main, program_)
    assert "fake" in judge.computed and judge.measured == ("real_loss", "fake_loss")
    assert forger.computed == ("fake_score", "forger_loss") and forger.reused == ("fake",)
    assert "detach" not in export(document).split("def step")[1].split("return")[0]


def test_a_gan_moves_as_the_usual_loop_moves_it() -> None:
    """The compiled step gives the updates of the hand-written loop, which detaches."""
    document = gan()
    module = load_source(export(document), Path("program.py"))
    batch = next(module.batches(module.load("cpu")["train"], 32))
    ours, usual = program(document), program(document)
    torch.manual_seed(1)
    ours.step(batch)
    torch.manual_seed(1)
    bce = nn.functional.binary_cross_entropy_with_logits
    fake = usual.generator(torch.randn(32, 16))
    real_score, fake_score = usual.discriminator(batch["image"]), usual.discriminator(fake.detach())
    loss = bce(real_score, torch.ones(32, 1)) + bce(fake_score, torch.zeros(32, 1))
    usual.judge_optimizer.zero_grad()
    loss.backward()
    usual.judge_optimizer.step()
    usual.forger_optimizer.zero_grad()
    bce(usual.discriminator(fake), torch.ones(32, 1)).backward()
    usual.forger_optimizer.step()
    for left, right in zip(ours.parameters(), usual.parameters(), strict=True):
        assert torch.equal(left, right)


def test_a_parameter_may_be_an_expression() -> None:
    document = gan()
    graph = document.graphs["Generator"].model_copy(update={"parameters": {"width": 32}})
    document = document.with_graph("Generator", graph)
    edit = SetParameters(graph="Generator", id="linear", parameters={"out_features": "=width * 2"})
    assert check(apply(document, edit)).problems == ()


def test_unused_blocks_are_checked_without_sizes() -> None:
    document = with_blocks(classifier_of(a=use("Dense", "digits.image")), Dense=dense())
    spare = Graph(nodes={"x": Node(type="Input"), "relu": Node(type="ReLU")})
    problems = check(document.with_graph("Spare", spare)).problems
    assert {(p.graph, p.node) for p in problems} == {("Spare", "relu"), ("Spare", None)}


def with_parameters(document: Document, **parameters: float) -> Document:
    """A document whose main graph has hyperparameters."""
    graph = document.main.model_copy(update={"parameters": parameters})
    return document.with_graph("main", graph)


def test_hyperparameters_are_constants_and_flags() -> None:
    """What follows from a hyperparameter follows it in the file: sizes too."""
    document = classifier_of(
        conv=("Linear", {"x": "digits.image"}, {"out_features": "=width * 2"}),
        y=("ReLU", {"x": "conv"}),
        noise=("Noise", {"like": "y"}, {"features": "=width"}),
        both=("Concat", {"values": ["y", "noise"]}),
    )
    graph = document.main
    wires = [w for w in graph.wires if w.target != End("head", "x")]
    wires.append(Wire(source=End("both", "output"), target=End("head", "x")))
    graph = graph.model_copy(update={"wires": tuple(wires)})
    document = with_parameters(document.with_graph("main", graph), width=16, lr=0.01)
    document = apply(document, SetParameters(id="adamw", parameters={"lr": "=lr"}))
    assert check(document).problems == ()
    source = export(document)
    for line in (
        "WIDTH = 16",
        "LR = 0.01",
        "def __init__(self, width: int = WIDTH) -> None:",
        "self, steps_per_epoch: int, epochs: int = EPOCHS, lr: float = LR",
        "self.conv = nn.Linear(64, width * 2)",
        "self.head = nn.Linear(width * 3, 10)",
        'parser.add_argument("--width", type=int, default=WIDTH)',
        "program = Program(width=arguments.width)",
        "program.configure_optimizers(steps_per_epoch, arguments.epochs, lr=arguments.lr)",
    ):
        assert line in source, line
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    made = module.Program(width=5)
    made.configure_optimizers(8, lr=0.5)
    batch = next(module.batches(module.load("cpu")["train"], 16))
    assert made.step(batch)["loss"].isfinite() and made.network.head.in_features == 15
    assert made.optimizer.param_groups[0]["lr"] == 0.5


def test_a_flag_does_what_the_parameter_does() -> None:
    """The file with a flag is the file of the document with that value."""
    document = with_blocks(
        classifier_of(
            a=use("Dense", "digits.image", arguments={"width": "=width"}), b=use("Dense", "a.y")
        ),
        Dense=dense("=width * 2", width=8),
    )
    changed = program(with_parameters(document, width=12))
    torch.manual_seed(0)
    source = export(with_parameters(document, width=20))
    flagged = load_source(source, Path("program.py")).Program(width=12)
    for left, right in zip(changed.parameters(), flagged.parameters(), strict=True):
        assert torch.equal(left, right)


def test_what_changes_the_graph_is_fixed_in_the_file() -> None:
    row = ("Repeat", {"x": "digits.image"}, {"block": "Dense", "copies": "=depth"})
    document = with_parameters(with_blocks(classifier_of(row=row), Dense=dense(64)), depth=3)
    source = export(document)
    assert "Fixed in this file: depth = 3." in source and "--depth" not in source


@pytest.mark.parametrize("name", ["self", "torch", "epochs", "float", "F", "i", "len"])
def test_parameters_hide_nothing(name: str) -> None:
    document = with_parameters(classifier_of(y=("ReLU", {"x": "digits.image"})), **{name: 3})
    texts = [problem.text for problem in check(document).problems]
    assert f"the parameter {name} has a name that code uses: rename it" in texts
