"""Sets of labelled films: from the cards' predictions, and what cannot be compared."""

import numpy as np
import pytest

from core.labelled import BadSet
from core.labelled_cards import from_cards, sharing, told_apart
from core.labelled_pack import Found, LabelledFilm
from core.models import ModelCard
from tests.toy_models import publish, publish_diagnoser, publish_graded

FRACTURE = "image,label,not fractured,fractured\n"
FILMS = "image,group,Region\na.jpg,1,hand\nb.jpg,1,leg\nc.jpg,2,hand\n"


def model(root, name: str, text: str | None, make=publish, **changes) -> ModelCard:
    folder = make(root, name, **changes)
    if text is not None:
        (folder / "predictions.csv").write_text(text)
    return ModelCard.read(folder)


def test_films_common_to_the_models_with_group_and_attributes(tmp_path):
    table = tmp_path / "films.csv"
    table.write_text(FILMS)
    one = model(tmp_path, "one", FRACTURE + "a.jpg,1,.2,.8\nb.jpg,0,.7,.3\nz.jpg,1,.4,.6\n")
    two = model(tmp_path, "two", FRACTURE + "z.jpg,1,.1,.9\nb.jpg,0,.6,.4\nonly.jpg,0,1,0\n")
    found = from_cards([one, two], table)
    assert (found.images, found.labels.tolist()) == (("b.jpg", "z.jpg"), [0, 1])
    assert found.groups.tolist() == ["1", "z.jpg"]
    assert found.attributes["Region"].tolist() == ["leg", "unknown"]
    assert [found.scores(reading).tolist() for reading in found.readings] == [
        [0.3, 0.6],
        [0.4, 0.9],
    ]
    assert found.data == "toys"


def test_without_a_table_every_film_is_a_group_of_its_own(tmp_path):
    card = model(tmp_path, "one", FRACTURE + "a.jpg,1,.2,.8\nb.jpg,0,.7,.3\n")
    found = from_cards([card], tmp_path / "none.csv")
    assert found.groups.tolist() == ["a.jpg", "b.jpg"] and not found.attributes


def test_the_fracture_is_called_from_the_models_own_threshold_on(tmp_path):
    point = {"name": "Youden", "threshold": 0.3, "sensitivity": 1, "specificity": 1, "ppv": 1}
    card = model(
        tmp_path,
        "one",
        FRACTURE + "a.jpg,1,.7,.3\nb.jpg,0,.71,.29\nc.jpg,0,.6,.4\n",
        operating_points=[point | {"n": 3}],
    )
    found = from_cards([card])
    (reading,) = found.readings
    assert found.called(reading).tolist() == [1, 0, 1]
    assert found.right(reading).tolist() == [True, True, False]
    bare = model(tmp_path, "bare", FRACTURE + "a.jpg,1,.5,.5\nb.jpg,0,.6,.4\n", operating_points=[])
    found = from_cards([bare])
    assert found.called(found.readings[0]).tolist() == [1, 0]


def test_a_knees_name_tells_patient_and_side(tmp_path):
    text = "image,label,0,1,2,3,4\n9001L.jpg,3,0,0,.4,.3,.3\n9001R.jpg,0,1,0,0,0,0\n"
    found = from_cards([model(tmp_path, "one", text + "odd,2,0,0,1,0,0\n", publish_graded)])
    assert found.groups.tolist() == ["9001", "9001", "odd"]
    assert found.attributes["Side"].tolist() == ["left", "right", "unknown"]
    assert found.attributes["True grade"].tolist() == ["grade 3", "grade 0", "grade 2"]
    (reading,) = found.readings
    assert found.called(reading).tolist() == [3, 0, 2]  # the median, where 2 is the likeliest
    assert found.positives.tolist() == [True, False, True]
    assert found.scores(reading) == pytest.approx([1, 0, 1])


def test_a_lesion_is_called_by_its_likeliest_diagnosis(tmp_path):
    text = "image,label,akiec,bcc,bkl,df,mel,nv,vasc\n"
    text += "a,mel,0,0,.2,0,.5,.3,0\nb,nv,0,0,.2,0,.5,.3,0\n"
    found = from_cards([model(tmp_path, "one", text, publish_diagnoser)])
    assert found.labels.tolist() == [4, 5] and found.positives.tolist() == [True, False]
    assert found.right(found.readings[0]).tolist() == [True, False]
    assert found.scores(found.readings[0]).tolist() == [0.5, 0.5]
    assert found.attributes["True diagnosis"].tolist() == ["Melanoma", "Melanocytic naevus"]


BAD = {
    "missing": (None, "no readable validation predictions"),
    "empty": ("", "no readable validation predictions"),
    "a head alone": (FRACTURE, "no readable validation predictions"),
    "other columns": ("image,label,yes\na,1,1\n", "no readable validation predictions"),
    "no number": (FRACTURE + "a,1,x,.5\n", "no readable validation predictions"),
    "not finite": (FRACTURE + "a,1,nan,.5\n", "no readable validation predictions"),
    "a label that is none": (FRACTURE + "a,2,.5,.5\n", "no readable validation predictions"),
    "other films": (FRACTURE + "q,1,.5,.5\n", "measured on different films"),
    "another label": (FRACTURE + "a,0,.5,.5\nb,0,.5,.5\n", "labels of a differ"),
    "one class only": (
        FRACTURE + "a,1,.5,.5\n",
        "Every label is fractured \\(n = 1\\): .*some are not fractured",
    ),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_be_compared_is_one_sentence(tmp_path, text, reason):
    good = model(tmp_path, "good", FRACTURE + "a,1,.5,.5\nb,0,.6,.4\n")
    with pytest.raises(BadSet, match=reason) as refused:
        from_cards([good, model(tmp_path, "bad", text)])
    assert refused.value.reason.endswith(".") and "\n" not in refused.value.reason


def test_models_to_begin_with_share_their_films(tmp_path):
    rows = ("a,1,.5,.5\n", "b,0,.6,.4\n", "c,0,.6,.4\n")
    bare = model(tmp_path, "bare", None)
    first, same = (model(tmp_path, name, FRACTURE + "".join(rows)) for name in ("first", "same"))
    other = model(tmp_path, "other", FRACTURE + "".join(rows[:2]) + "z,0,.6,.4\n")
    few = model(tmp_path, "few", FRACTURE + "".join(rows[:2]))
    assert sharing([other, bare, first, same]) == [first, same]
    assert sharing([few, first]) == [first]
    assert sharing([bare]) == []


def pack(*names: str, split: str = "") -> Found:
    """Films of a pack, fractured where their names begin with an "f"."""
    return Found(
        tuple(LabelledFilm(n, f"set/{n}", int(n.startswith("f")), split, n) for n in names)
    )


def test_films_that_the_models_were_validated_on_are_told_from_those_they_may_have_learned(
    tmp_path,
):
    one = model(tmp_path, "one", FRACTURE + "fa.png,1,.5,.5\nb.png,0,.6,.4\nfc,1,.6,.4\n")
    two = model(tmp_path, "two", FRACTURE + "fa.png,1,.5,.5\nfc,1,.6,.4\nfd.png,0,.6,.4\n")
    cards = [one, two, model(tmp_path, "bare", None)]
    brought = pack("fa.png", "b.png", "fc.jpg", "fd.png", "e.png")
    splits = {film.name: film.split for film in told_apart(brought, cards).films}
    # b.png: of one model alone; fd.png: another film, for its label differs.
    assert [name for name, split in splits.items() if split == "val"] == ["fa.png", "fc.jpg"]
    assert list(told_apart(brought, cards).splits) == ["val", "train"]
    for other in (pack("fa.png", split="test"), pack("x.png", "fd.png")):
        assert told_apart(other, cards) is other


def test_the_version_changes_with_whatever_is_compared(tmp_path):
    text = FRACTURE + "a,1,.5,.5\nb,0,.6,.4\n"
    one, two = model(tmp_path, "one", text), model(tmp_path, "two", text.replace(".6,.4", ".7,.3"))
    table = tmp_path / "films.csv"
    table.write_text("image,group\na,1\nb,1\n")
    sets = [from_cards([one]), from_cards([two]), from_cards([one, two]), from_cards([one], table)]
    assert len({found.version for found in sets}) == 4
    assert from_cards([one]).version == sets[0].version


def test_some_of_the_films_keep_everything_in_step(tmp_path):
    card = model(tmp_path, "one", FRACTURE + "a,1,.5,.5\nb,0,.6,.4\nc,1,.1,.9\n")
    part = from_cards([card]).of(np.array([2, 1]))
    assert part.images == ("c", "b") and part.labels.tolist() == [1, 0]
    assert part.scores(part.readings[0]).tolist() == [0.9, 0.4]
