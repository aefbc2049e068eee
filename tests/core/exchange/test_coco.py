"""COCO's run lengths and documents are what pycocotools takes them for, and are read with care."""

import json

import numpy as np
import pytest
from pycocotools import mask as maskapi
from pycocotools.coco import COCO

from core import artefacts
from core.artefacts import LABELS, from_masks
from core.exchange import coco
from core.exchange.coco import compressed, label_of, paint, run_lengths
from core.masks import BadMask
from tests.nasty_masks import MASKS, SHAPE

HASH = "ab" * 32


def regions(**masks: np.ndarray) -> tuple[artefacts.Region, ...]:
    return artefacts.regions(from_masks(masks), SHAPE)


def painted(*codes: object) -> np.ndarray:
    mask = np.zeros(SHAPE, bool, "F")
    for code in codes:
        paint(code, mask)
    return mask


def document(rle: bool) -> dict:
    """Two films, the second with overlapping labels of nasty masks."""
    made = coco.blank({"description": "of a test"})
    coco.add_film(made, "empty.png", "cd" * 32, SHAPE)
    film = coco.add_film(made, "film.png", HASH, SHAPE)
    for region in regions(screw=MASKS["specks"], cast=MASKS["a hole"]):
        coco.add_region(made, film, region, SHAPE, {"source": "AUTO", "reader": "A"}, rle)
    return made


@pytest.mark.parametrize("name", MASKS)
def test_r10_run_lengths_are_those_of_pycocotools(name):
    mask, whole = MASKS[name], np.zeros(SHAPE, bool, "F")
    for region in regions(wire=mask):
        alone = np.zeros(SHAPE, np.uint8, order="F")
        x0, y0, x1, y1 = region.box
        alone[y0:y1, x0:x1] = region.mask
        counts = run_lengths(region, SHAPE)
        code = compressed(counts, SHAPE)
        assert code == maskapi.encode(alone)["counts"].decode()
        np.testing.assert_array_equal(painted(code), alone.astype(bool))
        np.testing.assert_array_equal(painted(counts), alone.astype(bool))
        whole |= painted(code)
    np.testing.assert_array_equal(whole, mask)


def test_long_runs_are_read_back_from_text():
    mask = np.zeros((3000, 2500), bool)
    mask[1234:1900, 7:2000] = True
    code = maskapi.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    found = np.zeros(mask.shape, bool, "F")
    paint(code, found)
    np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param([356], id="short"),
        pytest.param([350, 8], id="long"),
        pytest.param([357, -1, 1], id="negative"),
        pytest.param([357.0], id="not whole"),
        pytest.param([True] * 357, id="no numbers"),
        pytest.param("", id="empty"),
        pytest.param("é", id="no character of the code"),
        pytest.param("o", id="cut off"),
        pytest.param("ooooooooo0", id="endless"),
        pytest.param({"counts": [357]}, id="a mapping"),
        pytest.param(None, id="nothing"),
    ],
)
def test_run_lengths_that_do_not_fit_are_refused(code):
    with pytest.raises(BadMask, match="do not fit the film"):
        painted(code)


@pytest.mark.parametrize("rle", [False, True])
def test_pycocotools_reads_a_document_and_finds_the_same(rle, tmp_path):
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(document(rle)))
    read = COCO(path)
    masks = artefacts.label_masks(
        from_masks({"screw": MASKS["specks"], "cast": MASKS["a hole"]}), SHAPE
    )
    assert [film["file_name"] for film in read.loadImgs(read.getImgIds())][1] == "film.png"
    assert not read.getAnnIds(imgIds=1)
    for category in read.loadCats(read.getCatIds()):
        found = np.zeros(SHAPE, bool, "F")
        for annotation in read.loadAnns(read.getAnnIds(imgIds=2, catIds=category["id"])):
            mask = read.annToMask(annotation).astype(bool)
            assert annotation["area"] == mask.sum()
            np.testing.assert_allclose(
                annotation["bbox"], maskapi.toBbox(read.annToRLE(annotation))
            )
            found |= mask
        np.testing.assert_array_equal(found, masks.get(category["name"], np.zeros(SHAPE)))


@pytest.mark.parametrize("rle", [False, True])
def test_r10_a_document_comes_back(rle):
    (told,) = coco.readings(document(rle))
    assert told.image["sha256"] == HASH and told.facts == {"reader": "A"}
    onto = {label: np.zeros(SHAPE, bool, "F") for label in ("screw", "cast")}
    for label, source, segmentation in told.marks:
        assert source == "AUTO"
        for stroke in coco.strokes(segmentation, SHAPE, onto[label]):
            onto[label] |= artefacts.masks.rasterise([stroke], SHAPE)
    np.testing.assert_array_equal(onto["screw"], MASKS["specks"])
    np.testing.assert_array_equal(onto["cast"], MASKS["a hole"])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"images": []}, id="no such film"),
        pytest.param({"categories": []}, id="no such category"),
        pytest.param({"annotations": [3]}, id="no annotation"),
        pytest.param({"annotations": None}, id="no list"),
        pytest.param({"info": {"readings": [{"film_sha256": "0" * 64}]}}, id="another film"),
        pytest.param({"info": 5}, id="no info"),
    ],
)
def test_what_is_not_laid_out_as_coco_is_refused(change):
    with pytest.raises(BadMask, match="not a COCO file"):
        coco.readings({**document(False), **change})


@pytest.mark.parametrize("segmentation", [None, [], [[1, 2, 3]], [["a", "b"]], "x", [5]])
def test_regions_without_an_outline_are_refused(segmentation):
    with pytest.raises(BadMask, match="not a COCO file"):
        coco.strokes(segmentation, SHAPE, np.zeros(SHAPE, bool, "F"))


def test_run_lengths_of_another_size_are_refused():
    code = {"size": [SHAPE[1], SHAPE[0]], "counts": [357]}
    with pytest.raises(BadMask, match="another size"):
        coco.strokes(code, SHAPE, np.zeros(SHAPE, bool, "F"))


def test_labels_are_known_by_key_and_by_name():
    assert {label_of(label) for label in LABELS} == set(LABELS)
    assert {label_of(title) for title in LABELS.values()} == set(LABELS)
    assert label_of(" wire OR staple ") == "wire"
    for unknown in ("dog", "", None, 3):
        with pytest.raises(BadMask, match="is not known here"):
            label_of(unknown)
