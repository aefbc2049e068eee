"""Where Lightbox finds and keeps things, and how many cores it may use."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
MOST_THREADS = 64
MOST_HOURS = 24 * 3660  # ten years
MOST_JOBS = 64
DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")


@dataclass(frozen=True)
class Settings:
    """Every setting, read from the environment variable named beside it."""

    data: Path  # LIGHTBOX_DATA: data packs
    checkpoints: Path  # LIGHTBOX_CHECKPOINTS: published models
    threads: int  # LIGHTBOX_THREADS: cores that one prediction uses
    home: Path  # LIGHTBOX_HOME: what Lightbox writes itself, annotations first of all
    # LIGHTBOX_DATABASE_URL: where annotations are stored; it may hold a password
    database_url: str = field(repr=False)
    keep_hours: float | None  # LIGHTBOX_KEEP_HOURS: after which untouched worklists are deleted
    listed: bool  # LIGHTBOX_WORKLISTS=listed: everybody sees every worklist
    runs: Path  # LIGHTBOX_RUNS: training jobs
    training: bool  # LIGHTBOX_TRAINING=off: none is started from the app
    job_slots: int | None  # LIGHTBOX_JOBS: how many train at once; None: one a GPU, or one
    ray_address: str  # LIGHTBOX_RAY_ADDRESS: the Ray cluster that trains; "": this machine

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings from `env`; what is unset or empty gets a default that suits a laptop.

        Raises ValueError, one sentence that names the variable, when a value cannot be used.
        """
        home = _folder(env, "LIGHTBOX_HOME", ".lightbox")
        return cls(
            data=_folder(env, "LIGHTBOX_DATA", "data"),
            checkpoints=_folder(env, "LIGHTBOX_CHECKPOINTS", "checkpoints"),
            threads=_threads(env),
            home=home,
            database_url=_database_url(env, home),
            keep_hours=_keep_hours(env),
            listed=_listed(env),
            runs=_folder(env, "LIGHTBOX_RUNS", "runs"),
            training=_training(env),
            job_slots=_job_slots(env),
            ray_address=_ray_address(env),
        )


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many cores this process may use, at least 1.

    The operating system reports the cores of the whole machine; a container is often allowed less,
    by affinity or by the quota in cgroup v2's `cpu.max` ("quota period", or "max period").
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        cores = min(cores, int(quota) // int(period))
    except (OSError, ValueError):
        pass  # no quota, or not Linux
    return max(1, cores)


def _folder(env: Mapping[str, str], variable: str, default: str) -> Path:
    value = env.get(variable, "").strip()
    folder = Path(value).expanduser().resolve() if value else CHECKOUT / default
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{variable} must name a folder, but {folder} is a file.")
    return folder


def _threads(env: Mapping[str, str]) -> int:
    value = env.get("LIGHTBOX_THREADS", "").strip()
    if not value:
        # One film at a time gains nothing beyond four cores, and other readers want theirs.
        return min(4, usable_cores())
    if not value.isdecimal() or not 1 <= int(value) <= MOST_THREADS:
        raise ValueError(
            f"LIGHTBOX_THREADS must be a whole number from 1 to {MOST_THREADS}, not {value!r}."
        )
    return int(value)


def _database_url(env: Mapping[str, str], home: Path) -> str:
    value = env.get("LIGHTBOX_DATABASE_URL", "").strip()
    if value and not value.startswith(DATABASES):
        # The value is not repeated: it may hold a password.
        raise ValueError(f"LIGHTBOX_DATABASE_URL must begin with one of {', '.join(DATABASES)}.")
    return value or f"sqlite:///{home / 'annotations.sqlite'}"


def _keep_hours(env: Mapping[str, str]) -> float | None:
    value = env.get("LIGHTBOX_KEEP_HOURS", "").strip()
    if not value:
        return None
    try:
        hours = float(value)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= MOST_HOURS:
        raise ValueError(
            f"LIGHTBOX_KEEP_HOURS must be a number of hours above 0 and up to {MOST_HOURS}, "
            f"not {value!r}."
        )
    return hours


def _listed(env: Mapping[str, str]) -> bool:
    value = env.get("LIGHTBOX_WORKLISTS", "").strip()
    if value not in ("", "private", "listed"):
        raise ValueError(f"LIGHTBOX_WORKLISTS must be private or listed, not {value!r}.")
    return value == "listed"


def _training(env: Mapping[str, str]) -> bool:
    value = env.get("LIGHTBOX_TRAINING", "").strip()
    if value not in ("", "on", "off"):
        raise ValueError(f"LIGHTBOX_TRAINING must be on or off, not {value!r}.")
    return value != "off"


def _job_slots(env: Mapping[str, str]) -> int | None:
    value = env.get("LIGHTBOX_JOBS", "").strip()
    if not value:
        return None
    if not value.isdecimal() or not 1 <= int(value) <= MOST_JOBS:
        raise ValueError(
            f"LIGHTBOX_JOBS must be a whole number from 1 to {MOST_JOBS}, not {value!r}."
        )
    return int(value)


def _ray_address(env: Mapping[str, str]) -> str:
    value = env.get("LIGHTBOX_RAY_ADDRESS", "").strip()
    if value and not re.fullmatch(r"https?://[^\s/?#@]+/*", value):
        raise ValueError(
            "LIGHTBOX_RAY_ADDRESS must be the address of the dashboard of a Ray cluster, like "
            f"http://head:8265, not {value!r}."
        )
    return value.rstrip("/")
