"""The command line of a trainer, made from the table in `core.learning`.

An option's value is the flag's, else that of the file given with --config, else that of the
trainer's own file, `trainers/configs/<trainer>.yaml`.
"""

import argparse
import ast
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from core.learning import TRAINERS
from core.models import BadModel
from core.options import BadOption, Option, near
from core.settings import CHECKOUT
from core.trainer import CONFIGS, Trainer, as_words, read_config
from trainers.parent import parent

METAVARS = {int: "N", float: "X", str: "TEXT", Path: "PATH"}
BUILT = ("backbone", "head", "size", "same_padding")  # as a model's card tells them
STARTS = ("from_model", "weights", "pretrained", "from_run")
# Options that one start of a run is given, and the next one not.
OF_ONE_START = ("run", "publish", "title", "summary", "replace")
ORDER = ("Data", "Starting point", "Network", "Learning", "Machine", "Run", "Publishing")


def parse(name: str, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a trainer, every one of them, from its words (`sys.argv`'s unless given).

    Besides those of the table there are `trial` (bool) and `config` (Path or None). Raises
    BadOption, one sentence that names the option; `--help` prints and leaves with SystemExit(0).
    """
    trainer = TRAINERS[name]
    flags, file, start = _given(trainer, argv)
    values = dict(trainer.defaults) | file | flags
    for option in trainer.options:
        if option.required and values[option.name] is None:
            raise BadOption(f"Give {option.flag}: {option.help}.")
    _require_one_start(trainer, values)
    if values.get("from_model"):
        _build_as_published(trainer, values, flags)
    return argparse.Namespace(**values, **start)


def words(name: str, argv: Sequence[str] | None = None) -> tuple[str, ...]:
    """The words that ask for the same again, from any folder: the options that flags and --config
    give, but for what concerns this one start. Raises BadOption."""
    trainer = TRAINERS[name]
    flags, file, _ = _given(trainer, argv)
    given = file | flags
    again = [option.name for option in trainer.options if option.name not in OF_ONE_START]
    return as_words(trainer, {name: given[name] for name in again if name in given})


def _given(trainer: Trainer, argv: Sequence[str] | None) -> tuple[dict, dict, dict]:
    """What flags give, what the file of --config gives, and what is no option of the table."""
    given, unknown = _parser(trainer).parse_known_args(argv)
    if unknown:
        raise BadOption(f"{trainer.name} does not know {unknown[0]}: {_meant(trainer, unknown[0])}")
    flags = vars(given)
    start = {"trial": flags.pop("trial", False), "config": flags.pop("config", None)}
    file = read_config(trainer, start["config"]) if start["config"] else {}
    flags = {flag: trainer.option(flag).checked(value) for flag, value in flags.items()}
    return flags, file, start


def _meant(trainer: Trainer, word: str) -> str:
    """The end of a sentence on a word that is not known."""
    if not word.startswith("-"):
        return f"say which option it belongs to, as in --data {word}."
    return near(word, [option.flag for option in trainer.options])


def _require_one_start(trainer: Trainer, values: Mapping[str, object]) -> None:
    given = [name for name in STARTS if values.get(name)]
    # What a run that started from the hub learned goes on with the hub's statistics of the input.
    if len(given) > 1 and given != ["pretrained", "from_run"]:
        one, other = (trainer.option(name).flag for name in given[:2])
        raise BadOption(f"Start from one thing: {one} or {other}, not from both.")


def _build_as_published(
    trainer: Trainer, values: dict[str, object], flags: Mapping[str, object]
) -> None:
    """Set the options that tell how a network is built as they are of the published model that it
    starts from. Raises BadOption where a flag says otherwise."""
    name = values["from_model"]
    try:
        card = parent(values["run"], values["checkpoints"], trainer.task, name)
    except BadModel as error:
        raise BadOption(error.reason) from None
    built = dict(card.details.get("architecture", {})) | {"size": card.input.size}
    for key in BUILT:
        if key not in values or key not in built:
            continue
        option, its = trainer.option(key), built[key]
        if option.choices and its not in option.choices:
            continue  # the head of a network that has its own
        if flags.get(key, its) != its:
            raise BadOption(f"The published model {name} has {option.flag} {its}: leave that out.")
        values[key] = its


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """What argparse would tell with its usage is told as every other option's fault is."""
        fault = re.sub(r"^argument (--[^/:]+)[^:]*: ", r"\1: ", message)
        raise BadOption(f"{fault}; see {self.prog} --help.")


def _parser(trainer: Trainer) -> argparse.ArgumentParser:
    """Everything is text until the table checks it; what is not given is not in the result."""
    config = (CONFIGS / f"{trainer.name}.yaml").relative_to(CHECKOUT)
    parser = _Parser(
        prog=f"python -m trainers.{trainer.name}",
        usage="%(prog)s --data PATH --run FOLDER [options]",
        description=_description(trainer.name),
        epilog=f"Values that are not given come from --config FILE, then from {config}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    groups = {title: parser.add_argument_group(title) for title in ORDER}
    for option in trainer.options:
        _add(groups[option.group], option, trainer.defaults)
    run = groups["Run"]
    run.add_argument("--config", type=Path, metavar="FILE", help="options from a YAML file")
    run.add_argument(
        "--trial",
        action="store_true",
        help="look the data over, take a few steps to tell how long training takes, and stop",
    )
    return parser


def _add(group, option: Option, defaults: Mapping[str, object]) -> None:
    default = defaults[option.name]
    more = [] if option.choices else [option.allowed]
    if option.required and default is None:
        more.append("required")
    elif default is not None and default is not False and default != []:
        more.append(f"default: {_shown(default)}")
    told = "; ".join(filter(None, more))
    help = f"{option.help} ({told})" if told else option.help
    kind: dict = {"help": help.replace("%", "%%")}
    if option.kind is bool:
        kind["action"] = argparse.BooleanOptionalAction
    else:
        kind["metavar"] = "|".join(option.choices) or METAVARS[option.kind]
        if option.many:
            kind["nargs"] = "*"
    group.add_argument(option.flag, **kind)


def _shown(default: object) -> str:
    return " ".join(default) if isinstance(default, list) else str(default)


def _description(name: str) -> str:
    """What the trainer's own module says of it, read without loading torch."""
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
    return textwrap.dedent(ast.get_docstring(tree))
