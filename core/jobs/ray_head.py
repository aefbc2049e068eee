"""A Ray cluster as its head tells of it over HTTP: Ray Jobs' documented REST interface.

Ray's own client needs all of Ray, and waits without limit for a head that hangs; a page cannot.
https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from core.jobs.records import JobError

GLANCE_S = 2  # how long a page may wait to see how a job stands
PATIENCE_S = 20  # how long one who submits a job may wait
FRESH_S = 3  # for how long an answer is not asked for again
SILENT_S = 15  # for how long a head that did not answer is left alone
_seen: dict[tuple[str, str], tuple[float, Mapping | None]] = {}
_silent: dict[str, tuple[float, JobError]] = {}


@dataclass(frozen=True)
class RayHead:
    """The head of a cluster, at the address of its dashboard, such as http://head:8265.

    Every method raises JobError where the head does not answer or refuses. A cluster that wants a
    token gets the one in RAY_AUTH_TOKEN, as from Ray's own client.
    """

    address: str

    def submit(
        self, submission: str, command: str, env: Mapping[str, str], resources: Mapping[str, float]
    ) -> None:
        """Queue a shell command under a name that was never used there.

        resources: how many "CPU" or "GPU" it takes, all of them on one machine.
        """
        told = {"submission_id": submission, "entrypoint": command}
        told |= {f"entrypoint_num_{kind.lower()}s": count for kind, count in resources.items()}
        self._ask("POST", "/api/jobs/", told | {"runtime_env": {"env_vars": dict(env)}}, PATIENCE_S)

    def look(self, submission: str) -> Mapping | None:
        """What the cluster knows of a job: `status`, `message`, `end_time` (ms) ...; None: nothing.

        Remembered for `glance`.
        """
        try:
            answer = self._ask("GET", f"/api/jobs/{submission}")
            if answer is not None and "status" not in answer:
                raise self._silence()  # something else listens there
        except JobError as error:
            _silent[self.address] = (time.monotonic(), error)
            raise
        _seen[self.address, submission] = (time.monotonic(), answer)
        return answer

    def glance(self, submission: str) -> Mapping | None:
        """The same, cheap enough for pages that ask every two seconds: an answer serves for a
        while, and so does silence."""
        now = time.monotonic()
        when, answer = _seen.get((self.address, submission), (-math.inf, None))
        if now - when < FRESH_S:
            return answer
        when, error = _silent.get(self.address, (-math.inf, None))
        if now - when < SILENT_S:
            raise error
        return self.look(submission)

    def stop(self, submission: str) -> None:
        """Have a job's processes told to stop; one that still waits is told when its turn comes."""
        self._ask("POST", f"/api/jobs/{submission}/stop")
        _seen.pop((self.address, submission), None)

    def log(self, submission: str) -> str:
        """All that a job printed, between Ray's own words on it."""
        answer = self._ask("GET", f"/api/jobs/{submission}/logs")
        return str((answer or {}).get("logs") or "")

    def machines(self) -> Sequence[Mapping[str, float]]:
        """What every machine of the cluster has in all: "CPU", "GPU" ..."""
        answer = self._ask("GET", "/api/v0/nodes?detail=1")
        try:
            nodes = answer["data"]["result"]["result"]
            return [node["resources_total"] for node in nodes if node["state"] == "ALIVE"]
        except (KeyError, TypeError):
            raise self._silence() from None

    def _ask(
        self, method: str, path: str, content: Mapping | None = None, seconds: float = GLANCE_S
    ) -> dict | None:
        """The head's answer; None where it knows no such job."""
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("RAY_AUTH_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        data = None if content is None else json.dumps(content).encode()
        try:
            request = Request(self.address + path, data, headers, method=method)
            with urlopen(request, timeout=seconds) as answer:
                return {**json.load(answer)}
        except HTTPError as error:
            if error.code == 404:
                return None
            raise self._refusal(error) from None
        except (OSError, ValueError, TypeError, HTTPException):
            raise self._silence() from None

    def _silence(self) -> JobError:
        return JobError(
            f"The Ray cluster at {self.address} does not answer: start its head, or correct "
            "LIGHTBOX_RAY_ADDRESS."
        )

    def _refusal(self, error: HTTPError) -> JobError:
        if error.code in (401, 403):
            return JobError(
                f"The Ray cluster at {self.address} wants a token: set RAY_AUTH_TOKEN to it."
            )
        lines = error.read(2**16).decode("utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if len(line.strip()) > 1), "")
        return JobError(f"The Ray cluster at {self.address} refused ({error.code}): {last[:200]}")
