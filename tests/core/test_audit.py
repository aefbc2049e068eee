"""The audit finds what was planted, says how much it matters, and is silent about a clean pack."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from core.audit import Audit, Listing, Weight, audit, example, list_pictures
from core.audit.balance import FEW, few, missing_class, shifted
from core.audit.duplicates import Print, fingerprint, near_pairs
from core.audit.examples import SIDE, thumbnails
from core.audit.facts import Entry
from core.audit.findings import Seen
from core.audit.intake import TORN, Loose, Zipped
from core.images import BadImage
from core.metrics import wilson
from core.phantoms import long_bone
from core.samples import png
from tests.core.test_film_zip import changed, packed
from tests.dicom_files import dicom

STOPS, LOOK, KNOW = Weight
CLASSES = ("not fractured", "fractured")


@cache
def film(seed: int) -> np.ndarray:
    """A small film, different from that of any other seed."""
    grey = long_bone(seed, fractured=False).pixels
    return cv2.resize(grey, (96, 96), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def films() -> list[bytes]:
    """Ten files, none like another."""
    return [png(film(seed)) for seed in range(10)]


def of(files: dict[str, bytes], **how) -> Audit:
    return audit(list_pictures(Path("pack"), files, **how))


@pytest.fixture(scope="module")
def planted():
    """The listing of the synthetic example, and its audit."""
    listing = list_pictures(Path(example.NAME), example.files())
    return listing, audit(listing)


FOUND = {
    "identical-across": (STOPS, {("film01.png", "scan-a.png"), ("film02.png", "scan-b.png")}),
    "near-across": (STOPS, {("film05.png", "scan-c.jpg")}),
    "groups-across": (STOPS, {("film30.png", "film46.png")}),
    "confound-strong": (STOPS, {()}),
    "conflicts": (LOOK, {("film06.png", "second-opinion.png")}),
    "unreadable": (LOOK, {("cut-short.png",)}),
    "negatives": (LOOK, {("film04.png",), ("film09.png",)}),
    "confound": (LOOK, {()}),
    "identical": (KNOW, {("film06.png", "second-opinion.png")}),
    "blurred": (KNOW, {("film14.png",), ("film21.png",)}),
    "exposure": (KNOW, {("film27.png",)}),
    "few": (KNOW, {()}),
}


def test_the_example_holds_what_is_said_to_be_planted_and_nothing_else(planted):
    _, result = planted
    found = {
        f.kind: (f.weight, {tuple(n.removeprefix("images/") for n in i.names) for i in f.items})
        for f in result.findings
    }
    assert found == FOUND
    weights = [finding.weight for finding in result.findings]
    assert weights == sorted(weights, key=list(Weight).index)
    assert len(result.listing.entries) == 57 and result.unreadable == 1
    assert "57 films" in example.files.__doc__


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("identical-across", "2 pairs of files .* 2 of the 19 of val"),
        ("confound-strong", "(Width|Height) alone tells “fractured” .* AUROC .* 29 against 27"),
        ("unreadable", "1 file of 57 cannot be read"),
        ("few", "10 fractured in val and 9 not fractured in val"),
    ],
)
def test_sentences_tell_counts(planted, kind, words):
    (finding,) = (f for f in planted[1].findings if f.kind == kind)
    assert re.search(words, finding.sentence) and finding.sentence.count(". ") == 0


def test_thumbnails_are_small_and_only_of_examples(planted):
    pictures = thumbnails(*planted)
    named = {n for f in planted[1].findings for i in f.items for n in i.names}
    assert set(pictures) == named - {"images/cut-short.png"}
    for data in pictures.values():
        assert max(cv2.imdecode(np.frombuffer(data, np.uint8), 0).shape) <= SIDE


def test_a_result_keeps_no_file_open(planted):
    assert planted[1].listing.archive.members == []


def test_a_sound_pack_has_no_finding_but_its_size(films):
    names = [f"{s}/{c}" for s in ("train", "val") for c in ("fractured", "normal")]
    result = of({f"{names[at % 4]}/{at}.png": data for at, data in enumerate(films)})
    assert [finding.kind for finding in result.findings] == ["few"]
    assert "Every group of pictures, as of one patient, lies in one split." not in result.clean
    assert dict(result.skipped)["Patients across splits"].startswith("nothing tells")


def test_films_without_labels_are_audited_for_what_needs_none(films):
    files = {f"kind {at % 3}/{at}.png": data for at, data in enumerate(films)}
    files |= {"copy.png": films[0], "dark.png": png(255 - film(11))}
    result = of(files)
    assert {f.kind for f in result.findings} == {"identical", "negatives"}
    skipped = dict(result.skipped)
    assert skipped["Label conflicts"] == "no picture has a label"
    assert skipped["Copies across splits"].startswith("there is no split")
    assert not result.counts and not result.confounds


@pytest.mark.parametrize(
    ("files", "kind", "weight", "words"),
    [
        ({"fractured": 4, "normal": 4, "unsure": 2}, "unknown-labels", LOOK, "“unsure” (2)"),
        ({"train/fractured": 5, "train/normal": 2, "val/normal": 2}, "missing-class", STOPS,
         "missing: fractured in val."),
        ({"fractured": 4}, "missing-class", STOPS, "missing: not fractured everywhere."),
        ({"0": 2, "1": 2, "2": 2, "3": 2}, "missing-class", LOOK, "missing: grade 4 everywhere."),
        ({"fractured": 2, "normal": 8}, "lopsided", KNOW, "right in 80 %"),
    ],
)  # fmt: skip
def test_labels_are_counted(films, files, kind, weight, words):
    given, at = {}, iter(films)
    for folder, count in files.items():
        given |= {f"{folder}/{number}{folder[0]}.png": next(at) for number in range(count)}
    (finding,) = (f for f in of(given).findings if f.kind == kind)
    assert finding.weight == weight and words in finding.sentence


def unseen(classes: tuple[str, ...], pictures) -> Seen:
    """Pictures of which only split, group and label are told."""
    facts = [SimpleNamespace(entry=Entry("", "", *told)) for told in pictures]
    listing = Listing(None, "", tuple(fact.entry for fact in facts), "", classes)
    return Seen(listing, facts, [], [], [], [])


@pytest.mark.parametrize(
    ("of_train", "of_val", "patients", "told"),
    [(36, 30, 60, False), (52, 30, 60, True), (30, 45, 4, False)],
    ids=["by chance", "no chance", "by few patients with many pictures"],
)
def test_classes_that_differ_between_splits_are_told_where_it_is_no_chance(
    of_train, of_val, patients, told
):
    pictures = [
        (split, f"{split} {at * patients // 60}", CLASSES[at < fractured])
        for split, fractured in (("train", of_train), ("val", of_val))
        for at in range(60)
    ]
    found = shifted(unseen(CLASSES, pictures))
    assert bool(found) == told
    assert not told or "fractured: 87 % of train, 50 % of val" in found.sentence


def test_sentences_name_some_of_many_and_the_cases_all():
    labels = [f"class {at:02d}" for at in range(20)]
    pictures = [(split, label, label) for split in ("train", "val") for label in labels]
    pictures += [("test", "one", labels[0])]
    seen = unseen((*labels, "gone"), pictures)
    for found, n in ((few(seen), 21), (missing_class(seen), 20)):
        assert len(found.items) == n and found.sentence.endswith(f" and {n - 6} more.")


def test_how_uncertain_few_pictures_are_is_said_rightly():
    low, high = wilson(FEW // 2, FEW)
    told = few(unseen(("a",), [("", "1", "a")])).advice
    assert f"With {FEW} pictures" in told and f"up to {50 * (high - low):.0f} points" in told


def test_all_copies_in_other_splits_count_though_pairs_name_the_first(films):
    """Of a picture that is there five times, three times to be measured on."""
    names = ["test/normal/1.png", "test/normal/2.png", "train/normal/3.png", "train/normal/4.png"]
    files = dict.fromkeys([*names, "val/normal/5.png"], films[0])
    files |= {"train/fractured/6.png": films[1], "val/fractured/7.png": films[2]}
    (finding,) = (f for f in of(files).findings if f.kind == "identical-across")
    assert finding.sentence.endswith("lie in two splits: 1 of the 2 of val, 2 of the 2 of test.")


def test_a_picture_without_a_split_is_on_no_side(films):
    manifest = b"image_id,fractured,split,group\na.png,1,train,p\nb.png,0,val,q\n"
    files = {"images/a.png": films[0], "images/b.png": films[1], "images/c.png": films[0]}
    result = of(files | {"manifest.csv": manifest})
    (finding,) = (f for f in result.findings if f.kind == "identical")
    assert finding.sentence == "1 pair of files is the same byte for byte."
    assert not any("across" in f.kind for f in result.findings)


@pytest.mark.parametrize("way", ["identical", "near"])
def test_a_leak_is_found_though_the_first_copy_is_in_no_split_and_has_no_label(films, way):
    """The manifest lists the copies `b` and `c` of `a`; or `c` is but like both."""
    rows = b"b.png,0,train\nc.png,1,val\nd.png,1,train\ne.png,0,val\n"
    lighter = png(np.clip(film(0) * 0.9 + 12, 0, 255).astype(np.uint8))
    data = [films[0], films[0], films[0] if way == "identical" else lighter, films[1], films[2]]
    files = {f"images/{name}.png": each for name, each in zip("abcde", data, strict=True)}
    result = of(files | {"manifest.csv": b"image_id,fractured,split\n" + rows})
    found = {f.kind: f for f in result.findings}
    for kind in (f"{way}-across", "conflicts"):
        assert [item.names for item in found[kind].items] == [("images/b.png", "images/c.png")]
    assert found[f"{way}-across"].sentence.endswith("lies in two splits: 1 of the 2 of val.")
    assert not any("within one split" in f.sentence for f in result.findings)


def test_a_patient_is_torn_by_pictures_that_are_in_a_split(films):
    files = {"4/1L.png": films[0], "train/4/1R.png": films[1], "val/3/1_r.png": films[2]}
    (finding,) = (f for f in of(files).findings if f.kind == "groups-across")
    assert finding.items[0].names == ("train/4/1R.png", "val/3/1_r.png")
    assert "belong together by the number that their names begin with" in finding.sentence


def test_photographs_in_colour_are_not_judged_as_films(films):
    colour = np.dstack([film(1), film(2), film(3)])
    photo = cv2.imencode(".png", 255 - colour)[1].tobytes()
    result = of({"a.png": photo, "b.png": photo + b"x"})
    assert "Negatives" in dict(result.skipped) and "Blur" in dict(result.skipped)


def test_dicom_tells_machine_and_spacing_and_no_patient():
    data = dicom(
        film(1).astype(np.uint16) * 16, Manufacturer="Maker\n Works", PixelSpacing=[0.2, 0.2]
    )
    (fact,) = of({"a.dcm": data}).facts
    assert (fact.kind, fact.bits, fact.spacing, fact.maker) == ("DICOM", 16, 0.2, "Maker Works")
    assert "Hansen" not in repr(fact)


def test_a_negative_copy_is_a_copy(films):
    result = of({"a.png": films[1], "b.png": png(255 - film(1))})
    assert {f.kind for f in result.findings} == {"negatives", "near"}


def test_copies_of_one_picture_are_told_once(films):
    lighter = png(np.clip(film(1) * 0.9 + 12, 0, 255).astype(np.uint8))
    result = of({f"{at}.png": films[1] for at in range(4)} | {"near.png": lighter})
    pairs = {f.kind: [item.names for item in f.items] for f in result.findings}
    assert pairs["identical"] == [("0.png", f"{at}.png") for at in (1, 2, 3)]
    assert pairs["near"] == [("0.png", "near.png")]


def test_flat_pictures_are_not_called_alike():
    assert near_pairs([fingerprint(np.full((32, 32), grey, np.uint8)) for grey in range(9)]) == []


def test_the_search_for_near_copies_is_bounded(monkeypatch):
    monkeypatch.setattr("core.audit.duplicates.MOST_CANDIDATES", 10)
    same = fingerprint(film(1))
    assert len(near_pairs([Print(*same)] * 40)) == 10
    assert near_pairs([]) == []


def test_progress_is_told_to_the_end(films):
    told = []
    files = {f"{at}.png": data for at, data in enumerate(films[:3])}
    audit(list_pictures(Path("pack"), files), lambda done, of: told.append((done, of)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_file_that_is_torn_in_its_zip_is_listed_and_the_rest_is_read(films):
    data = packed(("a.png", films[0]), ("b.png", films[1]))
    torn = changed(data, 16, b"\0\0\0\0")  # the sum of the last file
    result = audit(list_pictures(Path("z.zip"), Zipped(torn, "z.zip")))
    assert len(result.facts) + result.unreadable == 2 and len(result.facts) >= 1


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [(10, b"\x63\x00", TORN), (24, (80 * 2**20).to_bytes(4, "little"), "more than 64 MB")],
    ids=["packed in no known way", "too large"],
)
def test_what_a_zip_does_not_give_has_a_reason(films, at, value, reason):
    zipped = Zipped(changed(packed(("a.png", films[0])), at, value), "z.zip")
    with pytest.raises(BadImage, match=reason):
        zipped["a.png"]


def test_loose_files_of_one_name_are_both_there():
    given = ["a.png", "a.png", "a (2).png", "a.png", "../x/a.png", "x\\b & c.png", "/..", ""]
    files = [(name, f"{at} {name}".encode) for at, name in enumerate(given)]
    loose = Loose(files)
    assert {name: loose[name] for name in loose} == {
        "a.png": b"0 a.png", "a (2).png": b"1 a.png", "a (2) (2).png": b"2 a (2).png",
        "a (3).png": b"3 a.png", "x/a.png": b"4 ../x/a.png", "x/b & c.png": b"5 x\\b & c.png",
        "image": b"6 /..", "image (2)": b"7 ",
    }  # fmt: skip
