"""The table of the exhibit "Joint hidden": what graders call as ever more of the joint is hidden.

Every published grader is asked about each val knee whose joint is found, in all the conditions of
`core.exhibits.joint_hidden`. One row a knee: of each model and condition the called grade and its
probability; a knee whose joint is not found has only its grade.
"""

from argparse import Namespace

import numpy as np
from tqdm import tqdm

from benchmarks.exhibits import versions
from core.classify import grade_knees
from core.exhibits.joint_hidden import CONDITIONS, column, masks
from core.film_packs import Pack
from core.joint import NoJoint, find_joint
from core.models import Model, catalogue, open_model
from core.question import hide
from trainers.squares import read_grey


def tables(arguments: Namespace) -> dict[str, list[dict]]:
    """Rows of `joint_hidden` from the pack of knees by grade."""
    models = [open_model(card, 1) for card in catalogue(arguments.checkpoints, "severity")]
    pack, rows = Pack(arguments.data), []
    films = pack.split("val")
    for film, data in tqdm(pack.read_all(films), total=len(films)):
        told = {"film": film.name, "patient": film.group, "grade": film.label}
        rows.append(told | answers(read_grey(data, film.name), models))
    return {"joint_hidden": rows, "joint_hidden_models": versions(models)}


def answers(grey: np.ndarray, models: list[Model]) -> dict[str, str]:
    """What every model says of one knee (H, W) uint8 in every condition; "" without a joint."""
    try:
        joint = find_joint(grey)
    except NoJoint:
        views = None
    else:
        views = [hide(grey, mask) for mask in masks(grey.shape, joint).values()]
    told = {}
    for model in models:
        said = grade_knees(views, model) if views else [None] * len(CONDITIONS)
        for condition, grading in zip(CONDITIONS, said, strict=True):
            name = column(model.card.name, condition)
            told[f"{name} grade"] = str(grading.grade) if grading else ""
            chance = f"{grading.probabilities[grading.grade]:.4f}" if grading else ""
            told[f"{name} probability"] = chance
    return told
