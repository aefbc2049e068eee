"""The joint space against phantoms of known geometry, real knees, and films that have none."""

import zipfile

import cv2
import numpy as np
import pytest

from core.images import decode
from core.joint import Gap, Joint, NoJoint, find_joint, medial_side, millimetres
from core.phantoms import knee, long_bone
from core.phantoms.knees import _outline

SEEDS = range(5)


def gaps(joint: Joint) -> tuple[Gap, Gap]:
    return joint.left, joint.right


def drawn_width(seed: int, grade: int, gap: Gap) -> float:
    """The space that the phantom was drawn with, over the range that was measured."""
    shape = _outline(np.random.default_rng([seed, 4]), grade)
    here = (shape.x >= gap.span[0]) & (shape.x <= gap.span[1])
    return float(np.median((shape.plateau - shape.condyles)[here]))


def on_canvas(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """A film with its edges drawn out to a larger one."""
    down, across = height - grey.shape[0], width - grey.shape[1]
    rims = (down // 2, down - down // 2, across // 2, across - across // 2)
    return cv2.copyMakeBorder(grey, *rims, cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("grade", [0, 1, 2])
def test_the_width_is_the_drawn_one(seed, grade):
    for gap in gaps(find_joint(knee(seed, grade).pixels)):
        assert gap.reason is None
        assert gap.width_px == pytest.approx(drawn_width(seed, grade, gap), abs=2)


def test_the_width_falls_with_the_grade():
    narrower = [
        np.median([min(g.width_px for g in gaps(find_joint(knee(s, grade).pixels))) for s in SEEDS])
        for grade in range(4)
    ]
    assert (np.diff(narrower) < 0).all()


def test_a_worn_out_compartment_has_no_width_but_a_reason():
    """At grade 4 a tenth of the space is left, about 1 px."""
    joints = []
    for seed in range(12):
        try:
            joints.append(find_joint(knee(seed, 4).pixels))
        except NoJoint:
            continue
    closed = [gap for joint in joints for gap in gaps(joint) if gap.width_px is None]
    assert len(joints) >= 2 and len(closed) == len(joints)
    assert all("bones touch" in gap.reason for gap in closed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_drawn_lies_in_its_place(seed):
    joint = find_joint(knee(seed, 1).pixels)
    shape = _outline(np.random.default_rng([seed, 4]), 1)
    x0, y0, x1, y1 = joint.box
    assert x0 < joint.left.span[0] < joint.left.span[1] < shape.x.mean()
    assert shape.x.mean() < joint.right.span[0] < joint.right.span[1] < x1
    assert y0 < shape.condyles.min() + 15 and shape.plateau.max() < y1
    assert (np.diff(joint.line[:, 0]) > 0).all()
    for gap in gaps(joint):
        assert gap.upper.shape == gap.lower.shape and gap.upper.shape[1] == 2
        assert (gap.upper[:, 1] < gap.lower[:, 1]).all()
        assert ((y0 < gap.upper[:, 1]) & (gap.lower[:, 1] < y1)).all()


@pytest.mark.parametrize("scale", [0.5, 2, 4.3])
def test_the_width_grows_with_the_film(scale):
    film = knee(3, 1).pixels
    size = (round(224 * scale), round(224 * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large, small = find_joint(cv2.resize(film, size, interpolation=way)), find_joint(film)
    for one, other in zip(gaps(large), gaps(small), strict=True):
        assert one.width_px / scale == pytest.approx(other.width_px, abs=0.7)
    np.testing.assert_allclose(np.array(large.box) / scale, small.box, atol=2.5)


@pytest.mark.parametrize(
    "change",
    [
        lambda film: film // 3,
        lambda film: 160 + film // 3,
        lambda film: on_canvas(film, 300, 224),
        lambda film: on_canvas(film, 224, 300),
        lambda film: np.clip(film + np.random.default_rng(0).normal(0, 4, film.shape), 0, 255),
    ],
    ids=["dark", "bright", "tall", "wide", "noisy"],
)
def test_the_width_survives(change):
    film = knee(5, 0).pixels
    changed = find_joint(change(film).astype(np.uint8))
    for one, other in zip(gaps(changed), gaps(find_joint(film)), strict=True):
        assert one.width_px == pytest.approx(other.width_px, abs=1)


def test_a_mirrored_film_swaps_the_compartments():
    film = knee(2, 2).pixels
    joint, mirrored = find_joint(film), find_joint(np.ascontiguousarray(film[:, ::-1]))
    assert mirrored.left.width_px == pytest.approx(joint.right.width_px, abs=0.5)
    assert mirrored.right.width_px == pytest.approx(joint.left.width_px, abs=0.5)


def test_the_film_is_left_as_it_was():
    film = knee(1, 1).pixels
    before = film.copy()
    find_joint(film)
    np.testing.assert_array_equal(film, before)


NOISE = np.random.default_rng(0).integers(0, 256, (224, 224)).astype(np.uint8)


@pytest.mark.parametrize(
    ("film", "says"),
    [
        (np.zeros((224, 224), np.uint8), "blank"),
        (np.full((900, 700), 255, np.uint8), "blank"),
        (np.zeros((0, 0), np.uint8), "too small"),
        (knee(0, 0).pixels[:63], "too small"),
        (NOISE, "use a film of one knee"),
        (np.rot90(knee(0, 0).pixels).copy(), "use a film of one knee"),
        (knee(0, 0).pixels[::-1].copy(), "use a film of one knee"),
        (knee(0, 0).pixels[:90], "use a film of one knee"),
        (knee(0, 0).pixels[140:], "use a film of one knee"),
        (long_bone(1, False).pixels, "use a film of one knee"),
    ],
    ids=[
        "black",
        "white",
        "empty",
        "63 px high",
        "noise",
        "lying",
        "upside down",
        "femur",
        "tibia",
        "a shaft",
    ],
)
def test_a_film_without_a_joint_is_refused(film, says):
    with pytest.raises(NoJoint, match=says) as error:
        find_joint(film)
    assert error.value.reason == str(error.value)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("part", [slice(112), slice(112, None), slice(101), slice(123, None)])
def test_half_a_knee_is_refused(seed, part):
    with pytest.raises(NoJoint):
        find_joint(knee(seed, 0).pixels[:, part])


@pytest.mark.parametrize(
    ("width", "spacing", "expected"),
    [(10.0, (0.2, 0.3), 2.0), (None, (0.2, 0.2), None), (10.0, None, None), (0.0, (1, 1), 0.0)],
)
def test_millimetres_need_a_width_and_a_spacing(width, spacing, expected):
    assert millimetres(width, spacing) == expected


@pytest.mark.parametrize(("knee_side", "image_side"), [("left", "left"), ("right", "right")])
def test_the_medial_compartment_lies_towards_the_other_leg(knee_side, image_side):
    assert medial_side(knee_side) == image_side


def test_without_a_body_side_nothing_is_medial():
    assert medial_side(None) is None


@pytest.fixture(scope="module")
def real(packs) -> list[np.ndarray]:
    """Ten val knees of the pack, of all grades."""
    path = packs / "knee.zip"
    if not path.is_file():
        pytest.skip("no knee.zip among the data packs")
    with zipfile.ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if "/val/" in f"/{n}" and n.endswith(".jpg"))
        return [decode(archive.read(name), name).pixels for name in names[:: len(names) // 10]][:10]


def test_the_joint_of_real_knees_is_found(real):
    found = []
    for film in real:
        try:
            found.append(find_joint(film))
        except NoJoint:
            continue
    assert len(found) >= len(real) - 1
    for joint in found:
        x0, y0, x1, y1 = joint.box
        assert x1 - x0 > 125 and 56 < (y0 + y1) / 2 < 168
        assert all(gap.width_px is None or 2 < gap.width_px < 26 for gap in gaps(joint))


def test_halves_of_real_knees_are_refused(real):
    for film in real:
        for half in (film[:, :112], film[:, 112:]):
            with pytest.raises(NoJoint):
                find_joint(half)
