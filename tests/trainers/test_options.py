"""The command lines of the trainers: every value from a flag, a file or the trainer's own file."""

import re
import shlex
from pathlib import Path

import pytest

from core.learning import TRAINERS
from core.options import BadOption
from core.settings import CHECKOUT
from core.trainer import write_config
from trainers.options import parse, words

ASKED = ("--data", "D", "--run", "R")
README = (CHECKOUT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
COMMANDS = [
    (name, shlex.split(words, comments=True))
    for name, words in re.findall(r"python -m trainers\.(\w+) (.*)", README)
    if name in TRAINERS and "--help" not in words
]


def test_the_readme_shows_every_trainer():
    assert {name for name, _ in COMMANDS} == set(TRAINERS)


@pytest.mark.parametrize(("name", "words"), COMMANDS, ids=[" ".join(w[-2:]) for _, w in COMMANDS])
def test_every_command_of_the_readme_is_understood(name, words):
    arguments = parse(name, words)
    assert set(vars(arguments)) == {o.name for o in TRAINERS[name].options} | {"trial", "config"}
    assert arguments.data is not None and arguments.run is not None


def test_a_flag_comes_before_the_file_and_the_file_before_the_default(tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("epochs: 3\nrate: 1e-3\nbatch: 4\nlast: true\n")
    given = parse("fracture", [*ASKED, "--config", str(config), "--epochs", "7", "--no-last"])
    assert (given.epochs, given.rate, given.batch, given.size) == (7, 1e-3, 4, 224)
    assert given.last is False and given.config == config
    assert parse("fracture", [*ASKED, "--config", str(config)]).last is True


def test_the_last_of_two_flags_wins():
    assert parse("fracture", [*ASKED, "--epochs", "7", "--epochs", "2"]).epochs == 2


def test_what_a_run_writes_repeats_it(tmp_path):
    words = [*ASKED, "--network", "both", "--from-run", "a", "b", "--epochs", "0"]
    first = parse("inpaint", words)
    write_config(TRAINERS["inpaint"], vars(first), tmp_path / "config.yaml")
    again = parse("inpaint", ["--config", str(tmp_path / "config.yaml")])
    assert vars(again) | {"config": None} == vars(first)
    assert again.from_run == [Path("a"), Path("b")]


def test_the_words_of_a_run_need_neither_its_folder_nor_its_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("keep_out: marked.zip\nepochs: 3\ncritics_from: null\n")
    config = ("--config", "mine.yaml", "--publish", "name", "--trial")
    said = words("inpaint", [*ASKED, *config, "--network", "thin", "--epochs", "4"])
    paths = ("--data", f"{tmp_path}/D", "--keep-out", f"{tmp_path}/marked.zip")
    assert sorted(said) == sorted((*paths, "--network", "thin", "--epochs", "4"))


@pytest.mark.parametrize("name", TRAINERS)
def test_help_reads_like_documentation_and_leaves_well(name, capsys):
    with pytest.raises(SystemExit) as left:
        parse(name, ["--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert f"python -m trainers.{name} --data" in told and f"configs/{name}.yaml" in told
    flat = " ".join(told.split())
    assert re.search(r"--seed .*default: 0\)", flat)
    for option in TRAINERS[name].options:
        assert f"{option.flag}" in told and option.help in flat, option.name
        if option.low is not None:
            assert option.allowed in flat
    for group in {option.group for option in TRAINERS[name].options}:
        assert f"\n{group}:\n" in told


@pytest.mark.parametrize(
    ("name", "words", "sentence"),
    [
        ("fracture", ["--run", "R"], "Give --data: a folder or zip"),
        ("fracture", ["--data", "D"], "Give --run: folder of this run"),
        ("moblg", [*ASKED], "Give --frozen"),
        ("moblg", [*ASKED, "--frozen", "a", "--devices", "2"], "does not know --devices"),
        ("fracture", [*ASKED, "--epoch", "3"], "does not know --epoch: did you mean --epochs"),
        ("fracture", [*ASKED, "more"], "not know more: say which option it belongs to, as in --d"),
        ("fracture", [*ASKED, "--epochs"], "--epochs: expected one argument; see"),
        ("fracture", [*ASKED, "--last", "yes"], "does not know yes"),
        ("fracture", [*ASKED, "--last=yes"], "--last: ignored explicit argument 'yes'"),
        ("fracture", [*ASKED, "--epochs", "0"], "--epochs must be a whole number from 1 to 1,000"),
        ("fracture", [*ASKED, "--rate", "fast"], "--rate must be a number"),
        ("fracture", [*ASKED, "--rate", "nan"], "--rate must be a number"),
        ("fracture", [*ASKED, "--head", "heads"], "one of average, evidence, not 'heads'"),
        ("fracture", [*ASKED, "--precision", "8"], "--precision must be one of bf16-mixed"),
        ("artefact", [*ASKED, "--labels", "screw", "nail"], "some of prosthesis, screw"),
        ("artefact", [*ASKED, "--labels"], "--labels must be some of"),
        ("fracture", [*ASKED, "--config", "none.yaml"], "none.yaml cannot be read"),
        ("fracture", [*ASKED, "--from-model", "zzz"], "There is no fracture model named zzz"),
        ("fracture", [*ASKED, "--from-model", "a", "--pretrained"], "Start from one thing"),
        ("inpaint", [*ASKED, "--network", "thin", "--from-model", "a", "--from-run", "b"], "one"),
        ("fracture", [*ASKED, "--weights", "w.pt", "--pretrained"], "--weights or --pretrained"),
        ("fracture", [*ASKED, "--weights", "w.pt", "--from-run", "r"], "--weights or --from-run"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(name, words, sentence, capsys):
    with pytest.raises(BadOption) as refused:
        parse(name, words)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value) and str(refused.value)[-1] in ".?"
    assert capsys.readouterr() == ("", "")


def test_a_published_model_tells_how_its_network_is_built():
    checkpoints = ("--checkpoints", str(CHECKOUT / "checkpoints"), "--from-model")
    grown = parse("fracture", [*ASKED, *checkpoints, "mobilenetv2"])
    built = (grown.backbone, grown.head, grown.size, grown.same_padding)
    assert built == ("mobilenetv2_100", "evidence", 384, True)
    simple = parse("fracture", [*ASKED, *checkpoints, "simple_cnn"])
    assert (simple.backbone, simple.head, simple.size) == ("simple_cnn", "average", 150)
    with pytest.raises(BadOption, match="mobilenetv2 has --size 384: leave that out"):
        parse("fracture", [*ASKED, *checkpoints, "mobilenetv2", "--size", "224"])
