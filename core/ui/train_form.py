"""A new run, read from top to bottom: what to learn, from which data, where it starts, how."""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from core import jobs
from core.jobs import Job, JobError, Launcher
from core.jobs.records import new_id
from core.learning import TRAINERS
from core.options import BadOption
from core.settings import CHECKOUT, Settings
from core.trainer import Trainer, as_words
from core.training_files import BadFile
from core.ui import presses, train_check, train_data, train_options, train_paths, train_start
from core.ui.words import plain

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_ASKED, _REFUSED = "train-check-asked", "train-submit-refused"


def show(settings: Settings, launcher: Launcher) -> None:
    """The form of a new run and, once it was submitted, what its check has found."""
    with st.container(width=860):
        trainer = _what()
        values, problem = _values(settings, trainer)
        try:
            said = as_words(trainer, values)
        except BadOption as error:
            said, problem = (), problem or str(error)
        _heading("5 · Check it, then start")
        job = train_check.current(settings)
        name = _name(settings, trainer, job)
        problem = problem or _unfit(settings, name, job)
        command = ("python", "-m", f"trainers.{trainer.name}", *said, "--run", settings.runs / name)
        train_paths.show(command, settings)
        again = job is not None and job.id == name
        _button(trainer, problem, again, first=job is None)
        if presses.waiting(_ASKED, trainer.name):
            with presses.doing(_ASKED, trainer.name):
                if not problem:
                    _submit(launcher, trainer, said, name, job if again else None)
            st.rerun()
        if reason := st.session_state.pop(_REFUSED, ""):
            st.error(plain(train_paths.named(reason, settings)), icon=":material/error:")
        if job:
            asked = trainer.name, said
            changed = (job.trainer, job.words) != asked
            train_check.show(settings, launcher, job, changed)
        train_check.offer(settings)


def _heading(text: str) -> None:
    st.subheader(text, anchor=False)


def _what() -> Trainer:
    _heading("1 · What to learn")
    name = st.selectbox(
        "What to learn",
        list(TRAINERS),
        format_func=lambda name: TRAINERS[name].title,
        key="train-what",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.caption(plain(TRAINERS[name].summary))
    return TRAINERS[name]


def _values(settings: Settings, trainer: Trainer) -> tuple[Mapping[str, object], str]:
    """The values of all options that the form asks for, and what is still to be chosen, or ""."""
    problems = []
    _heading("2 · The data")
    try:
        values: dict[str, object] = {"data": train_data.choose(settings, trainer)}
        problems += ["Choose the data to learn from."] * (values["data"] is None)
        if any(option.name == "keep_out" for option in trainer.options):
            kept_out, wanted = train_data.choose_keep_out(settings, f"train-{trainer.name}-keep")
            problems += ["Choose the pack of films to keep out."] * (wanted and kept_out is None)
            values["keep_out"] = kept_out
        _heading("3 · Where it starts")
        if trainer.starts:
            start, missing = train_start.choose(settings, trainer)
            values |= start
            problems += [missing] * bool(missing)
        else:
            st.caption("It learns in one go, from the features of a published model.")
    except BadFile as error:
        return {}, error.reason
    _heading("4 · How it learns")
    built = "from_model" in values and "backbone" in trainer.defaults
    values |= train_options.ask(settings, trainer, built)
    if settings.checkpoints != CHECKOUT / "checkpoints":
        values["checkpoints"] = settings.checkpoints
    for option in trainer.options:
        chosen = values.get(option.name, trainer.defaults[option.name])
        none = chosen is None and option.required and not option.hidden
        if none or (chosen == [] and option.choices):
            problems.append(f"Choose: {train_options.label(option).lower()}.")
    return values, next(iter(problems), "")


def _name(settings: Settings, trainer: Trainer, job: Job | None) -> str:
    key = f"train-{trainer.name}-name"
    proposed, state = f"{key}-proposed", st.session_state
    begun = state.get(key) == state.get(proposed) and _taken(settings, state.get(key, ""), job)
    if key not in state or begun:
        state[key] = state[proposed] = new_id(trainer.name)
    return st.text_input(
        "Name of the run",
        key=key,
        persist_state="session",
        max_chars=64,
        validate=(f"^{NAME.pattern}$", "Letters, digits and hyphens, a letter or digit first."),
        help="The run's folder is called so. Letters, digits and hyphens.",
    ).strip()


def _taken(settings: Settings, name: str, job: Job | None) -> bool:
    """Whether another run than the one that was checked last is called so."""
    return (settings.runs / name).exists() and not (job and job.id == name)


def _unfit(settings: Settings, name: str, job: Job | None) -> str:
    """Why no run that is called so can be checked now, or ""."""
    if not NAME.fullmatch(name):
        return "Give the run a name of letters, digits and hyphens."
    if job is not None and jobs.is_live(job):
        return "Wait for the check that runs, or stop it."
    if _taken(settings, name, job):
        return f"A run is called {name} already: choose another name."
    return ""


def _button(trainer: Trainer, problem: str, again: bool, first: bool) -> None:
    """The button, and beside it why it cannot be pressed; first: nothing was checked before."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Check again" if again else "Check data and estimate",
            icon=":material/fact_check:",
            type="primary" if first else "secondary",
            disabled=bool(problem),
            key="train-check",
            help="Looks all data over and takes two steps, to tell what is wrong with the data and "
            "how long training will take. Nothing is learned yet.",
            on_click=presses.press,
            args=(_ASKED, trainer.name),
        )
        if problem:
            st.caption(plain(problem), width="content")


def _submit(
    launcher: Launcher, trainer: Trainer, said: Sequence[str], name: str, before: Job | None
) -> None:
    """Start the check, in place of the one before."""
    try:
        if before:
            launcher.delete(before)
        train_check.follow(launcher.submit(trainer.name, said, name))
    except JobError as error:
        st.session_state[_REFUSED] = error.reason
