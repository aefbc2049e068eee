"""A training that is killed at random moments and resumed, beside one that is left alone.

    python -m benchmarks.kills [--kills 50] [--epochs 80] [--seed 0] [--out FOLDER]

Both are jobs as the app starts them, of the fracture trainer on phantoms. Epochs are short, so that
much of the time a checkpoint is being written. A kill is a SIGKILL, of the trainer or of its runner
with it, most of them while it learns, every fifth at any moment from its start. After each one both
checkpoints are read whole. In the end the metrics and weights of both jobs are compared.
"""

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from core.jobs import Job, can_resume, is_live, metrics, status
from core.jobs.local import LocalLauncher
from core.jobs.processes import lives
from core.jobs.records import Status, read_status
from core.settings import Settings
from tests.class_folders import write_films
from trainers.checkpoint import read
from trainers.progress import TrainingFailed

WORDS = ("--backbone=mobilenetv2_100", "--size=64", "--batch=8", "--precision=32-true")
CHECKPOINTS = ("last.pt", "best.pt")
LEARNING = ("training", "scoring")
START_S = 10  # about as long as a trainer takes to begin


def tried(launcher: LocalLauncher, films: Path, epochs: int, name: str) -> Job:
    """A job that is ready to be started."""
    job = launcher.submit("fracture", (f"--data={films}", f"--epochs={epochs}", *WORDS), name)
    wait(job, lambda told: not is_live(job))
    if not can_resume(job):
        raise SystemExit(f"{status(job).reason}\n{launcher.log(job)}")
    return job


def wait(job: Job, reached) -> Status:
    """The status once it is as wished, or once the job is no longer live."""
    while not reached(told := status(job)) and is_live(job):
        time.sleep(0.01)
    return told


def kill(job: Job, runner_too: bool) -> bool:
    """Kill a job's processes; False when it had ended by itself."""
    told = read_status(job.folder)
    for one in (told.runner if runner_too else None, told.process):
        if one and lives(one):
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
    wait(job, lambda now: now.state == "interrupted")
    return status(job).state == "interrupted"


def broken(job: Job) -> int:
    """How many of a job's checkpoints cannot be read whole."""
    count = 0
    for name in CHECKPOINTS:
        try:
            if (job.folder / name).exists():
                read(job.folder / name)
        except TrainingFailed:
            count += 1
    return count


def kill_and_resume(launcher: LocalLauncher, job: Job, kills: int, span: float, seed: int):
    """Start a job until it is finished; kill the first so many starts. Returns what was seen."""
    moments, seen = random.Random(seed), Counter()
    while not is_live(job) and status(job).state != "finished":
        launcher.start(job)
        if seen["kills"] == kills:
            wait(job, lambda told: False)
            continue
        anywhere, runner_too = seen["kills"] % 5 == 4, moments.random() < 0.5
        wait(job, lambda told, early=anywhere: told.process and (early or told.phase in LEARNING))
        time.sleep(moments.uniform(0, START_S if anywhere else 2 * span))
        if kill(job, runner_too):
            seen["kills"] += 1
            seen["with their runner"] += runner_too
            seen["while a checkpoint was written"] += any(job.folder.glob("*.tmp"))
            seen["checkpoints half-written"] += broken(job)
            print(f"kill {seen['kills']} after {status(job).epoch} epochs", flush=True)
    return seen


def compare(job: Job, other: Job) -> dict[str, float]:
    """The largest difference between two jobs' metrics, and between their weights."""
    ours, theirs = (metrics(each).drop(columns="seconds") for each in (job, other))
    if list(ours["epoch"]) != list(theirs["epoch"]):
        raise SystemExit("The epochs of the two differ.")
    weights = [read(each.folder / "last.pt")["averaged"] for each in (job, other)]
    pairs = [(a.double(), weights[1][name].double()) for name, a in weights[0].items()]
    return {
        "metrics": float((ours - theirs).abs().max().max()),
        "weights": max(float((a - b).abs().max()) for a, b in pairs if a.numel()),
    }


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, help="keep films and runs here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = asked.out or Path(scratch)
        write_films(out / "films")
        launcher = LocalLauncher(Settings.from_environment({"LIGHTBOX_RUNS": str(out / "runs")}))
        alone, killed = (
            tried(launcher, out / "films", asked.epochs, name) for name in ("alone", "killed")
        )
        launcher.start(alone)
        wait(alone, lambda told: False)
        epoch_s = float(metrics(alone)["seconds"].median())
        seen = kill_and_resume(launcher, killed, asked.kills, epoch_s, asked.seed)
        found = compare(alone, killed)
        print()
        print(f"epochs                           {asked.epochs}, {epoch_s:.2f} s each")
        for what, count in seen.items():
            print(f"{what:<32} {count}")
        for what, largest in found.items():
            print(f"largest difference of {what:<10} {largest:.1e}")


if __name__ == "__main__":
    main()
