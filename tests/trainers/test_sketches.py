import numpy as np
import pytest
import torch

from core.lesions import CODES, network_input
from core.sketch import condition
from trainers.diff_augment import disturbed
from trainers.lesions import Lesion, Squares
from trainers.sketches import SketchBatches

NV = CODES.index("nv")


def lesions(counts=(2, 2, 2, 2, 2, 90, 2)) -> Squares:
    """Lesions whose picture's grey tells which they are, with a rectangle for a mask."""
    labels = np.repeat(np.arange(7), counts)
    n = len(labels)
    images = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None, None], (n, 128, 128, 3))
    masks = np.zeros((n, 128, 128), bool)
    for i, mask in enumerate(masks):
        mask[20 : 30 + i % 90, 40:100] = True
    about = [Lesion(f"ISIC_{i}", "", "", int(k), "train", str(i)) for i, k in enumerate(labels)]
    return Squares(about, images.copy(), masks, labels)


ALL_PAIRED = np.zeros((0, 128, 128), bool)


def batches(unpaired=ALL_PAIRED, size=32, examples=16, seed=(0, 0)):
    return SketchBatches(lesions(), unpaired, seed, 3, size, examples)


def test_a_batch_is_the_same_whenever_it_is_asked_for():
    first, again = batches()[1], batches()[1]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["noise"], batches()[2]["noise"])
    assert not torch.equal(first["noise"], batches(seed=(0, 1))[1]["noise"])
    with pytest.raises(IndexError):
        batches()[3]


def test_examples_are_asked_for_as_they_are_and_the_others_with_another_sketch():
    batch = batches()[0]
    same = [
        torch.equal(batch["sketch"][i], batch["asked_sketch"][i])
        and torch.equal(batch["label"][i], batch["asked_label"][i])
        for i in range(32)
    ]
    assert all(same[:16])
    assert sum(same[16:]) < 4


def test_picture_sketch_and_label_belong_together_however_they_are_laid():
    known = lesions()
    batch = batches()[0]
    for picture, sketch, label in zip(
        batch["picture"], batch["sketch"], batch["label"], strict=True
    ):
        at = round((picture[0, 0, 0].item() + 1) * 127.5)
        assert label.argmax() == known.labels[at]
        ways = [np.rot90(known.masks[at], k) for k in range(4)]
        ways += [way[:, ::-1] for way in ways]
        assert any(np.array_equal(sketch[0].numpy() > 0, way) for way in ways)


def test_rare_diagnoses_come_more_often_than_they_are_and_less_often_than_the_common_one():
    labels = torch.cat([batch["label"] for batch in batches(size=200)]).argmax(1)
    counts = np.bincount(labels, minlength=7) / len(labels)
    assert counts[NV] == pytest.approx(90**0.5 / (90**0.5 + 6 * 2**0.5), abs=0.06)
    assert (np.delete(counts, NV) > 0.04).all()


def test_sketches_without_a_picture_are_asked_for_and_never_an_example():
    alone = np.zeros((400, 128, 128), bool)
    alone[:, :5, :5] = True
    batch = batches(alone, size=200, examples=100)[0]
    corner = batch["asked_sketch"][:, 0].sum((1, 2)) == 25
    assert not corner[:100].any()
    assert 4 <= corner[100:].sum() <= 40, "a fifth of the sketches asked for is unusual"


def test_critics_see_picture_and_sketch_moved_together():
    torch.manual_seed(0)
    mask = np.zeros((8, 128, 128), bool)
    mask[:, 50:80, 40:90] = True
    picture = torch.from_numpy(network_input(np.repeat(mask[..., None], 3, 3) * np.uint8(255)))
    sketch = torch.from_numpy(np.stack([condition(m) for m in mask]))
    seen, seen_sketch = disturbed(picture, sketch)
    assert seen.shape == picture.shape
    assert seen_sketch.shape == sketch.shape
    assert not torch.equal(seen_sketch, sketch)
    for view, drawn in zip(seen, seen_sketch, strict=True):
        bright = view[0] > 0.5
        assert torch.equal(bright, drawn[0] > 0.5), "a lesion stays inside its sketch"


def test_disturbing_lets_the_painter_learn():
    picture = torch.zeros(4, 3, 128, 128, requires_grad=True)
    disturbed(picture, torch.zeros(4, 2, 128, 128))[0].sum().backward()
    assert (picture.grad.amax((1, 2, 3)) == 1).all()
