"""What a reader marks on a film: labels, regions, and the text that it is kept as."""

import json

import numpy as np
import pytest

from core import masks
from core.artefacts import (
    LABELS,
    MAX_COMMENT,
    Annotation,
    from_json,
    from_masks,
    label_masks,
    regions,
    to_json,
)
from core.masks import BadMask, Stroke

SHAPE, HASH = (40, 60), "0123456789abcdef" * 4


def box(x0, y0, x1, y1, label="", **more) -> Stroke:
    return Stroke(np.array([(x0, y0), (x1, y1)], float), 1.0, "rectangle", label=label, **more)


SCREW, PLATE = box(2, 3, 12, 13, "screw"), box(8, 3, 30, 9, "plate")


def painted(*strokes) -> dict[str, int]:
    return {label: int(mask.sum()) for label, mask in label_masks(strokes, SHAPE).items()}


@pytest.mark.parametrize(
    ("strokes", "wanted"),
    [
        ([], {}),
        ([SCREW], {"screw": 100}),
        ([PLATE, SCREW], {"screw": 100, "plate": 132}),  # in one order, and they may overlap
        ([box(0, 0, 2, 2)], {"other": 4}),
        ([box(0, 0, 2, 2, "coin")], {"other": 4}),
        ([SCREW, PLATE, box(8, 3, 12, 9, erase=True)], {"screw": 76, "plate": 108}),
        ([SCREW, PLATE, box(8, 3, 12, 9, "plate", erase=True)], {"screw": 100, "plate": 108}),
        ([SCREW, box(0, 0, 60, 40, erase=True)], {}),
        ([box(0, 0, 60, 40, erase=True), SCREW], {"screw": 100}),
    ],
)
def test_every_label_has_a_mask_of_its_own(strokes, wanted):
    assert painted(*strokes) == wanted
    assert list(painted(*strokes)) == [label for label in LABELS if label in wanted]


def test_regions_are_the_pieces_of_each_label():
    found = regions((PLATE, box(40, 20, 44, 22, "screw"), SCREW), SHAPE)
    assert [(region.number, region.label, region.pixels) for region in found] == [
        (1, "screw", 100),
        (2, "screw", 8),
        (3, "plate", 132),
    ]
    assert [region.box for region in found] == [(2, 3, 12, 13), (40, 20, 44, 22), (8, 3, 30, 9)]
    assert all(region.mask.sum() == region.pixels for region in found)


def test_masks_become_strokes_that_give_exactly_them():
    ring = np.zeros(SHAPE, bool)
    ring[5:35, 5:35] = True
    ring[10:30, 10:30] = False
    inner = np.zeros(SHAPE, bool)
    inner[8:20, 8:20] = True  # over the ring and in its hole
    strokes = from_masks({"screw": inner, "cast": ring}, "auto")
    found = label_masks(strokes, SHAPE)
    np.testing.assert_array_equal(found["screw"], inner)
    np.testing.assert_array_equal(found["cast"], ring)
    assert {stroke.source for stroke in strokes} == {"auto"}


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        ([], "MANUAL"),
        (["manual"], "MANUAL"),
        (["auto", "auto"], "AUTO"),
        (["auto", "manual"], "SEMI-AUTO"),
    ],
)
def test_a4_who_drew_it_can_be_told(sources, wanted):
    drawn = tuple(box(0, 0, 4, 4, "screw", source=source) for source in sources)
    assert Annotation(drawn).source == wanted


def test_an_annotation_comes_back_from_text_as_it_was():
    said = Annotation((SCREW, PLATE), "Zwei Schrauben?\nplease look", False)
    kept = from_json(to_json(said, SHAPE, HASH))
    assert kept.annotation.same(said) and (kept.shape, kept.sha256) == (SHAPE, HASH)
    for other in (Annotation((SCREW,)), Annotation((SCREW, PLATE)), Annotation(nothing=True)):
        assert not other.same(said)
    assert from_json(to_json(Annotation(nothing=True), SHAPE, HASH).encode()).annotation.nothing


def test_r8_drawings_without_labels_are_read():
    old = json.loads(masks.to_json([box(0, 0, 4, 4)], SHAPE, HASH))
    old["version"] = 1
    del old["strokes"][0]["source"]
    kept = from_json(json.dumps(old))
    assert painted(*kept.annotation.strokes) == {"other": 16}
    assert (kept.annotation.comment, kept.sha256) == ("", HASH)


def text(**change) -> str:
    return json.dumps(json.loads(to_json(Annotation((SCREW,)), SHAPE, HASH)) | change)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "hello",
        b"\xff\xfe\xfa",
        "[]",
        "7",
        "[" * 100_000,
        text(schema="other"),
        text(version=2),
        text(comment=None),
        text(comment="a" * (MAX_COMMENT + 1)),
        text(nothing="yes"),
        text(drawing=None),
        text(drawing={"schema": "lightbox-strokes", "version": 1}),
        text(drawing=[1]),
    ],
)
def test_other_text_is_refused_in_one_sentence(given):
    with pytest.raises(BadMask) as refused:
        from_json(given)
    assert refused.value.reason.endswith(".") and refused.value.__cause__ is None
