import io

import numpy as np
import pydicom
import pytest

from core import samples
from core.images import decode
from core.phantoms import HARDWARE, hardware, knee, long_bone
from core.preprocess import to_grey
from core.quality import is_negative

SEEDS = range(24)


def _inside(box, shape) -> np.ndarray:
    """The pixels (H, W) that a relative box covers."""
    height, width = shape
    x0, y0, x1, y1 = np.array(box) * (width, height, width, height)
    rows, columns = np.mgrid[:height, :width] + 0.5
    return (rows >= y0) & (rows <= y1) & (columns >= x0) & (columns <= x1)


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: long_bone(seed, True),
        lambda seed: knee(seed, 3),
        lambda seed: hardware(seed, "plate", fractured=True),
        samples.training_phantom,
    ],
    ids=["limb", "knee", "hardware", "mixture"],
)
def test_same_seed_same_film_and_other_seed_other_film(draw):
    first, again, other = draw(7), draw(7), draw(8)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert first.boxes_xyxy_relative == again.boxes_xyxy_relative
    assert not np.array_equal(first.pixels, other.pixels)


@pytest.mark.parametrize("seed", SEEDS)
def test_limb_film_is_grey_and_as_large_as_the_real_ones(seed):
    film = long_bone(seed, fractured=bool(seed % 2))
    assert film.pixels.dtype == np.uint8 and film.pixels.ndim == 2
    assert max(film.pixels.shape) == 400 and min(film.pixels.shape) >= 320
    assert film.pixels.std() > 10
    assert film.fractured == seed % 2 == len(film.boxes_xyxy_relative)


@pytest.mark.parametrize("seed", SEEDS)
def test_fracture_is_seen_in_its_box(seed):
    broken, whole = long_bone(seed, True), long_bone(seed, False)
    (box,) = broken.boxes_xyxy_relative
    assert 0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1
    change = np.abs(broken.pixels.astype(int) - whole.pixels)
    inside = _inside(box, change.shape)
    assert inside.mean() < 0.1
    assert change[inside].max() > 15
    assert change[inside].mean() > 2.5 * change[~inside].mean()


def test_nothing_but_the_fracture_tells_the_classes_apart():
    """Films whose far fragment did not turn are equal, to the pixel, away from the box."""
    unmoved = 0
    for seed in SEEDS:
        broken, whole = long_bone(seed, True), long_bone(seed, False)
        changed = broken.pixels != whole.pixels
        near = np.add(broken.boxes_xyxy_relative[0], (-0.02, -0.02, 0.02, 0.02))
        unmoved += not changed[~_inside(near, changed.shape)].any()
        assert abs(broken.pixels.mean() - whole.pixels.mean()) < 3
    assert unmoved >= len(SEEDS) // 4


def _joint_space(film: np.ndarray) -> float:
    """Share of the band around the joint, under both condyles, that is darker than bone."""
    bone = min(np.median(film[:90, 60:160]), np.median(film[160:, 70:150]))
    return float((film[95:150, np.r_[45:85, 140:180]] < 0.85 * bone).mean())


def test_joint_space_narrows_with_the_grade():
    means = [np.mean([_joint_space(knee(seed, g).pixels) for seed in SEEDS]) for g in range(5)]
    assert means == sorted(means, reverse=True)
    assert means[4] < 0.6 * means[0]


@pytest.mark.parametrize("kind", HARDWARE)
def test_metal_is_laid_bright_over_an_intact_bone(kind):
    film = hardware(5, kind)
    others = [hardware(5, other).pixels for other in ("plate", "screws", "wire")]
    bare = knee(5, 1).pixels if kind == "prosthesis" else np.min(others, axis=0)
    added = film.pixels.astype(int) - bare
    assert film.fractured == 0 and film.boxes_xyxy_relative == ()
    assert added.max() > 60
    assert 0.0005 < (added > 40).mean() < 0.2
    assert added.min() >= -1


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: knee(1, 5), "grade"),
        (lambda: knee(1, -1), "grade"),
        (lambda: hardware(1, "nail"), "plate"),
        (lambda: hardware(1, "prosthesis", fractured=True), "prosthesis"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def test_training_mixture_has_the_promised_shares():
    films = [samples.training_phantom(seed) for seed in range(200)]
    assert 0.35 < np.mean([film.fractured for film in films]) < 0.55
    assert 0.03 < np.mean([film.pixels.shape == (224, 224) for film in films]) < 0.25
    assert all(film.fractured == len(film.boxes_xyxy_relative) for film in films)


def test_negative_turns_the_film_around():
    film = long_bone(2, True)
    turned = samples.negative(film)
    np.testing.assert_array_equal(turned.pixels, 255 - film.pixels)
    assert turned.boxes_xyxy_relative == film.boxes_xyxy_relative


def of_slug(slug: str) -> samples.Sample:
    return next(sample for sample in samples.knee_gallery() if sample.slug == slug)


@pytest.mark.parametrize(
    "sample", [*samples.gallery(), *samples.knee_gallery()], ids=lambda sample: sample.slug
)
def test_gallery_sample_decodes_and_says_it_is_synthetic(sample):
    data = sample.data()
    image = decode(data, sample.filename)
    assert data == sample.data()
    np.testing.assert_array_equal(image.pixels, sample.draw().pixels)
    assert "synthetic" in sample.title and "synthetic" in sample.truth
    assert b"Synthetic" in data


def test_gallery_offers_each_kind_once():
    offered = samples.gallery()
    assert len({sample.slug for sample in offered}) == len(offered)
    truths = " ".join(sample.truth for sample in offered)
    for kind in ("not fractured", "grade 0", "grade 4", "negative"):
        assert kind in truths
    assert truths.count("hardware") == len(HARDWARE)
    for sample in offered:
        assert sample.draw().fractured == (not sample.truth.startswith("not"))


def test_dicom_keeps_twelve_bits_in_sixteen():
    pixels = long_bone(4, True, bits=12).pixels
    film = pydicom.dcmread(io.BytesIO(samples.dicom(pixels)))
    assert (film.BitsAllocated, film.BitsStored) == (16, 12)
    assert film.PhotometricInterpretation == "MONOCHROME2" and film.WindowWidth > 0
    assert 255 < film.pixel_array.max() < 4096
    np.testing.assert_array_equal(film.pixel_array, pixels)


def test_knee_gallery_offers_every_grade_in_order_and_each_odd_film_once():
    offered = samples.knee_gallery()
    assert [s.slug for s in offered[:5]] == [f"knee-grade-{grade}" for grade in range(5)]
    for grade, sample in enumerate(offered[:5]):
        assert sample.truth.startswith(f"grade {grade} ")
        np.testing.assert_array_equal(sample.draw().pixels, knee(samples.KNEE_SEED, grade).pixels)
    assert [s.slug for s in offered[5:]] == ["both-knees", "negative-knee", "dicom-knee"]
    assert all("grade" in sample.truth for sample in offered)


def test_samples_of_both_galleries_have_slugs_and_files_of_their_own():
    offered = [*samples.gallery(), *samples.knee_gallery()]
    assert len({sample.slug for sample in offered}) == len(offered)
    assert len({sample.filename for sample in offered}) == len(offered)


@pytest.mark.parametrize("sample", samples.knee_gallery(), ids=lambda sample: sample.slug)
def test_of_the_knees_one_looks_negative_and_one_tells_its_spacing(sample):
    image = decode(sample.data(), sample.filename)
    assert is_negative(to_grey(image.pixels, image.window)) == (sample.slug == "negative-knee")
    spacing = samples.KNEE_SPACING_MM
    wanted = (spacing, spacing) if sample.slug == "dicom-knee" else None
    assert image.spacing_mm == pytest.approx(wanted)


def test_both_knees_stand_side_by_side_in_the_dark():
    film = decode(of_slug("both-knees").data(), "both-knees.png").pixels
    one, other = knee(3, 0).pixels, knee(8, 4).pixels
    height, width = one.shape
    gap = (film.shape[1] - 2 * width) // 3
    assert film.shape[0] == height and gap > 20
    np.testing.assert_array_equal(film[:, gap : gap + width], one)
    np.testing.assert_array_equal(film[:, -gap - width : -gap], other)
    dark = np.r_[:gap, gap + width : 2 * gap + width, film.shape[1] - gap : film.shape[1]]
    assert not film[:, dark].any()


@pytest.mark.parametrize("fractured", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_film_of_two_is_fractured_where_one_of_them_is(fractured):
    left, right = (long_bone(4, bool(broken)) for broken in fractured)
    assert samples.side_by_side(left, right).fractured == max(fractured)


def test_graded_phantoms_hold_every_grade_and_are_drawn_as_called():
    drawn = [samples.graded_phantom(seed) for seed in range(40)]
    grades = [grade for _, grade in drawn]
    assert set(grades) == set(range(5))
    for seed in (0, 17):
        film, grade = drawn[seed]
        np.testing.assert_array_equal(film.pixels, knee(seed, grade).pixels)
    again = [samples.graded_phantom(seed)[1] for seed in range(40)]
    assert grades == again
