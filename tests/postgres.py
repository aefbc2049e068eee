"""A PostgreSQL server for the tests: its own cluster, reached by a socket, gone when they end."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

REQUIRED = os.environ.get("LIGHTBOX_TEST_POSTGRES") == "required"
HOW = "apt-get install postgresql"
_PATIENCE_S = 60


class Cluster:
    """A server that holds nothing at first. Raises FileNotFoundError where none is installed."""

    def __init__(self) -> None:
        self._programs = _programs()
        # A socket's path must be short, which pytest's folders are not.
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._data = self.folder / "data"
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync")
        self.start()
        self.execute("CREATE DATABASE lightbox")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses= -c max_connections=40"
        self._run(
            "pg_ctl", "-D", self._data, "-w", "-l", self.folder / "log", "-o", options, "start"
        )

    def stop(self) -> None:
        """Stop the server as if its machine lost power."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def close(self) -> None:
        """Stop the server and remove all that it wrote."""
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str, user: str = "postgres") -> str:
        """The address of a database of this server."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def empty_database(self) -> str:
        """The address of a database in which nothing is; what was in it is gone."""
        url = self.url("lightbox")
        self.execute("DROP SCHEMA IF EXISTS public CASCADE", url)
        self.execute("CREATE SCHEMA public", url)
        return url

    def execute(self, statement: str, url: str | None = None) -> None:
        """Run one statement as the superuser."""
        with psycopg.connect(url or self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: object) -> None:
        command = [self._programs / program, *arguments]
        if os.geteuid() == 0:  # the server refuses to be run by root
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            text=True,
            timeout=_PATIENCE_S,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


def _programs() -> Path:
    """The folder of the newest server that is installed."""
    found = shutil.which("pg_ctl")
    versions = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    installed = sorted(versions, key=lambda path: int(path.parts[-3].partition(".")[0]))
    if not (found or installed):
        raise FileNotFoundError(f"no PostgreSQL server is installed: {HOW}")
    return Path(found or installed[-1]).parent
