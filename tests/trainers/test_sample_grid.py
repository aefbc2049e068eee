"""The pictures that show how a training goes: always the same ones, told in words, and small."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from trainers import sample_grid
from trainers.sample_grid import LARGEST, Called, Outlined, fixed


class Says(nn.Module):
    """Answers the same, whatever it sees."""

    def __init__(self, *outputs: np.ndarray) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.outputs = [torch.from_numpy(np.asarray(output, np.float32)) for output in outputs]

    def forward(self, batch):
        return tuple(self.outputs)


@pytest.fixture
def words(monkeypatch):
    """The captions as they are drawn."""
    drawn, original = [], sample_grid._captioned

    def captioned(tile, lines):
        drawn.append(lines)
        return original(tile, lines)

    monkeypatch.setattr(sample_grid, "_captioned", captioned)
    return drawn


@pytest.mark.parametrize(
    ("labels", "indices"),
    [
        ([0, 0, 0, 1, 1, 2], [0, 3, 5, 1, 4, 2]),
        ([1] * 20, list(range(8))),
        ([2], [0]),
        ([0, 1] * 50, list(range(8))),
        ([0] * 50 + [1] * 2, [0, 50, 1, 51, 2, 3, 4, 5]),
    ],
)
def test_the_shown_pictures_are_of_all_labels_and_always_the_same(labels, indices):
    assert fixed(np.array(labels)).tolist() == indices


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("shape", [(3, 40, 40), (3, 300, 300), (3, 40, 40, 3)])
def test_called_classes_stand_beside_the_truth(tmp_path, words, maps, shape):
    pictures = np.zeros(shape, np.uint8)
    logits = np.log([[0.9, 0.1], [0.25, 0.75], [0.6, 0.4]])
    class_map = np.zeros((3, 2, 5, 5))
    class_map[0, 0, 0, 0] = 1
    network = Says(logits, logits, class_map)
    grid = Called(pictures, np.zeros((3, 3, 8, 8), np.float32), np.array([0, 1, 1]), "ab", maps)
    grid(network, tmp_path / "0001.png")
    assert words == [["a, 90%", "right"], ["b, 75%", "right"], ["a, 60%", "WRONG, it is b"]]
    sheet = cv2.imread(str(tmp_path / "0001.png"), cv2.IMREAD_GRAYSCALE)
    tile = sheet.shape[1] // sample_grid.COLUMNS
    assert (sheet.shape[1] > 4 * 2 * sample_grid.TILE) == maps
    half = sheet[: sample_grid.TILE, sample_grid.TILE + sample_grid.GAP : tile - sample_grid.GAP]
    assert not maps or (half[sample_grid.GAP, 0] == 255 and half[-1, -1] == 0)


def test_found_outlines_are_dashes_beside_the_true_line(tmp_path, words):
    truth, found = np.zeros((2, 2, 64, 64), bool)
    truth[0, 10:40, 10:40] = found[0, 10:40, 10:25] = True
    network = Says(np.where(found, 3.0, -3.0)[:, None])
    pictures = np.full((2, 64, 64), 100, np.uint8)
    Outlined(pictures, np.zeros((2, 3, 64, 64), np.float32), truth)(network, tmp_path / "1.png")
    assert [lines[0] for lines in words] == ["IoU 0.50", "IoU 1.00"]
    sheet = cv2.imread(str(tmp_path / "1.png"), cv2.IMREAD_GRAYSCALE)
    first, gap, times = sheet[:, : sample_grid.TILE], sample_grid.GAP, sample_grid.TILE / 64
    right_edge = first[int(12 * times) : int(38 * times), gap + int(40 * times) - 1]
    found_edge = first[int(12 * times) : int(38 * times), gap + int(25 * times) - 1]
    assert set(right_edge.tolist()) == {0}, "a line"
    assert set(found_edge.tolist()) == {0, 100, 255}, "dashes with rims, and the film between"


def test_the_picture_is_small_even_of_noise(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (8, 192, 192, 3), np.uint8)
    logits = np.zeros((8, 2))
    grid = Called(noise, np.zeros((8, 3, 8, 8), np.float32), np.zeros(8, int), ["no", "yes"])
    grid(Says(logits, logits, logits), tmp_path / "0001.png")
    assert 1000 < (tmp_path / "0001.png").stat().st_size <= LARGEST
    assert cv2.imread(str(tmp_path / "0001.png")).shape[1] > 300
