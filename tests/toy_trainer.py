"""A trainer that learns nothing, within a second, and behaves well or badly as its words say:
`python -m tests.toy_trainer WORDS --run FOLDER [--trial]`.

It keeps to what a trainer promises: status, metrics, a checkpoint that appears whole, going on
from it, and stopping when asked or told.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.jobs.processes import identity
from core.jobs.records import read_status, write_json, write_status

ENDINGS = {
    "exit": lambda: sys.exit("The toy is broken."),
    "silence": lambda: sys.exit(3),
    "early": lambda: sys.exit(0),
    "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


class Stopped(BaseException):
    """It was asked or told to stop."""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--trial", action="store_true")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--publish", default="")
    parser.add_argument("--title", default="")
    parser.add_argument("--summary", default="")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--pace", type=float, default=0, help="seconds that an epoch takes")
    parser.add_argument("--hold", action="store_true", help="wait for a file `go` in the folder")
    parser.add_argument("--late", action="store_true", help="... before anything else")
    parser.add_argument("--deaf", choices=("asked", "told"), help="do not hear it when ...")
    parser.add_argument("--die", choices=ENDINGS, help="before the last epoch is whole")
    parser.add_argument("--child", action="store_true", help="leave a process behind")
    parser.add_argument("--linger", action="store_true", help="stay when all is said")
    return parser.parse_args()


def wait(run: Path, words: argparse.Namespace) -> None:
    """What takes the time of an epoch."""
    while True:
        if not words.deaf and (run / "stop").exists():
            raise Stopped
        if not words.hold or (run / "go").exists():
            return
        time.sleep(0.02)


def learn(run: Path, words: argparse.Namespace) -> None:
    last, metrics = run / "last.pt", run / "metrics.csv"
    epoch, number = map(int, last.read_text().split()) if last.exists() else (0, 1)
    rows = metrics.read_text().splitlines()[: epoch + 1] if metrics.exists() else ["epoch,loss"]
    metrics.write_text("\n".join(rows) + "\n")
    while epoch < words.epochs:
        time.sleep(words.pace)
        if epoch:
            wait(run, words)
        if words.die and epoch == words.epochs - 1:
            ENDINGS[words.die]()
        epoch, number = epoch + 1, number * 7 % 1009
        with metrics.open("a") as file:
            file.write(f"{epoch},{number}\n")
        for name in ("best.pt", "last.pt"):
            temporary = run / f"{name}.tmp"
            temporary.write_text(f"{epoch} {number}")
            temporary.replace(run / name)
        write_status(run, epoch=epoch, epochs=words.epochs)


def main() -> None:
    words = options()
    run, before = words.run, read_status(words.run).state
    print(f"CUDA_VISIBLE_DEVICES={os.environ.get('CUDA_VISIBLE_DEVICES')} nice={os.nice(0)}")

    def told(*_):
        if words.deaf != "told":
            raise Stopped

    signal.signal(signal.SIGTERM, told)
    if words.child:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (run / "child").write_text(str(child.pid))
    while words.late and not (run / "go").exists():
        time.sleep(0.02)
    write_status(run, state="running", phase="training", process=identity())
    try:
        if words.trial:
            wait(run, words)
            write_json(run / "trial.json", {"seconds_total": 1.0})
            last = {"state": "ready"}
        else:
            learn(run, words)
            last = {"state": "finished"}
        if words.publish:
            write_status(run, phase="publishing")
            wait(run, words)
            if words.publish == "taken":
                sys.exit("The name is taken.")
            last = {"state": before, "published": f"toy/{words.publish}"}
    except Stopped:
        last = {"state": before if words.publish else "stopped"}
    write_status(run, **last, phase="")
    time.sleep(600 if words.linger else 0)


if __name__ == "__main__":
    main()
