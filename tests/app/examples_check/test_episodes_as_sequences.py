"""Judges of episodes read as sequences: what they count."""

import torch

from app.examples_check.judges.episodes_as_sequences import nearest_pixels, sights, with_other_sign


class _Split(dict[str, torch.Tensor]):
    """Two tasks of two known signs and one that is asked, as a split hands them out."""

    def __len__(self) -> int:
        return 2

    def take(self, index: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: value[index] for name, value in self.items()}


SPLIT = _Split(
    support=torch.tensor([[0.0, 1.0], [2.0, 3.0]])[..., None, None, None],
    support_label=torch.tensor([[0, 1], [1, 0]]),
    query=torch.tensor([[0.9], [2.1]])[..., None, None, None],
    query_label=torch.tensor([[1], [0]]),
)


def test_sights_count_how_often_a_class_came() -> None:
    label = torch.tensor([[0, 1, 0, 0, 1], [2, 2, 2, 0, 2]])
    assert sights(label).tolist() == [[1, 1, 2, 3, 2], [1, 2, 3, 1, 4]]


def test_the_nearest_in_pixels_is_named() -> None:
    """The first asked sign is nearest to the example of its class, the second is not."""
    assert nearest_pixels(SPLIT) == 0.5


def test_another_sign_at_one_place_alone() -> None:
    known = with_other_sign(SPLIT, 1)
    assert known["support"].flatten(1).tolist() == [[0.0, 3.0], [2.0, 1.0]]
    assert torch.equal(known["query"], SPLIT["query"])
    asked = with_other_sign(SPLIT, 2)
    assert torch.equal(asked["support"], SPLIT["support"])
    assert torch.equal(asked["query"], SPLIT["query"].flip(0))
