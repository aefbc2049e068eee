"""Run a trainer as a job: a folder that says how it stands, and one sentence on why it failed."""

import argparse
import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from core.jobs import records
from core.jobs.processes import forget_stop, identity, lives, lock, stop_asked
from core.jobs.records import LIVE, Job, State, Status
from core.learning import TRAINERS
from core.options import BadOption
from core.publishing import require_free, require_name
from core.trainer import write_config
from trainers import failures, options, progress
from trainers.job_log import logged
from trainers.progress import Stopped, TrialDone, first_process

ASKED = "It was asked to stop."
STOPS_WITHIN = 2.0  # seconds between a request and stopping in the middle of something
GOODBYE = 5.0  # seconds that the other processes of a training have to end by themselves
# What tells by which options a folder learned.
ASKED_BY = ("config.yaml", "job.json", "training.json")
AT_REST = {"reason": "", "phase": "", "seconds_left": None, "images_per_second": None}

Main = Callable[[argparse.Namespace], None]


def run(name: str, main: Main, argv: Sequence[str] | None = None) -> None:
    """Parse a trainer's command line, call its `main` as a job in the folder `--run`, and exit.

    The folder is made, or gone on with where it is of the same trainer. It gets `job.json`,
    `config.yaml` with every option, `status.json` and, where nobody else writes it, `log.txt`.
    `main` is called with the options; where `arguments.trial` is set it hands that to its `fit`,
    which ends the trial, and `arguments.publish` is None. What goes wrong is told in one sentence,
    in the status and on the terminal, and ends the process with code 1. Ctrl+C, SIGTERM and a file
    `stop` in the folder end it with code 0 and the state "stopped". A run whose epochs are all
    learned and that is only published keeps its state.

    Of several processes (`--devices`) the launching one runs `main` from the start, the others when
    it launches Fabric: what the first one is to do alone, such as the audit, it does before, where
    `progress.first_process()`.
    """
    try:
        arguments, words = options.parse(name, argv), options.words(name, argv)
    except BadOption as error:  # who launched it reads that in the log; a run here is left alone
        sys.exit(str(error))
    if arguments.trial:
        arguments.publish = None
    if not first_process():
        return _follow(main, arguments)
    try:
        _lead(name, main, arguments, words)
    except OSError as error:  # of the folder itself, which cannot tell it then
        sys.exit(failures.reason(error) or f"{arguments.run} cannot be written: {error.strerror}.")


def _lead(name: str, main: Main, arguments: argparse.Namespace, words: tuple[str, ...]) -> None:
    """The job of a lone process, or of the first one of several."""
    folder = arguments.run
    with _alone(folder), logged(folder):
        job, before = _claim(name, folder, words)
        if arguments.publish and _has_learned(before, arguments):
            ended = _publish(name, main, arguments, before)
        else:
            ended = _train(job, main, arguments, before)
        if arguments.publish and not ended.get("reason"):
            ended["published"] = f"{TRAINERS[name].task}/{arguments.publish}"
        records.write_status(folder, **AT_REST | ended)
        forget_stop(folder)
        if getattr(arguments, "devices", 1) > 1 and ended["state"] != "finished":
            _end_others()
    if reason := ended.get("reason"):
        sys.exit(reason if reason != ASKED else 0)


def _has_learned(before: Status, arguments: argparse.Namespace) -> bool:
    """Are the epochs that are asked for learned, so that the run is only to be published? One that
    finished early, because it was good enough, is done with all that it was to learn."""
    learned = before.epochs if before.state == "finished" else before.epoch
    return before.epoch > 0 and getattr(arguments, "epochs", 1) <= learned


def _train(job: Job, main: Main, arguments: argparse.Namespace, before: Status) -> dict:
    """Learn, or try to; returns how that ended, as fields of a status.

    What was asked is written down, unless it is only tried in a folder that has learned already,
    and forgotten again where it failed before anything was learned by it.
    """
    folder, trainer = job.folder, TRAINERS[job.trainer]
    last = _written(folder / "last.pt")
    known = {name: _read(folder / name) for name in ASKED_BY}
    if last is None or not arguments.trial:
        write_config(trainer, vars(arguments), folder / "config.yaml")
        records.write_job(job)
    records.write_status(folder, state="running", reason="", phase="starting", process=identity())
    ended = _end(job.trainer, main, arguments)
    fruitless = last is not None and last == _written(folder / "last.pt")
    if fruitless and ended["state"] in ("failed", "ready"):
        ended["epochs"] = before.epochs
        for name in filter(known.get, ASKED_BY):
            records.write_whole(folder / name, known[name])
    if ended["state"] == "ready" and before.epoch:
        ended["state"] = _settled(before)
    return ended


def _publish(name: str, main: Main, arguments: argparse.Namespace, before: Status) -> dict:
    """Publish what was learned before, which changes nothing about it."""
    records.write_status(arguments.run, reason="", phase="publishing", process=identity())
    ended = _end(name, main, arguments, "publishing") | {"state": _settled(before)}
    if ended.get("reason", ASKED) != ASKED:
        ended["reason"] = f"It was not published: {ended['reason']}"
    return ended


def _end(name: str, main: Main, arguments: argparse.Namespace, phase: str = "") -> dict:
    """Call `main` and return how that ended, as fields of a status."""
    try:
        with _stoppable(arguments.run), progress.of_job(arguments.run, phase):
            if arguments.publish:  # told now, not after hours of learning
                _require_name(name, arguments)
            main(arguments)
    except TrialDone:
        return {"state": "ready"}
    except KeyboardInterrupt:
        return {"state": "stopped", "reason": ASKED}
    except Exception as error:
        return {"state": "failed", "reason": _told(error, arguments)}
    return {"state": "ready" if arguments.trial else "finished"}


def _require_name(name: str, arguments: argparse.Namespace) -> None:
    """Raises BadModel where the run cannot be published under the name that is asked for."""
    require_name(arguments.publish)
    if not arguments.replace:
        task, run = TRAINERS[name].task, arguments.run.name
        require_free(arguments.checkpoints, task, arguments.publish, run)


def _follow(main: Main, arguments: argparse.Namespace) -> None:
    """The part of a further process, which writes nothing unless it fails."""
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_stoppable(arguments.run))
            stack.enter_context(progress.of_job(arguments.run))
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
            main(arguments)
    except (TrialDone, KeyboardInterrupt):
        return
    except Exception as error:
        reason = _told(error, arguments)
        if records.read_status(arguments.run).state in LIVE:
            records.write_status(arguments.run, state="failed", phase="", reason=reason)
        sys.exit(reason)


def _told(error: Exception, arguments: argparse.Namespace) -> str:
    """The error in one sentence; what no sentence tells is written to the log alone."""
    known = failures.reason(error, hasattr(arguments, "batch"))
    if known:
        return known
    log = arguments.run / "log.txt"
    with log.open("a", encoding="utf-8") as file:
        file.write(traceback.format_exc())
    return f"An error in Lightbox stopped the run, {type(error).__name__}: see {log}."


def _claim(name: str, folder: Path, words: tuple[str, ...]) -> tuple[Job, Status]:
    """Make the folder this trainer's job; returns what is asked of it now, and how it stood before.
    Exits where it is another trainer's."""
    job = records.read_job(folder)
    if job and job.trainer != name:
        sys.exit(f"{folder} is a run of {job.trainer}: give {name} another folder with --run.")
    job = job or records.create(folder, name, words, "shell")
    exists = (folder / "status.json").exists()
    before = records.read_status(folder) if exists else Status("queued")
    if not _launched(job, before):
        forget_stop(folder)  # it was meant for what ran here before
        job = replace(job, words=words, launcher="shell")
    return job, before


def _launched(job: Job, before: Status) -> bool:
    """Was this process started by the app, which wrote down what is asked, and not in a shell?"""
    if before.state not in LIVE and not before.phase:
        return False
    return lives(before.runner) or (job.launcher == "ray" and before.process is None)


def _settled(before: Status) -> State:
    """The state that a run goes back to when it was only published or tried."""
    if before.state not in LIVE:
        return before.state
    return "finished" if before.epoch >= before.epochs else "stopped"


def _written(path: Path) -> int | None:
    """When a file was written last, in nanoseconds; None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Exits, naming who runs there, where another process holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = lock(folder / "lock")
    except OSError as error:
        sys.exit(f"{folder} cannot be written ({error.strerror}): give another folder with --run.")
    if held is None:
        process = records.read_status(folder).process
        sys.exit(
            f"{folder} is in training already (process {process.pid if process else 'unknown'}): "
            "stop that run first, or give another folder with --run."
        )
    try:
        yield
    finally:
        os.close(held)


@contextlib.contextmanager
def _stoppable(folder: Path) -> Iterator[None]:
    """Raise Stopped at SIGTERM, and where a request to stop is not seen to: a scoring, a reading
    or a step may be long."""

    def stop(*_) -> None:
        raise Stopped(ASKED)

    def insist() -> None:
        while not done.wait(STOPS_WITHIN / 4):
            if (stop_asked(folder) or 0) > STOPS_WITHIN:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    done = threading.Event()
    before = signal.signal(signal.SIGTERM, stop)
    if first_process():
        threading.Thread(target=insist, daemon=True).start()
    try:
        yield
    finally:
        done.set()
        signal.signal(signal.SIGTERM, before)


def _end_others() -> None:
    """End the processes that learn together with this one."""
    others = psutil.Process().children(recursive=True)
    _, alive = psutil.wait_procs(others, GOODBYE)
    for other in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            other.kill()
