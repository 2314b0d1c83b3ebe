"""Exported files: golden, plain, and safe whatever the labels say."""

import ast
import subprocess
from pathlib import Path

import pytest
import torch
from ruff import find_ruff_bin

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, compile, export
from graphs.document.document import Document
from graphs.document.document_io import read
from graphs.document.edits import Configure, Rename, apply
from graphs.document.problems import ProblemsError
from graphs.load_module import load_source
from tests.graphs.drawing import classifier, ready

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "assets/examples").glob("*.graph.json"))
GOLDEN = ROOT / "tests/golden"


def stem(path: Path) -> str:
    """The name of an example."""
    return path.name.removesuffix(".graph.json")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("path", EXAMPLES, ids=stem)
def test_golden(path: Path, request: pytest.FixtureRequest) -> None:
    """What an example exports is what a person has read; `--update-golden` writes it anew."""
    source = export(read(path), path.parent)
    golden = GOLDEN / f"{stem(path)}.py"
    if request.config.getoption("--update-golden"):
        golden.write_text(source)
    assert source == golden.read_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=stem)
def test_ruff_finds_nothing(path: Path) -> None:
    golden = GOLDEN / f"{stem(path)}.py"
    rules = ["--isolated", "--line-length=100", "--select=E,F,W,I,UP,B,C4,SIM,RUF"]
    subprocess.run([find_ruff_bin(), "check", *rules, str(golden)], check=True)


@pytest.mark.parametrize("path", EXAMPLES, ids=stem)
def test_nothing_of_ours_is_imported(path: Path) -> None:
    tree = ast.parse(export(read(path), path.parent))
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {module.split(".")[0] for module in modules} & {"app", "nodes", "graphs"}


def test_problems_are_refused() -> None:
    with pytest.raises(ProblemsError, match="there is no data"):
        export(Document())


HOSTILE = [
    '"""\nimport os\nos.system("x")\n"""',
    "self",
    "torch",
    "class",
    "F",
    "batch",
    "data",
    "accuracy",
    "Program",
    "print",
    "évidence",
    "9 lives",
    "a\nb",
    "{0}",
    "%s%n",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_are_data(label: str) -> None:
    """Whatever a person calls a node, the file is sound and does the same."""
    document = classifier()
    edits = [Rename(id=id, label=label) for id in document.main.nodes]
    hostile = apply(document, *edits, Configure(title=label, description=label))
    source = export(hostile)
    tree = ast.parse(source)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not any(call.startswith("os.") for call in calls)
    assert measured(source) == measured(export(document))


TEMPLATE_WORDS = [
    *("STEM", "LENGTH", "EPOCH", "MEASURE", "PROBES", "PROBED", "TALLY", "SPLITS", "SHOWN"),
    *("DATA_FLAG", "DATA_ARGUMENTS", "LOAD_WEIGHTS", "PROBES_FLAG", "COUNTED"),
]
"""Words of a template, as files were once printed from one: a user's text may hold them."""


def with_parameter(name: str, help_: str) -> Document:
    """A classifier with a schedule and a probe whose number of channels is a hyperparameter."""
    document = classifier(
        conv=("Conv2d", {"x": "digits.image"}, {"out_channels": f"={name}"}),
        adamw=("AdamW", {"loss": "loss"}, {"schedule": "cosine"}),
        mistakes=("ConfusionMatrix", {"prediction": "linear", "label": "digits.label"}),
    )
    main = document.main.model_copy(update={"parameters": {name: 4}, "help": {name: help_}})
    return document.with_graph("main", main)


@pytest.mark.parametrize("word", TEMPLATE_WORDS)
def test_users_words_are_no_template(word: str) -> None:
    """In a title, a description, a help and labels."""
    help_ = f"It's the {word}: 100% of it."
    plain = with_parameter("width", help_)
    edits = [Rename(id=id, label=f"{word} {id}") for id in plain.main.nodes]
    source = export(apply(plain, *edits, Configure(title=f"{word}, a title", description=help_)))
    assert f"{word}, a title: {help_}" in source and f'"It\'s the {word}: 100%% of it."' in source
    assert measured(source) == measured(export(plain))


@pytest.mark.parametrize("name", [word.lower() for word in TEMPLATE_WORDS])
def test_parameters_are_no_template(name: str) -> None:
    """A hyperparameter may have a former word's name, such as `length`; or the check refuses it."""
    document, plain = (
        with_parameter(name, "It's one."),
        export(with_parameter("width", "It's one.")),
    )
    refused = f"the parameter {name} has a name that code uses: rename it"
    assert {problem.text for problem in check(document).problems} <= {refused}
    if not check(document).problems:
        source = export(document)
        assert f'default={name.upper()}, help="It\'s one.")' in source.replace("\n        ", " ")
        assert measured(source) == measured(plain)


def measured(source: str) -> list[float]:
    """What one step of a program's source measures."""
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    batch = next(module.batches(module.load("cpu")["train"], 16, shuffle=True))
    return [float(value) for value in ready(module).step(batch).values()]


def test_several_data_nodes_and_optimizers() -> None:
    """Two classifiers side by side: each optimizer has its own weights."""
    document = classifier(
        other=("Digits", {}, {"form": "pixels"}),
        head=("Linear", {"x": "other.image"}, {"out_features": 10}),
        second=("CrossEntropy", {"prediction": "head", "label": "other.label"}),
        sgd=("SGD", {"loss": "second"}),
    )
    assert check(document).problems == ()
    source = export(document)
    assert (
        'batch["other.image"]' in source
        and "self.sgd_weights = list(self.head.parameters())" in source
    )
    assert compile(check(document)).interface.losses == ("loss", "second")


def test_what_nothing_needs_is_left_out() -> None:
    source = export(classifier(idle=("Tanh", {"x": "conv"})))
    assert "tanh" not in source
