"""Sequences that go on: what is fed back, what a block sees, and what it remembers."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from graphs.check.node_parameters import validated
from graphs.compiler import check, export
from graphs.document.document import Document, End, Node, Wire
from graphs.document.edits import AddNode, Connect, Disconnect, SetParameters, apply
from graphs.load_module import load_source
from graphs.runtime.blocks.generation import generate, remembering
from tests.graphs.drawing import drawn, ready
from tests.graphs.test_blocks import program, with_blocks
from tests.nodes.generating import (
    PROMPT,
    VOCABULARY,
    language_model,
    model,
    recurrent,
    transformer,
    wavenet,
)

MODELS = {
    "wavenet": wavenet(),
    "lstm": recurrent("LSTM"),
    "gru": recurrent("GRU"),
    "rnn": recurrent("RNN", nonlinearity="relu"),
    **{name: transformer(name) for name in ("sinusoidal", "learned", "rotary", "alibi")},
    "layers": transformer("alibi", "TransformerEncoderLayer"),
}


def prompt(batch: int = 3) -> Tensor:
    return torch.randint(VOCABULARY, (batch, PROMPT), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=MODELS)
def writer(request: pytest.FixtureRequest) -> nn.Module:
    """The program of each model, after a few steps of training, and cached in its file."""
    document = MODELS[request.param]
    assert check(document).problems == ()
    source = export(document)
    assert "temperature=0.0, cached=True" in source
    torch.manual_seed(0)
    module = load_source(source, Path("writer.py"))
    made = ready(module)
    for batch in module.batches(module.load("cpu")["train"], 16):
        made.step(batch)
    return made


def test_cached_is_naive(writer: nn.Module) -> None:
    """The same tokens exactly, and the same values to 1e-5, whether it remembers or begins anew."""
    model_ = writer.network.model.eval()
    steps = {"steps": 11, "temperature": 0.0}
    naive = generate(model_, prompt(), **steps)
    assert torch.equal(generate(model_, prompt(), **steps, cached=True), naive)
    with torch.no_grad(), remembering(model_):
        pieces = [model_(naive[:, :PROMPT]), *(model_(t[:, None]) for t in naive[:, PROMPT:].T)]
    torch.testing.assert_close(torch.cat(pieces, 1), model_(naive), atol=1e-5, rtol=0)


def test_what_is_drawn_is_the_same(writer: nn.Module) -> None:
    model_ = writer.network.model
    found = []
    for cached in (False, True):
        torch.manual_seed(3)
        found.append(generate(model_, prompt(), steps=11, temperature=1.0, cached=cached))
    assert torch.equal(*found)


def test_it_goes_on_where_it_ended(writer: nn.Module) -> None:
    model_ = writer.network.model
    whole = generate(model_, prompt(), steps=11, temperature=0.0, cached=True)
    part = generate(model_, prompt(), steps=4, temperature=0.0, cached=True)
    rest = generate(model_, part, steps=7, temperature=0.0, cached=True)
    assert torch.equal(rest, whole)


def test_nothing_stays_behind(writer: nn.Module) -> None:
    """Weights, modes, hooks and pasts are as before, also when something breaks in the middle."""
    model_ = writer.network.model.train()
    model_.head.eval()
    before = {name: value.clone() for name, value in writer.state_dict().items()}
    modes = [part.training for part in writer.modules()]
    wanted = model_(prompt())
    torch.manual_seed(0)
    generate(model_, prompt(), steps=3, temperature=0.0, cached=True)
    handle = model_.head.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generate(model_, prompt(), steps=3, temperature=0.0, cached=True)
    handle.remove()
    assert [part.training for part in writer.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in writer.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in writer.modules())
    assert not any(getattr(part, "remembers", False) for part in writer.modules())
    assert all(getattr(part, "past", None) is None for part in writer.modules())
    if not any(isinstance(part, nn.Dropout) and part.p for part in writer.modules()):
        assert torch.equal(model_(prompt()), wanted)


@pytest.mark.parametrize("name", ["wavenet", "gru"])
def test_training_goes_on_undisturbed(name: str) -> None:
    """A program that also generates learns what one learns that does not."""
    weights = []
    for cached in ("where_possible", "never"):
        edit = SetParameters(id="longer", parameters={"cached": cached, "steps": 11})
        source = export(apply(MODELS[name], edit))
        assert ("cached=True" in source) == (cached == "where_possible")
        module = load_source(source, Path("writer.py"))
        torch.manual_seed(0)
        made = ready(module)
        for batch in module.batches(module.load("cpu")["train"], 8):
            values = made.step(batch)
        weights.append([values["loss"], values["drift"], *made.state_dict().values()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_the_exported_file_writes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run as a program, the file learns and generates what its parts do here, bit for bit."""
    source = export(MODELS["wavenet"])
    saved = tmp_path / "w.safetensors"
    monkeypatch.setattr(
        sys, "argv", ["writer.py", "--device", "cpu", "--epochs", "1", "--save", str(saved)]
    )
    load_source(source, Path("writer.py")).main()
    module = load_source(source, Path("again.py"))
    torch.manual_seed(module.SEED)
    made = ready(module)
    trained = module.train(made, module.load("cpu")["train"])
    printed = capsys.readouterr().out
    assert all(f"{name} {value:.9g}" in printed for name, value in trained.items())
    theirs = load_file(saved)
    assert all(
        torch.equal(theirs[name], value) for name, value in made.network.state_dict().items()
    )


def test_the_first_of_several_outputs_comes_next() -> None:
    """A block may also give what nobody feeds back, such as where it looked."""
    one = model("gru.sequence", gru=("GRU", {"x": "embedded"}, {"hidden_size": 12}))
    wire = Wire(source=End("gru", "sequence"), target=End("states", "value"))
    two = apply(one, AddNode(id="states", node=Node(type="Output")), Connect(wire=wire))
    found = []
    for block in (one, two):
        document = language_model(block)
        assert check(document).problems == ()
        assert "cached=True" in export(document)
        torch.manual_seed(0)
        made = program(document).network.model
        steps = {"steps": 6, "temperature": 0.0}
        found += [generate(made, prompt(), **steps, cached=cached) for cached in (False, True)]
    assert all(torch.equal(found[0], other) for other in found[1:])


def problems_of(document: Document) -> list[str]:
    return [problem.text for problem in check(document).problems if problem.node == "longer"]


def test_one_module_in_two_places_remembers_twice() -> None:
    """Two uses of a block with the same weights see different things before them."""
    layer = drawn(
        x=("Input", {}),
        conv=("CausalConv1d", {"x": "x"}, {"out_channels": 8}),
        tanh=("Tanh", {"x": "conv"}),
        y=("Output", {"value": "tanh"}),
    )
    use = {"block": "Layer", "weights": "shared"}
    drawing = model(
        "back",
        channels=("Permute", {"x": "embedded"}),
        one=("Block", {"x": "channels"}, use),
        two=("Block", {"x": "one.y"}, use),
        three=("Repeat", {"x": "two.y"}, {"block": "Layer", "weights": "shared", "copies": 3}),
        back=("Permute", {"x": "three.y"}),
    )
    document = language_model(drawing, {"Layer": layer})
    made = program(document).network.model
    assert "cached=True" in export(document)
    naive = generate(made, prompt(), steps=11, temperature=0.0)
    assert torch.equal(generate(made, prompt(), steps=11, temperature=0.0, cached=True), naive)


def test_a_block_for_one_length_sees_the_last_steps() -> None:
    """What cannot see everything is told so, with the usual repair."""
    document = forecast(sees="everything")
    (problem,) = (p for p in check(document).problems if p.node == "longer")
    assert problem.text.startswith("Perceptron cannot see everything, (N, 7, 8) at the end")
    (edit,) = problem.fixes[0].edits
    assert edit == SetParameters(id="longer", parameters={"sees": "last_steps"})
    assert not check(apply(document, edit)).problems
    (text,) = problems_of(transformer("learned", steps=13))
    assert text == (
        "Model cannot see everything, (N, 17) at the end (16 positions are too few for 17 steps): "
        "let it see the last steps"
    )
    assert not problems_of(transformer("learned", steps=12))


def test_version_1_saw_the_last_steps() -> None:
    old = validated(Node(type="Generate", version=1, parameters={"steps": 4}))
    assert (old.sees, old.steps) == ("last_steps", 4)
    new = validated(Node(type="Generate", version=2, parameters={"steps": 4}))
    assert new.sees == "everything"


def forecast(**parameters: object) -> Document:
    """A block that learns the row after the last, and lengthens images by what it says."""
    use = {"block": "Perceptron", "weights": "forecaster"}
    block = drawn(
        rows=("Input", {}, {"kind": "sequence"}),
        flat=("Flatten", {"x": "rows"}),
        dropped=("Dropout", {"x": "flat"}),
        linear=("Linear", {"x": "dropped"}, {"out_features": 8}),
        y=("Output", {"value": "linear"}),
    )
    main = drawn(
        "forecast",
        digits=("Digits", {}, {"form": "rows"}),
        seen=("Slice", {"x": "digits.image"}, {"dim": 1, "end": 4}),
        last=("Select", {"x": "digits.image"}, {"dim": 1, "index": 4}),
        learned=("Block", {"rows": "seen"}, use),
        longer=(
            "Generate",
            {"rows": "seen"},
            {**use, "steps": 4, "sees": "last_steps", **parameters},
        ),
        loss=("MeanSquaredError", {"prediction": "learned.y", "target": "last"}),
        drift=("MeanSquaredError", {"prediction": "longer.sequence", "target": "digits.image"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    return with_blocks(main, Perceptron=block)


def test_what_is_generated_is_fed_back() -> None:
    document = forecast()
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("longer", "sequence")) == "(N, 8, 8)"
    source = export(document)
    assert "longer = generate(" in source and 'sees="last_steps"' in source
    network = program(document).network.train()
    image = torch.rand(3, 8, 8, requires_grad=True)
    longer = network(image)[2]
    assert network.forecaster.dropped.training and not longer.requires_grad
    rows = list(image[:, :4].unbind(1))
    network.eval()
    for _ in range(4):
        rows.append(network.forecaster(torch.stack(rows[-4:], 1)))
    assert torch.equal(longer, torch.stack(rows, 1))


def test_nothing_learns_from_what_is_generated() -> None:
    wire = Wire(source=End("drift", "output"), target=End("adamw", "loss"))
    only = Disconnect(wires=(wire.model_copy(update={"source": End("loss", "output")}),))
    problems = check(apply(forecast(), only, Connect(wire=wire))).problems
    assert any(problem.node == "adamw" for problem in problems)


class Successor(nn.Module):
    """Each token's successor is most likely, and what comes two later nearly as likely."""

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.eye(5)[(tokens + 1) % 5] * 10 + torch.eye(5)[(tokens + 3) % 5] * 9


def test_tokens_are_chosen_or_drawn() -> None:
    prompt = torch.tensor([[0, 1], [3, 4]])
    best = generate(Successor(), prompt, steps=4, temperature=0.0)
    assert best.tolist() == [[0, 1, 2, 3, 4, 0], [3, 4, 0, 1, 2, 3]]
    torch.manual_seed(0)
    drawn_ = generate(Successor(), prompt.repeat(100, 1), steps=20, temperature=1.0)
    jumps = (drawn_[:, 2:] - drawn_[:, 1:-1]) % 5
    shares = jumps.flatten().bincount(minlength=5) / jumps.numel()
    likely = torch.tensor([0.0, 10.0, 0.0, 9.0, 0.0]).softmax(0)
    torch.testing.assert_close(shares, likely, atol=0.03, rtol=0)


@pytest.mark.parametrize(
    ("features", "words"),
    [(5, "a step has 8 features, Perceptron gives (N, 4, 5)"), (8, None)],
)
def test_what_comes_next_must_fit(features: int, words: str | None) -> None:
    block = drawn(
        x=("Input", {}),
        linear=("Linear", {"x": "x"}, {"out_features": features}),
        y=("Output", {"value": "linear"}),
    )
    main = drawn(
        digits=("Digits", {}, {"form": "rows"}),
        seen=("Slice", {"x": "digits.image"}, {"end": 4}),
        longer=("Generate", {"x": "seen"}, {"block": "Perceptron"}),
    )
    texts = [p.text for p in check(with_blocks(main, Perceptron=block)).problems]
    assert any("a step has 8 features" in text for text in texts) == (words is not None)
    assert words is None or words in texts
