"""How the tables of the exhibits are computed, on pictures of one pixel."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.exhibits import fid, joint_hidden
from core.archive import BadPack
from core.exhibits.joint_hidden import CONDITIONS
from core.question import SURE
from trainers.lesions import Squares
from trainers.sketch_scoring import Floor


def squares(labels: list[int], first: int = 0) -> Squares:
    """Lesions whose one grey level tells which they are: `first` and on."""
    levels = np.arange(first, first + len(labels), dtype=np.uint8)
    images = np.tile(levels[:, None, None, None], (1, 1, 1, 3))
    masks = np.zeros((len(labels), 1, 1), bool)
    return Squares([None] * len(labels), images, masks, np.array(labels))


@pytest.mark.parametrize(
    ("first", "others", "kept", "levels"),
    [
        ([1, 3, 0, 2], [0, 0, 1, 1], [0, 1, 2, 3], [102, 100, 103, 101]),
        ([3, 0, 2], [0, 1, 1], [0, 2, 3], [101, 102, 100]),  # there is no other for one of them
    ],
)
def test_every_real_lesion_is_paired_with_another_of_its_diagnosis(first, others, kept, levels):
    real = squares([1, 0, 1, 0])
    found, pictures = fid.paired(real, Floor(np.array(first), squares(others, 100), ""))
    assert found.tolist() == kept
    assert pictures[:, 0, 0, 0].tolist() == levels
    told = dict(zip(range(100, 104), others, strict=False))
    assert [told[level] for level in levels] == real.labels[kept].tolist()


def test_two_halves_of_the_same_lesions_are_no_pairs():
    halves = Floor(np.array([0, 1]), squares([1, 0, 0]), "")
    with pytest.raises(BadPack, match="same diagnoses"):
        fid.paired(squares([1, 0, 1, 0, 0]), halves)


@pytest.mark.parametrize(("chance", "sure"), [(0.4996, False), (0.5001, True)])
def test_a_grade_below_one_half_is_not_rounded_up_to_it(monkeypatch, chance, sure):
    said = SimpleNamespace(grade=1, probabilities=[1 - chance, chance])
    monkeypatch.setattr(joint_hidden, "find_joint", lambda grey: None)
    monkeypatch.setattr(joint_hidden, "masks", lambda *_: dict.fromkeys(CONDITIONS, False))
    monkeypatch.setattr(joint_hidden, "hide", lambda *_: None)
    monkeypatch.setattr(joint_hidden, "grade_knees", lambda views, _: [said] * len(views))
    told = joint_hidden.answers(np.zeros((2, 2)), [SimpleNamespace(card=SimpleNamespace(name="m"))])
    assert told["m 0.0 grade"] == "1"
    assert (float(told["m 0.0 probability"]) >= SURE) == sure
