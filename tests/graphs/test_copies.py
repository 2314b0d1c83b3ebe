"""Several modules of one class as a comprehension; what differs is an expression if it can be."""

import pytest

from graphs.codegen.expressions.copies import Texts, copies_text
from graphs.codegen.expressions.linear import linear, progression


def columns(**texts: list[str]) -> list[Texts]:
    """Copies from the values of each argument."""
    return [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["width", "width + 48", "width + 96"], "width + 48 * i"),
        (["16", "growth + 16", "growth * 2 + 16", "3 * growth + 16"], "16 + growth * i"),
        (["0", "a + b", "(a + b) * 2"], "(a + b) * i"),
        (["a", "a + b - 1", "a + 2 * b - 2"], "a + (b - 1) * i"),
        (["1", "2", "3"], "1 + i"),
        (["1", "2", "4"], None),
        (["a", "b", "a"], None),
        (["a", "a", "a"], None),
        (["a", "a + 1"], None),
        (["a", "a ** 2", "a ** 3"], None),
        (["a // 2", "a // 2 + 1", "a // 2 + 2"], None),
        (["0.5", "1.0", "1.5"], None),
    ],
)
def test_what_grows_by_equal_steps(texts: list[str], wanted: str | None) -> None:
    assert progression(texts, "i") == wanted
    if wanted:
        values = [eval(text, {"a": 7, "b": 11, "width": 5, "growth": 3}) for text in texts]
        scope = {"a": 7, "b": 11, "width": 5, "growth": 3}
        assert values == [eval(wanted, {**scope, "i": number}) for number in range(len(texts))]


def test_sums_of_multiples() -> None:
    assert linear("2 * (a - 3) + a * 4 - -1") == {"a": 6, "": -5}
    assert linear("a * b") is linear("min(a, 2)") is linear("a / 2") is None


@pytest.mark.parametrize(
    ("copies", "wanted"),
    [
        (columns(i=["0", "1"]), "[Layer(i=i) for i in range(2)]"),
        (columns(w=["a", "a"]), "[Layer(w=a) for _ in range(2)]"),
        (columns(w=["32", "64", "96"]), "[Layer(w=w) for w in range(32, 128, 32)]"),
        (columns(w=["3", "9", "4"]), "[Layer(w=w) for w in [3, 9, 4]]"),
        (
            columns(w=["a", "a + 2", "a + 4"], i=["0", "1", "2"]),
            "[Layer(w=a + 2 * i, i=i) for i in range(3)]",
        ),
        (
            columns(w=["a", "b", "a"], i=["0", "1", "2"]),
            "[Layer(w=w, i=i) for i, w in enumerate([a, b, a])]",
        ),
        (
            columns(w=["a", "b", "a"], v=["1", "1", "2"]),
            "[Layer(w=w, v=v) for w, v in [(a, 1), (b, 1), (a, 2)]]",
        ),
    ],
)
def test_copies(copies: list[Texts], wanted: str) -> None:
    assert copies_text("Layer", copies) == wanted


def test_a_variable_of_copies_hides_no_argument() -> None:
    """`width` varies, and stands in what is alike too, where it is the constructor's own."""
    copies = columns(width=["width", "3", "5"], size=["width * 2"] * 3)
    text = copies_text("Layer", copies)
    assert text == "[Layer(width=width_2, size=width * 2) for width_2 in [width, 3, 5]]"
