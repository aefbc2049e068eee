"""Run a trainer as a job: a folder that says how it stands, and one sentence on why it failed."""

import argparse
from collections.abc import Callable, Sequence


def run(
    name: str,
    main: Callable[[argparse.Namespace], None],
    argv: Sequence[str] | None = None,
) -> None:
    """Parse a trainer's command line, call its `main` as a job in the folder `--run`, and exit.

    The folder is made, or gone on with where it is of the same trainer. It gets `job.json`,
    `config.yaml` with every option, `status.json` and, where nobody else writes it, `log.txt`.
    `main` is called with the options; where `arguments.trial` is set it hands that to its `fit`,
    which ends the trial, and `arguments.publish` is None. What goes wrong is told in one sentence,
    in the status and on the terminal, and ends the process with code 1. Ctrl+C, SIGTERM and a file
    `stop` in the folder end it with code 0 and the state "stopped".

    Of several processes (`--devices`) the launching one runs `main` from the start, the others when
    it launches Fabric: what the first one is to do alone, such as the audit, it does before, where
    `progress.first_process()`.
    """
    raise NotImplementedError
