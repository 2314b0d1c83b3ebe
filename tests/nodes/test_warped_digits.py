"""Digits that are read row by row at a changing pace."""

import torch

from graphs.runtime.data_synthetic.warped_digits import warped_digits


def test_rows_stand_as_long_as_they_are_seen() -> None:
    train = warped_digits(3, 0.1, 0.2, seed=0)["train"]
    sequence, mask, length = train["sequence"], train["mask"], train["length"]
    assert mask.dtype == torch.bool and torch.equal(mask.sum(1), length)
    assert 8 <= length.min() < length.max() <= 24
    assert not sequence[~mask].any()


def test_at_one_pace_a_digit_is_its_rows() -> None:
    """What is read is the digit, and at every pace the rows come in the same order."""
    slow = warped_digits(3, 0.1, 0.2, seed=0, paces=2)["test"]
    quick = warped_digits(1, 0.1, 0.2, seed=0)["test"]
    assert torch.equal(quick["label"].repeat(2), slow["label"])
    for number, rows in enumerate(quick["sequence"].repeat(2, 1, 1)):
        seen = slow["sequence"][number, : slow["length"][number]]
        assert torch.equal(
            torch.unique_consecutive(seen, dim=0), torch.unique_consecutive(rows, dim=0)
        )


def test_a_digit_is_in_one_split_at_all_its_paces() -> None:
    once, twice = (warped_digits(3, 0.1, 0.2, seed=0, paces=paces) for paces in (1, 2))
    for part, fields in twice.items():
        count = len(once[part]["label"])
        assert len(fields["label"]) == 2 * count
        first, second = fields["sequence"].split(count)
        assert not torch.equal(first, second)
        assert torch.equal(first[:, 0], second[:, 0]), "both begin with the digit's first row"
