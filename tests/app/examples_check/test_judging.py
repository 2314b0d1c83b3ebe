"""Judges: what a measure says of its bar, and that judges see what they should."""

import json
import math
from pathlib import Path

import pytest
import torch

from app.cli import main
from app.commands.documents import FOLDER
from app.examples_check import report
from app.examples_check.all_judges import all_judges
from app.examples_check.generated_images import precision_and_recall
from app.examples_check.judging import Measure, judges
from app.examples_check.report import Row
from app.examples_check.trained import Trained, trained
from graphs.document.document import Document, Settings
from graphs.document.document_io import SUFFIX, read
from graphs.document.edits import Configure, apply


def row(*values: float, **options: object) -> Row:
    """A row of a measure with its bar at 0.5."""
    return Row("x", tuple(Measure("accuracy", v, 0.5, **options) for v in values), 1.0)


def test_every_seed_has_to_clear_the_bar_or_their_mean() -> None:
    assert row(0.6, 0.7).clears and not row(0.4, 0.9).clears
    assert row(0.4, 0.9, over="mean").clears
    assert row(0.4, 0.1, better="below").clears and not row(0.6, 0.1, better="below").clears


def test_a_row_says_all() -> None:
    text = row(0.6, 0.7, baseline=0.1, baseline_is="chance").text()
    assert text == "| x | accuracy | 0.65 (0.6 to 0.7) | > 0.5 | chance 0.1 | 1 | yes |"


def test_two_judges_of_one_example_are_refused() -> None:
    all_judges()
    with pytest.raises(TypeError, match="there is a judge of gan"):
        judges("gan")(lambda example: [])


def test_every_judge_has_its_example() -> None:
    for name in all_judges():
        assert (FOLDER / f"{name}{SUFFIX}").exists(), name


def test_what_is_trained_is_what_the_file_saved() -> None:
    """The program that a judge gets gives what the exported file printed last."""
    document = read(FOLDER / f"digits_cnn{SUFFIX}")
    example = trained(document, FOLDER, seed=1, epochs=1)
    again = example.module.measure(example.program, example.data["test"])
    assert example.test() == pytest.approx(again, rel=1e-6)
    assert not example.program.training and example.seconds > 0


def test_the_command_trains_judges_and_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a judge for a quick example, the exit code says whether its bar is cleared."""

    def quick(path: Path) -> object:
        return apply(read(path), Configure(settings=Settings(epochs=1)))

    def judge(example: Trained) -> list[Measure]:
        return [Measure("accuracy", example.test()["accuracy"], 1.0)]

    monkeypatch.setattr(report, "read", quick)
    monkeypatch.setattr("app.commands.examples.all_judges", lambda: {"digits_cnn": judge})
    assert main(["examples", "--check", "digits_cnn", "--seeds", "3", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["example"] == "digits_cnn" and found["clears"] is False
    assert main(["examples", "--check", "nobody"]) == 2


def test_precision_and_recall_see_what_is_missing() -> None:
    torch.manual_seed(0)
    real = torch.randn(200, 4)
    half = real[real[:, 0] > 0] + 0.01
    precision, recall = precision_and_recall(real, half)
    assert precision > 0.95 and recall < 0.75
    assert precision_and_recall(real, real + 10) == (0.0, 0.0)


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["gin_classes", "vae"])
def test_it_clears_its_bars(name: str) -> None:
    """Two in full; `python main.py examples --check` trains them all."""
    for found in report.rows_of(FOLDER / f"{name}{SUFFIX}", all_judges()[name], [0]):
        assert found.clears, found.text()


@pytest.mark.parametrize("name", ["gin_classes", "vae"])
def test_one_epoch_is_judged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same judges on one epoch: every measure of the page is there, and is a number."""

    def short(path: Path) -> Document:
        return apply(read(path), Configure(settings=Settings(epochs=1)))

    monkeypatch.setattr(report, "read", short)
    found = report.rows_of(FOLDER / f"{name}{SUFFIX}", all_judges()[name], [0])
    assert found and all(math.isfinite(row.mean) for row in found)
