"""Run one command on several machines of a Ray cluster at once: what trains across machines.

`python -m core.jobs.nodes COUNT RESOURCES WORD ...`, in a job of the cluster. RESOURCES is what it
takes of each machine, as JSON: {"GPU": 4}. Every machine's command finds in its environment where
the first one is and which one it is itself, as Lightning Fabric and torch read it. When one fails,
the first one has ended, or this process is told to stop, all are ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

import psutil

from core.settings import CHECKOUT

LAST_WORDS_S = 10  # that a command has to end in order


class Machine:
    """A place on a machine of the cluster, in which one command runs."""

    def __init__(self) -> None:
        self.process = None

    def place(self) -> tuple[str, int]:
        """Where the others can reach this machine: its address, and a port that is free."""
        import ray

        with socket.socket() as free:
            free.bind(("", 0))
            return ray.util.get_node_ip_address(), free.getsockname()[1]

    def run(self, command: Sequence[str], env: Mapping[str, str]) -> int:
        """Run a command to its end; return its exit code."""
        self.process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **env})
        return self.process.wait()

    def end(self) -> None:
        """Have the command end in order, or else kill it with all its own processes."""
        if self.process is None or self.process.poll() is not None:
            return
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.process.pid)
            family = [process, *process.children(recursive=True)]
            process.send_signal(signal.SIGTERM)
            for left in psutil.wait_procs(family, LAST_WORDS_S)[1]:
                with suppress(psutil.NoSuchProcess):
                    left.kill()


def run(count: int, resources: Mapping[str, float], command: Sequence[str]) -> int:
    """Run a command on `count` machines, each with these resources; return its exit code: that of
    the first one that fails, else 0."""
    try:
        import ray
        from ray.util.placement_group import placement_group
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy as In
    except ImportError:
        sys.exit("Ray is not installed here: pip install -r requirements-cluster.txt")
    ray.init(address="auto", configure_logging=False)
    group = placement_group([dict(resources)] * count, strategy="STRICT_SPREAD")
    ray.get(group.ready())
    machines = [
        ray.remote(Machine)
        .options(
            num_cpus=resources.get("CPU", 0),
            num_gpus=resources.get("GPU", 0),
            scheduling_strategy=In(group, placement_group_bundle_index=index),
            max_concurrency=2,  # one call runs the command, another ends it
        )
        .remote()
        for index in range(count)
    ]
    try:
        address, port = ray.get(machines[0].place.remote())
        shared = {"MASTER_ADDR": address, "MASTER_PORT": str(port)}
        running = [
            machine.run.remote(command, shared | {"NODE_RANK": str(rank)})
            for rank, machine in enumerate(machines)
        ]
        first, *_ = running
        ended = None
        while ended != first:
            (ended,), running = ray.wait(running, num_returns=1)
            if code := ray.get(ended):
                return code
        # It has the last word. When it was stopped, others may wait for it in vain.
        others, _ = ray.wait(running, num_returns=len(running), timeout=LAST_WORDS_S)
        return next(filter(None, ray.get(others)), 0)
    finally:
        ray.wait([machine.end.remote() for machine in machines], num_returns=count)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    code = run(int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
    sys.exit(code if code >= 0 else 128 - code)
