"""The table of what can be learned, and the files with its values."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from core.learning import TRAINERS
from core.options import BadOption, Option, near
from core.trainer import CONFIGS, as_words, read_config, write_config

FRACTURE = TRAINERS["fracture"]
EPOCHS = Option("epochs", int, "", low=0, high=10)
RATE = Option("rate", float, "", low=1e-7, high=1)
LABELS = Option("labels", str, "", choices=("a", "b"), many=True)


@pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS)
def test_every_option_stands_in_the_config_file_under_a_comment(trainer):
    path = CONFIGS / f"{trainer.name}.yaml"
    assert set(yaml.safe_load(path.read_text())) == {option.name for option in trainer.options}
    comment: list[str] = []
    for line in path.read_text().splitlines():
        name = line.partition(":")[0]
        if line.startswith("#"):
            comment.append(line.removeprefix("# "))
        elif line:
            option, said = trainer.option(name), " ".join(comment).lower()
            assert option.help.lower() in said and option.allowed.lower() in said, name
            comment = []
        else:
            comment = []
    assert set(trainer.defaults) == {option.name for option in trainer.options}


@pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS)
def test_the_table_is_whole(trainer):
    names = [option.name for option in trainer.options]
    assert len(set(names)) == len(names)
    assert {"data", "run", "seed", "publish"} <= set(names)
    machine = {"devices", "num_nodes", "precision"} & set(names)
    assert len(machine) == (0 if trainer.name == "moblg" else 3)  # which learns in one process
    assert 2 <= sum(option.first for option in trainer.options) <= 6
    assert not any(option.first and option.hidden for option in trainer.options)
    assert ("model" in trainer.starts) == ("from_model" in names)
    assert ("run" in trainer.starts) == ("from_run" in names)
    assert ("hub" in trainer.starts) == ("pretrained" in names)
    assert ("weights" in trainer.starts) == ("weights" in names)
    for option in trainer.options:
        assert option.help and not option.help.endswith("."), option.name
        assert (option.low is None) == (option.high is None), option.name
        assert (option.low is None) == (option.kind not in (int, float)), option.name


@pytest.mark.parametrize(
    ("option", "given", "taken"),
    [
        (EPOCHS, 0, 0),
        (EPOCHS, "10", 10),
        (EPOCHS, 3.0, 3),
        (EPOCHS, None, None),
        (RATE, "5e-4", 5e-4),
        (RATE, 1, 1.0),
        (Option("data", Path, ""), "a/b", Path("a/b")),
        (Option("title", str, ""), 2026, "2026"),
        (Option("last", bool, ""), True, True),
        (LABELS, "a", ["a"]),
        (LABELS, ["a", "b"], ["a", "b"]),
        (Option("also", Path, "", many=True), [], []),
    ],
)
def test_values_are_taken_as_their_kind(option, given, taken):
    found = option.checked(given)
    assert found == taken and type(found) is type(taken)


@pytest.mark.parametrize(
    ("option", "given", "sentence"),
    [
        (EPOCHS, 11, "--epochs must be a whole number from 0 to 10, not '11'."),
        (EPOCHS, -1, "from 0 to 10, not '-1'"),
        (EPOCHS, 2.5, "whole number"),
        (EPOCHS, "ten", "not 'ten'"),
        (EPOCHS, True, "whole number"),
        (EPOCHS, float("inf"), "whole number"),
        (EPOCHS, [1], "whole number"),
        (RATE, "nan", "--rate must be a number from 1e-07 to 1, not 'nan'."),
        (RATE, float("inf"), "a number"),
        (RATE, 0, "not '0'"),
        (RATE, {"a": 1}, "a number"),
        (Option("data", Path, ""), "", "--data must be a path"),
        (Option("data", Path, ""), "a\0b", "a path"),
        (Option("last", bool, ""), "yes", "on or off"),
        (Option("last", bool, ""), 1, "on or off"),
        (LABELS, [], "not 'nothing'"),
        (LABELS, ["a", "c"], "--labels must be some of a, b, not 'c'."),
        (Option("title", str, ""), ["a"], "a text"),
    ],
)
def test_a_value_out_of_range_gets_a_sentence(option, given, sentence):
    with pytest.raises(BadOption) as caught:
        option.checked(given)
    assert sentence in str(caught.value)


def test_an_unknown_option_names_the_nearest(tmp_path):
    with pytest.raises(BadOption, match="no option 'epoch': did you mean epochs"):
        FRACTURE.option("epoch")
    assert near("zzz", ["a", "b"]) == "known are a, b."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("epohcs: 3", "no option 'epohcs': did you mean epochs"),
        ("epochs: 5000", "--epochs must be a whole number from 1 to 1,000, not '5000'."),
        ("epochs: [", "is not YAML"),
        ("- epochs", "holds no options"),
        ("epochs", "holds no options"),
        ("epochs: !!python/object/apply:os.system [exit]", "is not YAML"),
        (b"\xff\xfe\x00", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_config_that_cannot_be_names_file_and_fault(tmp_path, text, sentence):
    path = tmp_path / "mine.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadOption) as caught:
        read_config(FRACTURE, path)
    assert sentence in str(caught.value) and "mine.yaml" in str(caught.value)


def test_an_empty_config_changes_nothing(tmp_path):
    (tmp_path / "mine.yaml").write_text("# nothing yet\n")
    assert read_config(FRACTURE, tmp_path / "mine.yaml") == {}


def test_what_is_written_is_read_back(tmp_path):
    values = dict(TRAINERS["inpaint"].defaults) | {
        "data": Path("some/pack: 1.zip"),
        "network": "thin",
        "rate": 1e-5,
        "title": "null",
        "from_run": [Path("runs/ä"), Path("runs/b")],
    }
    write_config(TRAINERS["inpaint"], values | {"trial": True}, tmp_path / "config.yaml")
    assert read_config(TRAINERS["inpaint"], tmp_path / "config.yaml") == values


def test_values_are_said_as_words_that_mean_the_same_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {
        "data": Path("films"),
        "weights": Path("/far/knees.pt"),
        "from_run": [Path("a"), Path("b")],
        "source": "-mine",
        "epochs": 3,
        "rate": FRACTURE.defaults["rate"],
        "last": True,
        "allow_leak": False,
        "crop": None,
    }
    assert as_words(FRACTURE, values) == (
        *("--data", f"{tmp_path}/films", "--weights", "/far/knees.pt"),
        *("--from-run", f"{tmp_path}/a", f"{tmp_path}/b", "--source=-mine", "--epochs", "3"),
        "--last",
    )
    with pytest.raises(BadOption, match="--epochs must be"):
        as_words(FRACTURE, {"epochs": 0})


def test_defaults_are_checked_like_any_other_config(tmp_path, monkeypatch):
    monkeypatch.setattr("core.trainer.CONFIGS", tmp_path)
    (tmp_path / "fracture.yaml").write_text("size: 3\n")
    with pytest.raises(BadOption, match="--size must be"):
        replace(FRACTURE).defaults  # noqa: B018
