import io

import numpy as np
import pydicom
import pytest

from core import samples
from core.images import decode
from core.phantoms import knee
from core.phantoms.implants import KINDS, implanted
from core.repair_samples import pasted, repair_gallery

OFFERED = repair_gallery()
FAINT = 0.04  # of the range: what an implant's blurred edge still adds beside its mask


@pytest.mark.parametrize("sample", OFFERED, ids=lambda sample: sample.slug)
def test_a_sample_decodes_and_its_truth_is_the_film_but_for_the_hardware(sample):
    data, drawn = sample.data(), sample.draw()
    image = decode(data, sample.filename)
    assert data == sample.data() and b"Synthetic" in data and "synthetic" in sample.title
    np.testing.assert_array_equal(image.pixels, drawn.film)
    assert drawn.film.dtype == drawn.clean.dtype
    assert drawn.film.shape == drawn.clean.shape == drawn.mask.shape
    change = np.abs(drawn.film.astype(int) - drawn.clean)
    assert change[~drawn.mask].max() <= FAINT * drawn.film.max()
    if sample.slug == "bare-knee":
        assert not drawn.mask.any()
    else:
        assert 0.01 < drawn.mask.mean() < 0.15
        assert change[drawn.mask].mean() > 0.05 * drawn.film.max()


def test_samples_have_slugs_and_files_of_their_own_among_all_galleries():
    offered = [*samples.gallery(), *samples.knee_gallery(), *OFFERED]
    assert len({sample.slug for sample in offered}) == len(offered)
    assert len({sample.filename for sample in offered}) == len(offered)


def test_one_sample_is_a_deep_dicom_film():
    (sample,) = (sample for sample in OFFERED if sample.filename.endswith(".dcm"))
    film = pydicom.dcmread(io.BytesIO(sample.data()))
    assert (film.BitsAllocated, film.BitsStored) == (16, 12)
    assert 255 < film.pixel_array.max() < 4096


@pytest.mark.parametrize("kind", KINDS)
def test_an_implant_lies_alike_on_a_deep_film(kind):
    """The phantom of 12 bits is the one of 8 at another depth, and so is what is laid over it."""
    deep, shallow = (pasted(knee(6, 2, bits=bits).pixels, 5, kind) for bits in (12, 8))
    np.testing.assert_array_equal(deep.mask, shallow.mask)
    assert deep.film.dtype == np.uint16 and deep.film.max() <= 4095
    np.testing.assert_allclose(deep.film / 4095, shallow.film / 255, atol=0.02)


def test_the_same_seed_gives_the_same_implant():
    film = knee(3, 0).pixels
    one, again, other = (implanted(film, seed, "plate").film for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
