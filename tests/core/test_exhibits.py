"""The numbers of the exhibits, on tables small enough to be counted by hand."""

import numpy as np
import pytest

from core import exhibits, metrics
from core.exhibits import fid, leak, majority_class, stacked_leak, swapped_class
from core.lesions import CODES
from core.metrics import Confusion
from core.models import find
from core.settings import CHECKOUT

# Four films a kind: both networks know the sound ones; the clean one finds every second fracture.
LABELS = np.array([1] * 8 + [0] * 8)
LEAKED = np.array(([True] * 4 + [False] * 4) * 2)
SOUND = [0.1] * 8
FILMS = leak.Films(
    LABELS,
    LEAKED,
    {
        "leaking": np.array([0.9] * 4 + [0.05] * 4 + SOUND),
        "clean": np.array([0.9, 0.9, 0.05, 0.05] * 2 + SOUND),
    },
)


@pytest.mark.parametrize("leaked", range(5))
def test_a_drawn_test_set_holds_as_many_leaked_films_as_asked_for(leaked):
    chosen = leak.drawn(FILMS, leaked, np.random.default_rng(0))
    assert FILMS.each == 4 and len(set(chosen)) == len(chosen) == 8
    assert LABELS[chosen].sum() == 4
    assert LEAKED[chosen].sum() == 2 * leaked


@pytest.mark.parametrize("leaked", [-1, 5])
def test_no_test_set_can_hold_more_leaked_films_than_there_are(leaked):
    with pytest.raises(ValueError, match="of 4"):
        leak.drawn(FILMS, leaked, np.random.default_rng(0))


def test_the_leaking_network_gains_with_the_share_and_the_clean_one_does_not():
    found = leak.curve(FILMS, np.array([0, 0.5, 1]), draws=40)
    assert found["sensitivity"].mean["leaking"].tolist() == [0, 0.5, 1]
    assert found["accuracy"].mean["leaking"].tolist() == [0.5, 0.75, 1]
    assert found["auroc"].mean["leaking"].tolist() == [0, 0.5, 1]
    clean = found["sensitivity"]
    assert clean.mean["clean"][[0, 2]].tolist() == [0.5, 0.5]  # all four of a half, in any draw
    assert clean.low["clean"][1] < clean.mean["clean"][1] < clean.high["clean"][1]


def test_the_committed_leak_shows_itself_on_the_leaked_half_alone():
    films = leak.films()
    assert len(films.labels) == 603 and films.labels.sum() == 108
    assert 250 < films.leaked.sum() < 350

    def area(network: str, half: np.ndarray) -> float:
        return metrics.auroc(films.labels[half], films.said[network][half])

    assert area("leaking", films.leaked) > 0.95
    for network in leak.NETWORKS:
        assert area(network, ~films.leaked) < 0.8
    assert area("clean", films.leaked) < 0.8


@pytest.mark.parametrize("way", stacked_leak.WAYS)
def test_the_committed_stack_has_every_film_in_its_histograms(way):
    labels = stacked_leak.labels()
    assert stacked_leak.tested(way).sum(1).tolist() == [495, 108]
    assert stacked_leak.learned_from(way).sum(1).tolist() == [2312, 499]
    for stage in stacked_leak.SECOND_STAGES:
        told = stacked_leak.scores(way, stage)
        right = (stacked_leak.said(way, stage) > 0.5) == labels
        assert told["accuracy"].value == pytest.approx(right.mean())
        assert told["accuracy"].low < told["accuracy"].value < told["accuracy"].high


def test_only_a_first_stage_that_saw_the_test_films_knows_them():
    areas = {
        way: metrics.auroc(stacked_leak.labels(), stacked_leak.said(way, "stage_one"))
        for way in stacked_leak.WAYS
    }
    assert areas["all_rows"] > 0.95
    assert areas["training_rows"] == areas["out_of_fold"] < 0.85


def test_flipping_the_positive_class_swaps_what_is_called_sensitivity():
    counts = swapped_class.PUBLISHED
    other = swapped_class.swapped(counts)
    assert (counts.n, other.n) == (829, 829)
    assert (counts.sensitivity, counts.specificity) == (other.specificity, other.sensitivity)
    assert counts.sensitivity == pytest.approx(327 / 337)
    assert (counts.false_negatives, other.false_negatives) == (10, 1)
    assert swapped_class.swapped(other) == counts
    assert swapped_class.swapped(Confusion(1, 2, 3, 4)) == Confusion(4, 3, 2, 1)


NV, MEL = CODES.index("nv"), CODES.index("mel")
GIVEN = majority_class.Answers(
    np.array([NV] * 6 + [MEL] * 2), np.array([NV, MEL, MEL, MEL, MEL, MEL, MEL, MEL])
)


def test_answers_without_looking_raise_accuracy_and_level_the_rest():
    looked = majority_class.score(GIVEN)
    assert (looked.accuracy, looked.balanced) == (3 / 8, pytest.approx((1 / 6 + 1) / 2))
    blind = majority_class.score(majority_class.without_looking(GIVEN, 1))
    assert (blind.accuracy, blind.balanced) == (6 / 8, 0.5)
    assert np.isnan(blind.recalls).sum() == 5
    half = majority_class.without_looking(GIVEN, 0.5)
    assert (half.called != GIVEN.called).sum() <= 4
    assert majority_class.score(majority_class.without_looking(GIVEN, 0)).accuracy == 3 / 8


def test_what_the_other_project_reported_is_the_mean_of_its_own_table():
    recalls = majority_class.REPORTED_RECALLS
    assert tuple(recalls) == CODES
    assert np.mean(list(recalls.values())) == pytest.approx(0.216, abs=5e-4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "image,label\n",
        "image,label,akiec,bcc,bkl,df,mel,nv,vasc\na,wart,1,0,0,0,0,0,0\n",
        "image,label,akiec,bcc,bkl,df,mel,nv,vasc\na,nv,1,0,0,0,0,x,0\n",
        "image,label,akiec\na,nv,1\n",
    ],
)
def test_predictions_that_cannot_be_read_are_none(tmp_path, text):
    path = tmp_path / "predictions.csv"
    assert majority_class.answers(path) is None
    path.write_text(text)
    assert majority_class.answers(path) is None


def test_the_likeliest_diagnosis_is_the_answer(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text(
        "image,label,akiec,bcc,bkl,df,mel,nv,vasc\na,nv,0,0,0,0,.6,.4,0\nb,df,0,0,0,1,0,0,0\n"
    )
    given = majority_class.answers(path)
    assert [CODES[k] for k in given.labels] == ["nv", "df"]
    assert [CODES[k] for k in given.called] == ["mel", "df"]


def test_an_order_is_turned_where_the_better_one_is_no_nearer():
    one, other = (fid.Distances(8, np.array(draws)) for draws in ([1.0, 5, 3], [2.0, 4, 3]))
    assert fid.turned(one, other) == 2
    assert (one.mean, one.spread) == (3, (1, 5))


def test_the_committed_distances_fall_with_the_number_of_pictures():
    found = fid.distances()
    assert {features for features, _ in found} == set(fid.FEATURES)
    for (features, pictures), of_pair in found.items():
        assert [one.n for one in of_pair] == [8, 16, 32, 64, 128, 256, 512, 901]
        means = [one.mean for one in of_pair]
        if pictures == "other_real":  # two sets of one kind: the estimate's error is all there is
            assert means == sorted(means, reverse=True), (features, means)
            assert means[2] > 4 * means[-1]


def test_of_32_pictures_generated_ones_seem_nearer_than_real_ones():
    found = fid.distances()
    real, ours = (found["imagenet_pooled", kind] for kind in ("other_real", "cgan"))
    assert ours[2].n == 32 and fid.turned(real[2], ours[2]) >= 8
    assert real[-1].mean < 0.6 * ours[-1].mean


@pytest.mark.parametrize("name", ["cgan", "cgan_seed"])
def test_all_pictures_give_the_distance_on_the_card(name):
    metrics = find(CHECKOUT / "checkpoints", "sketch", name).metrics
    found = fid.distances()
    for features, of_all in (("lesion_mobilenetv2", "fid"), ("lesion_resnet18", "fid_resnet18")):
        assert found[features, name][-1].mean == pytest.approx(metrics[of_all].value, rel=1e-3)


def test_a_table_is_read_as_columns():
    assert set(exhibits.table("leak")) == {"image", "label", "group", "leaked", "clean", "leaking"}
    assert exhibits.floats("leak", "label").sum() == 108
