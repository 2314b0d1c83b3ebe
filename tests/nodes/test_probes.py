"""What probes compute equals NumPy's and scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from graphs.runtime.measures.probes import confusion, histogram, principal


def test_histogram_is_that_of_numpy() -> None:
    values = torch.randn(40, 3, 5, generator=torch.Generator().manual_seed(0)).round(decimals=1)
    counts, edges = histogram(values, 7)
    expected, _ = np.histogram(values.numpy(), bins=edges.numpy())
    assert counts.tolist() == expected.tolist() and counts.sum() == values.numel()
    assert edges[0] == values.min() and edges[-1] == pytest.approx(float(values.max()))


def test_histogram_leaves_out_what_is_not_finite() -> None:
    values = torch.tensor([0.0, 1.0, torch.nan, torch.inf, -torch.inf, 1.0])
    counts, edges = histogram(values, 2)
    assert counts.tolist() == [1, 2] and edges.tolist() == [0, 0.5, 1]
    assert histogram(torch.full((3,), torch.nan), 2)[0].sum() == 0


def test_histogram_of_equal_values() -> None:
    assert histogram(torch.ones(5), 3)[0].sum() == 5


def test_principal_components_are_those_of_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(60, 4, generator=generator) @ torch.randn(4, 4, generator=generator)
    found = principal(points).numpy()
    expected = PCA(2).fit_transform(points.numpy())
    signs = np.sign((found * expected).sum(0))
    assert np.allclose(found, expected * signs, atol=1e-4)


def test_principal_components_keep_their_sign() -> None:
    points = torch.randn(60, 4, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(principal(points), principal(points + 3), atol=1e-4)
    assert principal(points * torch.nan).isfinite().all()


def test_confusion_is_that_of_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(3)
    scores = torch.randn(50, 4, generator=generator)
    label = torch.randint(4, (50,), generator=generator)
    expected = confusion_matrix(label.numpy(), scores.argmax(1).numpy(), labels=range(4))
    assert confusion(scores, label).tolist() == expected.tolist()


def test_labels_that_are_no_class_count_nowhere() -> None:
    counts = confusion(torch.eye(2)[[0, 1, 0]], torch.tensor([0, -100, 1]))
    assert counts.tolist() == [[1, 0], [1, 0]]
