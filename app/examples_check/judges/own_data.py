"""Judges of networks with something of one's own: files in folders, a text, a recurrent cell."""

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained


@judges("image_folder")
def image_folder(example: Trained) -> list[Measure]:
    """Three shapes, alike in number."""
    value = example.test()["accuracy"]
    return [Measure("accuracy", value, 0.75, baseline=1 / 3, baseline_is="guessing")]


@judges("audio_classes")
def audio_classes(example: Trained) -> list[Measure]:
    """Three kinds of sounds, alike in number."""
    value = example.test()["accuracy"]
    return [Measure("accuracy", value, 0.85, baseline=1 / 3, baseline_is="guessing")]


@judges("text_lm")
def text_lm(example: Trained) -> list[Measure]:
    """Nats a letter, beside those of knowing only how often each letter occurs."""
    train, test = (example.data[part]["target"].flatten() for part in ("train", "test"))
    share = (train.bincount(minlength=int(test.max()) + 1) + 1) / (len(train) + 1)
    alone = -share[test].log().mean().item()
    value = example.test()["cross_entropy"]
    return [Measure("nats a letter", value, 2.3, "below", alone, "frequencies of letters")]


@judges("own_cell")
def own_cell(example: Trained) -> list[Measure]:
    """The squared error of sums of two marked numbers; their mean is 1."""
    error = example.test()["squared_error"]
    always = (example.data["test"]["target"] - 1).square().mean().item()
    return [Measure("squared error", error, 0.01, "below", always, "always the mean")]
