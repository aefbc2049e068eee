"""Losses on ordered grades, threshold by threshold in double precision."""

import math

import numpy as np
import pytest
import torch

from core.networks.ordinal import CoralHead, CornHead
from trainers.ordinal import HEADS, objective

GRADES = 5
TRUTH = torch.tensor([0, 1, 2, 3, 4, 4, 0])


def corn_logits(scores: torch.Tensor) -> torch.Tensor:
    """What CornHead makes of (N, K - 1) threshold scores."""
    head = CornHead(GRADES - 1, GRADES)
    with torch.no_grad():
        head.classifier.weight.copy_(torch.eye(GRADES - 1))
        head.classifier.bias.zero_()
        return head(scores[:, :, None, None])[0]


def coral_logits(severity: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    """What CoralHead makes of (N,) severities; `scale` sets its thresholds further apart."""
    head = CoralHead(1, GRADES)
    with torch.no_grad():
        head.classifier.weight.fill_(scale)
        head.bias.mul_(scale)
        return head(severity[:, None, None, None])[0]


def surprise(score: float, worse: bool) -> float:
    """Binary cross-entropy of one threshold's score."""
    return math.log1p(math.exp(-score if worse else score))


def test_corn_is_the_sum_of_its_conditional_cross_entropies():
    scores = 2 * torch.randn(len(TRUTH), GRADES - 1, generator=torch.Generator().manual_seed(0))
    expected = [
        # A threshold is asked only of films that passed those below it.
        sum(surprise(float(row[k]), grade > k) for k in range(min(grade + 1, GRADES - 1)))
        for row, grade in zip(scores, TRUTH.tolist(), strict=True)
    ]
    found = objective("corn", GRADES)(corn_logits(scores), TRUTH)
    assert found.item() == pytest.approx(np.mean(expected), rel=1e-5)


def test_coral_is_the_mean_over_its_thresholds():
    severity = torch.tensor([-2.0, -0.5, 0.0, 0.3, 1.0, 2.5, 0.7])
    bias = [1.5, 0.5, -0.5, -1.5]
    expected = [
        surprise(float(value) + bias[k], grade > k)
        for value, grade in zip(severity, TRUTH.tolist(), strict=True)
        for k in range(GRADES - 1)
    ]
    found = objective("coral", GRADES)(coral_logits(severity), TRUTH)
    assert found.item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_coral_has_a_gradient_even_where_it_is_surely_wrong():
    logits = coral_logits(torch.tensor([30.0, -30.0])).requires_grad_()
    loss = objective("coral", GRADES)(logits, torch.tensor([0, 4]))
    loss.backward()
    assert math.isfinite(loss.item()) and torch.isfinite(logits.grad).all()


def test_soft_targets_fall_off_by_distance():
    logits = torch.randn(len(TRUTH), GRADES, generator=torch.Generator().manual_seed(0))
    steps = np.arange(GRADES)
    targets = np.exp(-2.0 * np.abs(TRUTH.numpy()[:, None] - steps))
    targets /= targets.sum(1, keepdims=True)
    expected = -(targets * logits.log_softmax(1).numpy()).sum(1).mean()
    found = objective("soft", GRADES)(logits, TRUTH)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    # The best answer is the targets themselves.
    best = objective("soft", GRADES)(torch.from_numpy(np.log(targets)), TRUTH)
    assert best.item() == pytest.approx(-(targets * np.log(targets)).sum(1).mean(), rel=1e-5)


def test_softmax_smooths_its_labels():
    logits = torch.log(torch.tensor([[0.6, 0.1, 0.1, 0.1, 0.1]]))
    found = objective("softmax", GRADES)(logits, torch.tensor([0]))
    assert found.item() == pytest.approx(-0.96 * math.log(0.6) - 0.04 * math.log(0.1), rel=1e-5)


def sure_of(name: str, called: int) -> torch.Tensor:
    """(1, K) logits of a network that calls this grade and means it."""
    if name == "corn":
        return corn_logits(torch.where(torch.arange(GRADES - 1) < called, 4.0, -4.0)[None])
    if name == "coral":
        return coral_logits(torch.tensor([called - 2.0]), scale=6.0)
    return 6.0 * torch.eye(GRADES)[called][None]


def costs(name: str, truth: int, called: tuple[int, ...]) -> list[float]:
    """The loss of being sure of each grade in turn."""
    loss, found = objective(name, GRADES), []
    for grade in called:
        logits = sure_of(name, grade)
        assert logits.argmax().item() == grade
        found.append(loss(logits, torch.tensor([truth])).item())
    return found


@pytest.mark.parametrize(
    ("name", "truth", "called"),
    [
        ("soft", 0, (0, 1, 3)),
        ("soft", 3, (3, 2, 0)),
        ("soft", 4, (4, 3, 1)),
        ("coral", 0, (0, 1, 3)),
        ("coral", 3, (3, 2, 0)),
        ("coral", 4, (4, 3, 1)),
        ("corn", 3, (3, 2, 0)),
        ("corn", 4, (4, 3, 1)),
    ],
)
def test_the_further_off_the_dearer(name, truth, called):
    right, near, far = costs(name, truth, called)
    assert right < near < far


def test_corn_charges_every_call_that_is_too_high_alike():
    # Thresholds above the true grade are asked of no film that never passed it.
    right, near, far = costs("corn", 0, (0, 1, 3))
    assert right < near == pytest.approx(far, rel=1e-5)


def test_softmax_knows_no_order():
    right, near, far = costs("softmax", 0, (0, 1, 3))
    assert right < near == pytest.approx(far)


@pytest.mark.parametrize("name", HEADS)
def test_half_precision_logits_are_no_trouble(name):
    logits = torch.randn(len(TRUTH), GRADES, generator=torch.Generator().manual_seed(0))
    full = objective(name, GRADES)(logits, TRUTH)
    half = objective(name, GRADES)(logits.bfloat16(), TRUTH)
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=0.02)


def test_unknown_objective_is_named():
    with pytest.raises(ValueError, match=r"'medium'.*softmax, soft, corn, coral"):
        objective("medium", GRADES)
