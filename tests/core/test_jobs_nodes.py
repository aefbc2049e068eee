"""One command on several machines of a cluster, with threads in the place of Ray's machines."""

import sys
import time
from concurrent import futures
from types import ModuleType, SimpleNamespace

import pytest

from core.jobs import nodes

HANG = 60  # seconds after which a test gives up


class Remote:
    """An actor's class, then an actor, then one of its methods, called as Ray's are."""

    def __init__(self, pool, called):
        self.pool, self.called = pool, called

    def options(self, **told):
        self.pool.asked.append(told)
        return self

    def remote(self, *words):
        if isinstance(self.called, type):
            return Remote(self.pool, self.called())
        return self.pool.submit(self.called, *words)

    def __getattr__(self, name):
        return Remote(self.pool, getattr(self.called, name))


def wait(calls, num_returns, timeout=None):
    end = time.monotonic() + (HANG if timeout is None else timeout)
    while True:
        done = [call for call in calls if call.done()][:num_returns]
        if len(done) == num_returns or time.monotonic() > end:
            return done, [call for call in calls if call not in done]
        time.sleep(0.01)


@pytest.fixture
def pool(monkeypatch):
    """Threads in the place of a cluster; `asked` are the places that were asked for."""
    threads = futures.ThreadPoolExecutor()
    threads.asked = []

    def group(bundles, strategy):
        assert strategy == "STRICT_SPREAD"
        return SimpleNamespace(ready=lambda: threads.submit(lambda: bundles))

    parts = {
        "ray": {
            "init": lambda **_: None,
            "get": lambda x: [y.result() for y in x] if isinstance(x, list) else x.result(),
            "wait": wait,
            "remote": lambda made: Remote(threads, made),
        },
        "ray.util": {"get_node_ip_address": lambda: "10.0.0.1"},
        "ray.util.placement_group": {"placement_group": group},
        "ray.util.scheduling_strategies": {"PlacementGroupSchedulingStrategy": lambda *_, **__: 0},
    }
    made = {name: ModuleType(name) for name in parts}
    for name, module in made.items():
        vars(module).update(parts[name])
        monkeypatch.setitem(sys.modules, name, module)
    made["ray"].util = made["ray.util"]
    monkeypatch.setattr(nodes, "LAST_WORDS_S", 0.2)
    yield threads
    threads.shutdown()


def run(tmp_path, *scripts: str) -> int:
    """The exit code of a command that does on each machine what its script says."""
    cases = " ".join(f"{rank}) {script};;" for rank, script in enumerate(scripts))
    command = ["sh", "-c", f"cd '{tmp_path}'; case $NODE_RANK in {cases} esac"]
    return nodes.run(len(scripts), {"GPU": 2.0}, command)


def test_every_machine_knows_where_the_first_one_is(tmp_path, pool):
    told = 'echo "$MASTER_ADDR:$MASTER_PORT" > $NODE_RANK'
    assert run(tmp_path, told, told) == 0
    first, second = ((tmp_path / rank).read_text() for rank in "01")
    assert first == second and first.startswith("10.0.0.1:")
    assert [each["num_gpus"] for each in pool.asked] == [2.0, 2.0]


LONG = "echo $$ > pid; exec sleep 1000"
DEAF = "trap '' TERM; echo $$ > pid; while :; do sleep 0.02; done"
ONCE_IT_RUNS = "until [ -e pid ]; do sleep 0.02; done"
ENDS = {
    "all by themselves": (("true", "true"), 0),
    "first fails": ((f"{ONCE_IT_RUNS}; exit 3", LONG), 3),
    "second fails": ((LONG, f"{ONCE_IT_RUNS}; exit 3"), 3),
    "third fails later": (("true", "true", "sleep 0.05; exit 4"), 4),
    "first is stopped": ((ONCE_IT_RUNS, LONG), 0),
    "second is deaf": ((ONCE_IT_RUNS, DEAF), 0),
}


@pytest.mark.parametrize(("scripts", "code"), ENDS.values(), ids=ENDS)
def test_all_end_when_one_fails_or_the_first_has_ended(tmp_path, pool, scripts, code):
    assert run(tmp_path, *scripts) == code
    pool.shutdown()  # hangs where a command goes on
