"""MobLG's two stages on FracAtlas, with three ways to make what the second stage learns from.

The first stage is our published one: gradient-boosted trees on the pooled features of the frozen
network. What differs is whose labels it has seen when it gives the probabilities of the training
films, from which the second stage learns, and of the test films, which here are the val split.
"""

import argparse

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from core.exhibits.stacked_leak import BINS, SECOND_STAGES, WAYS
from core.film_packs import Film, Pack
from core.models import Model, find, open_model
from trainers.embedding import embed
from trainers.moblg import Rows, out_of_fold, stage_one

FROZEN, SEED = "mobilenetv2_frozen", 0


def tables(arguments: argparse.Namespace) -> dict[str, list[dict]]:
    """Of each test film what both stages say of it, and how the first stage's probabilities of the
    training films are spread: three ways each."""
    model = open_model(find(arguments.checkpoints, "fracture", FROZEN))
    pack = Pack(arguments.data)
    train, _ = rows(model, pack, pack.split("train"))
    test, films = rows(model, pack, pack.split("val"))
    found = dict(zip(WAYS, first_stage(train, test), strict=True))
    said = {f"{way}_stage_one": on_test for way, (_, on_test) in found.items()}
    for way, (on_train, on_test) in found.items():
        for name, second in zip(SECOND_STAGES, second_stages(), strict=True):
            second.fit(on_train[:, None], train.labels)
            said[f"{way}_{name}"] = second.predict_proba(on_test[:, None])[:, 1]
    per_film = [
        {"image": film.name, "label": film.label, "group": film.group}
        | {name: f"{values[at]:.4f}" for name, values in said.items()}
        for at, film in enumerate(films)
    ]
    spread = [
        {"way": way, "label": label, "bin": at, "films": int(count)}
        for way, (on_train, _) in found.items()
        for label in (0, 1)
        for at, count in enumerate(np.histogram(on_train[train.labels == label], BINS, (0, 1))[0])
    ]
    return {"stacked_leak": per_film, "stacked_leak_training": spread}


def rows(model: Model, pack: Pack, films: list[Film]) -> tuple[Rows, list[Film]]:
    """The readable films, and their embeddings."""
    by_path = {film.path: film for film in films}
    paths, features = embed(model, pack, by_path)
    kept = [by_path[path] for path in paths]
    return Rows(features, np.array([f.label for f in kept]), [f.group for f in kept]), kept


def first_stage(train: Rows, test: Rows) -> list[tuple[np.ndarray, np.ndarray]]:
    """Probabilities of the training and of the test films, by trees that saw, in the order of
    `WAYS`: every film; the training films; the training films, and of those the folds without the
    film in question."""
    every = train + test
    saw_all = stage_one(SEED).fit(every.features, every.labels)
    saw_train = stage_one(SEED).fit(train.features, train.labels)

    def said(trees: lightgbm.LGBMClassifier, features: np.ndarray) -> np.ndarray:
        return trees.predict_proba(features)[:, 1]

    honest = said(saw_train, test.features)
    return [
        (said(saw_all, train.features), said(saw_all, test.features)),
        (said(saw_train, train.features), honest),
        (out_of_fold(train, SEED), honest),
    ]


def second_stages() -> list:
    """Classifiers as the published notebook tried them, in the order of `SECOND_STAGES`."""
    return [
        LogisticRegression(),
        lightgbm.LGBMClassifier(n_estimators=10, random_state=SEED, n_jobs=1, verbose=-1),
        KNeighborsClassifier(2),
    ]
