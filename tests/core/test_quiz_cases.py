"""What a quiz is made of: cases, the models' readings, and pictures that tell nothing more."""

import csv
import dataclasses
import re
import weakref

import cv2
import numpy as np
import pytest

from core import quiz_cases, quiz_networks
from core.lesions import CODES
from core.models import ModelCard, open_model
from core.phantoms import knee
from core.quiz_cases import BadCase, Draft, make
from core.quiz_fills import fillings, hole, repaired
from core.quiz_films import balanced, real, synthetic, val_films
from core.quiz_generated import invented, knees, lesion_pack, lesions
from core.quiz_networks import Networks
from core.quiz_own import AGAINST_FILLS, AGAINST_LESIONS, films, labels, own
from core.quiz_pictures import around, picture, with_hole
from core.quiz_records import MAX_CASES, MAX_PICTURE, Answer
from core.samples import png, side_by_side
from tests.class_folders import write_films
from tests.toy_models import publish, publish_graded, publish_painter, publish_sketcher

TRUTHS = ("fractured", "grade", "real", "generated", "synthetic", "Synthetic")
GREY = np.full((40, 60), 90, np.uint8)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two models that read fractures, and one of each other kind."""
    root = tmp_path_factory.mktemp("checkpoints")
    publish(root, "one")
    publish(root, "two", 0.5, title="The other")
    publish_graded(root)
    publish_painter(root)
    publish_painter(root, "middle", view="whole film")
    publish_sketcher(root)
    return root


@pytest.fixture(scope="module")
def networks(root):
    return Networks(root)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A pack of films, one of knees and one of lesions."""
    data = tmp_path_factory.mktemp("data")
    write_films(data / "fracture", 12)
    for grade in range(5):
        folder = data / "knee/val" / str(grade)
        folder.mkdir(parents=True)
        for side in "LR":
            film = knee(grade + 10 * (side == "R"), grade).pixels
            (folder / f"{9000000 + grade}{side}.png").write_bytes(png(film))
    write_lesions(data / "lesion")
    return data


def write_lesions(folder, count: int = 14) -> None:
    """Discs of a colour on skin, with their outlines; the last one has an empty outline."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    rows = []
    for at in range(count):
        mask = np.zeros((75, 100), np.uint8)
        cv2.circle(mask, (50, 37), 0 if at == count - 1 else 20, 255, -1)
        photo = np.where(mask[..., None] > 0, (40, 60, 10 * at), (150, 170, 200)).astype(np.uint8)
        cv2.imwrite(str(folder / f"images/ISIC_{at}.png"), photo)
        cv2.imwrite(str(folder / f"masks/ISIC_{at}_segmentation.png"), mask)
        rows.append({"image_id": f"ISIC_{at}", "dx": CODES[at % 7]})
    with open(folder / "labels.csv", "w", newline="") as file:
        table = csv.DictWriter(file, ["image_id", "dx"])
        table.writeheader()
        table.writerows(rows)


def decoded(one) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(one.data, np.uint8), cv2.IMREAD_UNCHANGED)


def draft(**changes) -> Draft:
    whole = Draft("a", "fracture", "X-ray film", "a.png", 1, lambda _networks: GREY)
    return dataclasses.replace(whole, **changes)


def test_synthetic_films_are_read_by_every_model_the_shown_one_first(networks):
    drafts = synthetic("fracture", 4, 7)
    made = list(make(drafts, networks, {"fracture": "two"}))
    assert sorted(case.truth for case, _ in made) == [0, 0, 1, 1]
    for position, (case, pictures) in enumerate(made):
        assert case.position == position and case.pictures == 1 and len(pictures) == 2
        shown, other = case.readings
        assert (shown.name, shown.title, shown.heat) == ("two", "The other", 1)
        assert (other.name, other.heat) == ("one", None)
        assert sum(shown.probabilities) == pytest.approx(1)
        called = shown.probabilities[1] >= shown.threshold
        assert shown.answer.value == called and (shown.answer.place is not None) == called
        assert len(case.boxes) == case.truth
        assert decoded(pictures[0]).ndim == 2 and decoded(pictures[1]).ndim == 3
        assert decoded(pictures[0]).shape == decoded(pictures[1]).shape[:2]
        assert "Synthetic radiograph" in case.told


def test_one_model_at_a_time_is_in_memory_and_progress_is_told(networks, monkeypatch):
    alive, others, done = weakref.WeakSet(), [], []

    def opened(card, threads):
        others.append(len(alive))
        model = open_model(card, threads)
        alive.add(model)
        return model

    monkeypatch.setattr(quiz_networks, "open_model", opened)
    made = make(synthetic("fracture", 2, 7), networks, {"fracture": "two"}, done.append)
    assert [len(case.readings) for case, _ in made] == [2, 2]
    assert others == [0, 0] and not alive
    assert done == sorted(done) and done[-1] == 1 and len(set(done)) == 6


def test_a_large_film_is_read_anew_and_gives_the_same_reading(networks, monkeypatch):
    (one,) = drafts = synthetic("fracture", 1, 7)
    asked = []
    drafts = [dataclasses.replace(one, pixels=lambda nets: (asked.append(1), one.pixels(nets))[1])]
    small = make(drafts, networks, {"fracture": "two"})
    assert len(asked) == 1
    monkeypatch.setattr(quiz_cases, "SMALL", 0)
    assert make(drafts, networks, {"fracture": "two"}) == small and len(asked) == 4


@pytest.mark.parametrize(("question", "count"), [("fracture", 24), ("grade", 8), ("fill", 12)])
def test_no_synthetic_anatomy_is_drawn_twice(question, count):
    drawn = [one for one in synthetic(question, count, 7) if not one.key.startswith("sample")]
    seeds = {one.name for one in drawn}  # a name holds the seed
    assert len(seeds) == len(drawn) > 0


@pytest.mark.parametrize("question", ["fracture", "grade", "generated", "fill"])
def test_nothing_that_students_get_tells_the_truth_before_it_is_told(
    question, networks, data, root
):
    if question == "generated":
        pack = lesion_pack(data, root)
        drafts = lesions(pack, 4, 3) + knees(val_films(data, "grade"), 4, 3)
    else:
        drafts = synthetic(question, 3, 3)
    for case, pictures in make(drafts, networks, {}):
        for text in (case.title, *(one.alt for one in pictures)):
            assert not any(word in text for word in TRUTHS), text
        for one in pictures:
            assert not any(word.encode() in one.data for word in (*TRUTHS, "Exif", "tEXt"))
        assert case.told and not case.readings


def test_a_grade_is_what_the_model_calls_and_its_heatmap_is_of_that(networks):
    (case, pictures), *_ = make(synthetic("grade", 5, 1), networks, {"grade": "toy"})
    (said,) = case.readings
    assert case.answers == ("0", "1", "2", "3", "4") and len(said.probabilities) == 5
    assert said.answer == Answer(said.answer.value) and said.heat == 1 and len(pictures) == 2


def test_the_nearest_filling_is_measured_and_lies_anywhere(networks):
    film = knee(4, 1).pixels
    orders = set()
    for key in "abcdef":
        found = fillings(film, key, networks.painters)
        away = [np.abs(one.astype(int) - film)[found.mask].astype(float) for one in found.pictures]
        assert found.nearest == np.argmin([np.square(one).mean() for one in away])
        assert all((one == film)[~found.mask].all() for one in found.pictures)
        assert sorted(found.titles) == ["Biharmonic", "Filler", "Navier-Stokes", "Telea"]
        assert found.told.endswith("dB.") and found.titles[found.nearest] in found.told
        orders.add(found.titles)
    assert len(orders) > 1  # no way always has the same letter


def test_a_case_of_fillings_shows_the_hole_first_without_loss(networks):
    ((case, pictures),) = make(synthetic("fill", 1, 2), networks, {})
    first, *others = map(decoded, pictures)
    assert case.pictures == len(pictures) == 1 + len(case.answers)
    assert all(one.data.startswith(b"\x89PNG") for one in pictures)
    assert max(first.shape) == 512
    for other in others:  # all but the hole is the film
        assert 0.5 < (first == other).mean() < 1


def test_fillings_show_the_hole_large_and_something_around_it():
    mask = np.zeros((200, 300), bool)
    mask[50:90, 10:30] = True
    assert around(mask) == (slice(40, 100), slice(0, 40))
    assert mask[around(mask)].sum() == mask.sum()


@pytest.mark.parametrize("key", ["a", "b", "c"])
def test_a_hole_is_neither_all_nor_next_to_nothing_and_stays_for_its_key(key):
    mask = hole((224, 224), key)
    assert 0.02 <= mask.mean() <= 0.2 and (mask == hole((224, 224), key)).all()
    film = np.full((224, 224), 90, np.uint8)
    assert len(np.unique(with_hole(film, mask)[mask])) == 2


def test_real_and_generated_lesions_have_one_size_and_one_format(networks, data, root):
    made = list(make(lesions(lesion_pack(data, root), 8, 1), networks, {}))
    assert sorted(case.truth for case, _ in made) == [0] * 4 + [1] * 4
    assert {decoded(pictures[0]).shape for _, pictures in made} == {(512, 512, 3)}
    assert {pictures[0].data[:3] for _, pictures in made} == {b"\xff\xd8\xff"}
    for case, _ in made:
        assert case.told.startswith(("Real", "Generated")[case.truth])
        assert "CC BY-NC 4.0" in case.told


def test_lesions_that_networks_learned_from_are_left_out(tmp_path, data):
    folder = tmp_path / "lesion/toy"
    folder.mkdir(parents=True)
    (folder / "predictions.csv").write_text("image,label\nISIC_1,bcc\nISIC_3,df\n")
    found = lesion_pack(data, tmp_path)
    assert [lesion.name for lesion in found.lesions] == ["ISIC_1", "ISIC_3"]
    assert len(lesion_pack(data, tmp_path / "none").lesions) == 14
    assert lesion_pack(tmp_path, tmp_path) is None


def test_an_outline_of_nothing_is_never_drawn_from(data, root):
    drafts = lesions(lesion_pack(data, root), 14, 5)
    assert not any(one.key == "drawn after ISIC_13" for one in drafts)


def test_half_of_the_knees_are_filled_and_each_is_shown_once(networks, data):
    found = val_films(data, "grade")
    drafts = knees(found, 6, 2)
    assert sorted(one.truth for one in drafts) == [0, 0, 0, 1, 1, 1]
    shapes = {decoded(pictures[0]).shape for _, pictures in make(drafts, networks, {})}
    assert shapes == {(512, 512)}
    again = knees(found, 6, 9, {one.key for one in drafts})
    assert not {one.key for one in again} & {one.key for one in drafts} and again


def test_a_knee_that_cannot_be_read_is_left_out(tmp_path):
    folder = tmp_path / "knee/val/1"
    folder.mkdir(parents=True)
    (folder / "9000001L.png").write_bytes(b"no film")
    (folder / "9000002L.png").write_bytes(png(knee(1, 1).pixels))
    (one,) = knees(val_films(tmp_path, "grade"), 2, 1)
    assert "9000002L" in one.told


def test_a_repaired_knee_is_changed_in_its_hole_alone(networks):
    film = knee(3, 2).pixels
    changed = repaired(film, "x", networks.painters[0]) != film
    assert changed.any() and not (changed & ~hole(film.shape, "x")).any()


def test_real_films_are_of_the_val_split_with_as_many_of_each_label(data):
    found = val_films(data, "fracture")
    drafts = real("fracture", found, 4, 1)
    assert len(found[1]) == 4 and sorted(one.truth for one in drafts) == [0, 0, 1, 1]
    assert all(one.told.startswith("Real film") and "CC BY 4.0" in one.told for one in drafts)
    assert real("fracture", found, 4, 1, {one.key for one in drafts}) == []
    assert val_films(data / "nowhere", "fracture") is None


def gone(_networks):
    raise FileNotFoundError("gone")


@pytest.mark.parametrize(
    ("drafts", "shown", "reason"),
    [
        ([], None, "no case yet"),
        ([draft()] * (MAX_CASES + 1), None, "at most 60 cases, but these are 61"),
        ([draft(truth=None)], None, "The truth of a.png is not said"),
        ([draft(truth=None), draft(truth=None)], None, "a.png and 1 more is not said"),
        ([draft(), draft(pixels=gone)], None, "Case 2, a.png, is gone"),
        ([draft()], "none such", "The model none such cannot be opened"),
    ],
)
def test_what_no_quiz_is_made_of_is_refused_in_a_sentence(drafts, shown, reason, networks):
    with pytest.raises(BadCase, match=reason):
        list(make(drafts, networks, {"fracture": shown}))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (invented("a"), "No generator of lesions is published"),
        (
            own("generated", {"a.png": png(GREY), "b.png": png(GREY + 1)}, {}, AGAINST_FILLS),
            "fills",
        ),
    ],
)
def test_nothing_is_generated_without_a_network(wanted, reason, tmp_path):
    drafts = wanted if isinstance(wanted, list) else [wanted]
    with pytest.raises(BadCase, match=reason):
        list(make(drafts, Networks(tmp_path), {}))


@pytest.mark.parametrize(
    ("question", "paths", "found"),
    [
        ("fracture", ["a/fractured/1.png", "a/Not_Fractured/2.png"], [1, 0]),
        ("fracture", ["fractured/hand/1.png"], [1]),
        ("grade", ["0/1.png", "4Severe/2.png", "grade-3/3.jpg", "KL_2/x.dcm"], [0, 4, 3, 2]),
        ("generated", ["real/1.png", "fake/2.png"], [0, 1]),
        ("fracture", ["1.png"], "1 of the zip's films lie in no folder: .*“fractured”"),
        (
            "fracture",
            ["fractured/1.png", "cats/2.png"],
            "folders “cats” match no class: .*“fractured”",
        ),
        ("grade", ["5/1.png", "broken/2.png"], "“5”, “broken” match no class: .*“0” to “4”"),
        ("generated", [f"{n}/1.png" for n in range(7)], "and 2 more match no class"),
    ],
)
def test_folders_of_a_zip_tell_the_truth_or_are_named(question, paths, found):
    known, note = labels(paths, question)
    if isinstance(found, str):
        assert re.search(found, note) and set(known) == {one for one in paths if one[:2] == "fr"}
    else:
        assert list(known.values()) == found and not note


def test_a_zip_without_pictures_is_refused_and_tables_in_it_are_passed_over():
    assert films([("a/1.PNG", b"1"), ("labels.csv", b"2")]) == {"a/1.PNG": b"1"}
    with pytest.raises(BadCase, match="holds no picture"):
        films([("labels.csv", b"2")])


def test_own_films_are_shown_small_and_positive_and_read_as_they_are(networks):
    film = np.zeros((MAX_PICTURE + 200, 700), np.uint16)
    film[300:-300, 200:-200] = 4000
    files = {"a.png": png(film.max() - film)}  # a negative
    ((case, pictures),) = make(own("fracture", files, {"a.png": 1}), networks, {"fracture": "one"})
    shown = decoded(pictures[0])
    assert shown.shape == (MAX_PICTURE, round(700 * MAX_PICTURE / (MAX_PICTURE + 200)))
    assert shown[0, 0] < 20 and shown[MAX_PICTURE // 2, 300] > 230
    assert case.truth == 1 and "a.png" not in case.told and len(case.readings) == 2


def test_of_an_own_film_the_knee_is_cut_out_and_two_are_refused(tmp_path):
    folder = publish_graded(tmp_path)
    nothing = np.zeros((1, 8), np.float32)
    spread = {"basis": nothing[None], "spread": np.ones((1, 1)), "residual": np.ones(1)}
    np.savez(folder / "gate.npz", mean=nothing, threshold=np.inf, **spread)  # all are knees
    one, networks = knee(3, 2), Networks(tmp_path)
    leg = np.pad(one.pixels, ((60, 60), (0, 0)), "edge")
    ((_, pictures),) = make(own("grade", {"leg.png": png(leg)}, {"leg.png": 2}), networks, {})
    height, width = decoded(pictures[0]).shape
    assert height == width <= 224
    both = png(side_by_side(one, knee(8, 4)).pixels)
    with pytest.raises(BadCase, match=r"Case 1, both\.png: This film shows both knees"):
        list(make(own("grade", {"both.png": both}, {"both.png": 2}), networks, {}))


@pytest.mark.parametrize(
    ("against", "truths"), [(AGAINST_LESIONS, [0, 0, 1, 1]), (AGAINST_FILLS, [0, 1])]
)
def test_own_pictures_stand_against_generated_ones(against, truths, networks):
    film = knee(3, 2).pixels
    files = {"a.png": png(film), "b.png": png(film[:, :200])}
    drafts = own("generated", files, {}, against)
    assert sorted(one.truth for one in drafts) == truths
    made = list(make(drafts, networks, {}))
    assert {max(decoded(pictures[0]).shape) for _, pictures in made} == {512}


def test_own_pictures_are_not_mixed_in_one_order_for_all():
    pictures = [png(np.full((40, 60), level, np.uint8)) for level in range(60, 108)]
    orders = set()
    for begin in range(0, 48, 6):
        files = {f"{at}.png": one for at, one in enumerate(pictures[begin : begin + 6])}
        first, second = (own("generated", files, {}, AGAINST_FILLS) for _ in range(2))
        assert [one.key for one in first] == [one.key for one in second]
        orders.add("".join(one.name for one in first))
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("files", "reason"),
    [({}, "no film yet"), ({"notes.png": b"no film"}, r"notes\.png: .*too short")],
)
@pytest.mark.parametrize("question", ["fracture", "generated"])
def test_own_files_that_are_no_films_are_refused_by_name(files, reason, question):
    with pytest.raises(BadCase, match=reason):
        own(question, files, {})


def test_things_are_drawn_evenly_and_each_once():
    found = balanced(["aaaa", "b", "cc"], 6, 1)
    assert sorted(found) == sorted("aaabcc") and balanced(["aaaa", "b", "cc"], 6, 1) == found
    assert sorted(balanced(["ab"], 9, 1)) == ["a", "b"]


def test_painters_of_the_middle_alone_and_broken_models_are_left_out(tmp_path):
    for name in ("middle", "broken"):
        folder = publish_painter(tmp_path, name, view="whole film" if name == "middle" else "hole")
    (folder / "model.onnx").write_bytes(b"broken")
    assert Networks(tmp_path).painters == []
    assert ModelCard.read(folder).name == "broken"


def test_a_picture_holds_nothing_but_pixels():
    grey = picture(np.full((30, 20), 77, np.uint8), "alt")
    assert decoded(grey).shape == (30, 20) and abs(int(decoded(grey)[3, 3]) - 77) < 3
    colour = picture(np.full((30, 20, 3), (200, 100, 0), np.uint8), "alt", lossless=True)
    assert (decoded(colour)[0, 0] == (0, 100, 200)).all()  # blue first
