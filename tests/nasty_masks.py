"""Masks that formats stumble over: holes, touching corners, single pixels, whole films."""

import numpy as np

SHAPE = (17, 21)  # height and width are told apart, and neither is even


def _drawn(*rows: str) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    for y, row in enumerate(rows, 2):
        for x, char in enumerate(row, 3):
            mask[y, x] = char == "#"
    return mask


def _one(y: int, x: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[y, x] = True
    return mask


MASKS = {
    "a block": _drawn("###", "###"),
    "a hole": _drawn("####", "#..#", "####"),
    "holes beside and below each other": _drawn(
        "#######", "#.#.#.#", "#######", "#.###.#", "#######"
    ),
    "an island in a hole": _drawn("#######", "#.....#", "#..#..#", "#.....#", "#######"),
    "holes that touch at a corner": _drawn("#####", "#.###", "##.##", "#####"),
    "corners that touch": _drawn("##..", "##..", "..##", "..##"),
    "a diagonal": np.eye(*SHAPE, dtype=bool),
    "a chessboard": np.indices(SHAPE).sum(0) % 2 == 0,
    "a hole that touches the outside at a corner": _drawn("###.", "#.##", "####", ".###"),
    "one pixel": _one(5, 7),
    "the first pixel": _one(0, 0),
    "the last pixel": _one(-1, -1),
    "the first column": np.arange(SHAPE[1])[None] + np.zeros((SHAPE[0], 1)) == 0,
    "whole columns side by side": np.arange(SHAPE[1])[None] // 2 + np.zeros((SHAPE[0], 1)) == 3,
    "the last row": np.arange(SHAPE[0])[:, None] + np.zeros((1, SHAPE[1])) == SHAPE[0] - 1,
    "the whole film": np.ones(SHAPE, bool),
    "all but one pixel": ~_one(6, 6),
    "a sieve": np.random.default_rng(5).random(SHAPE) < 0.8,
    "specks": np.random.default_rng(6).random(SHAPE) < 0.5,
}
