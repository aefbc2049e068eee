"""What a job has produced so far, read from its folder while it writes there."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs.records import Job

if TYPE_CHECKING:
    import pandas as pd

LOG_BYTES = 2**18  # of the end of log.txt; a progress bar's redrawn line is long
TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def metrics(job: Job) -> pd.DataFrame:
    """The rows of metrics.csv, one an epoch, numbers throughout (NaN where not measured).

    No row yet, no file or a damaged one: no rows. A line still being written is left for later.
    """
    import pandas as pd

    try:
        text = (job.folder / "metrics.csv").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return pd.DataFrame({"epoch": []})
    whole = text[: text.rfind("\n") + 1]
    try:
        rows = pd.read_csv(io.StringIO(whole), on_bad_lines="skip")
    except ValueError:  # empty, or no table
        return pd.DataFrame({"epoch": []})
    rows = rows.apply(pd.to_numeric, errors="coerce")
    if "epoch" not in rows:
        return pd.DataFrame({"epoch": []})
    rows = rows.dropna(subset="epoch").drop_duplicates("epoch", keep="last")
    return rows.astype({"epoch": int}).reset_index(drop=True)


def log_tail(job: Job, lines: int = 40) -> str:
    """The last lines of log.txt as a terminal would show them: of a progress bar, its last state.

    "" where there is none.
    """
    try:
        with (job.folder / "log.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, io.SEEK_END) - LOG_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return shown(text, lines)


def shown(text: str, lines: int) -> str:
    """The last lines of what was printed as a terminal would show them."""
    seen = (_last_state(line) for line in TERMINAL_CODE.sub("", text).split("\n"))
    return "\n".join([line for line in seen if line][-lines:])


def _last_state(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part.strip()), "").rstrip()


def samples(job: Job) -> list[tuple[int, Path]]:
    """The sample pictures so far, by epoch."""
    pictures = (job.folder / "samples").glob("*.png")
    return sorted((int(path.stem), path) for path in pictures if path.stem.isdecimal())


def trial(job: Job) -> dict | None:
    """What the trial measured, trial.json, or None."""
    return _json(job.folder / "trial.json")


def audit(job: Job) -> dict | None:
    """What the data audit found, audit.json, or None."""
    return _json(job.folder / "audit.json")


def config(job: Job) -> dict:
    """Every option as the trainer understood it, config.yaml; empty before it did."""
    import yaml

    try:
        content = yaml.safe_load((job.folder / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _json(path: Path) -> dict | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
