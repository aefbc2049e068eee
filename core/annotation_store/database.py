"""The database behind the annotation store: connections, schema versions, and what its errors mean.

SQLite: a write-ahead log, synchronised at every commit; what is deleted is overwritten with zeros.
PostgreSQL: every wait has an end, so that a server that is away is noticed within seconds; what is
deleted is gone for every query, and its bytes from the disk when the server uses their place again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from urllib.parse import quote

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, make_url, text
from sqlalchemy.pool import QueuePool

from core.annotation_records import Refused, StoreError, Unreachable
from core.annotation_store.tables import metadata

MIGRATIONS = Path(__file__).with_name("migrations")
VERSION_TABLE = "lightbox_schema"
BUSY_S = 3  # how long a write waits for another one to end
CONNECT_S = 3  # how long a server may take to answer
_MIGRATING = 0x4C424F58  # the lock that PostgreSQL grants to one migration at a time
_ALEMBIC = Lock()  # it holds what it works on in its modules
_ERRORS = (exc.SQLAlchemyError, sqlite3.Error, psycopg.Error, OSError)

_FULL = "The disk of the annotation store is full: free some space on it; nothing was stored."
_READ_ONLY = (
    "The annotation store cannot be written: see that it is there and that Lightbox may write to "
    "it; nothing was stored."
)
_BUSY = "The annotation store is busy with another writer: try again; nothing was stored."
_DAMAGED = (
    "The file of the annotation store is damaged or something else: restore it from a backup; "
    "nothing was stored."
)
_AWAY = (
    "The annotation store cannot be reached: see whether its database is running; nothing was "
    "stored."
)
_NOT_OURS = (
    "LIGHTBOX_DATABASE_URL names a database that is not an annotation store: name another one, or "
    "an empty one."
)
_NO_ADDRESS = (
    "LIGHTBOX_DATABASE_URL is not the address of a database: write "
    "postgresql://name:password@host/database, or sqlite:////folder/file.sqlite."
)
_NEWER = "The annotation store was written by a newer Lightbox: update this one to open it."
_CAUSES = (  # SQLSTATEs of PostgreSQL, and words of SQLite and the operating system
    (("53100",), ("disk is full", "no space left"), _FULL),
    (
        ("25006", "42501"),
        ("readonly", "read-only", "permission denied", "unable to open", "i/o error"),
        _READ_ONLY,
    ),
    (("55P03", "57014", "40P01"), ("is locked",), _BUSY),
    ((), ("bad: invalid", "invalid connection", "invalid integer", "bad value for"), _NO_ADDRESS),
    (("XX001", "XX002", "42P01"), ("malformed", "not a database", "no such table"), _DAMAGED),
)


class Database:
    """A database whose tables are those of this version."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, migrate: bool = True) -> Database:
        """See core.annotations.Store.open. migrate: False leaves an older one, or an empty one, as
        it is; see `versions`."""
        with _told():
            try:
                engine = _engine(url)
            except (exc.ArgumentError, ValueError):
                raise StoreError(_NO_ADDRESS) from None
        found = cls(engine)
        try:
            if migrate:
                found._migrate()
                found._log_ahead()
            else:
                found.versions()
            with found.writing():
                pass  # a database that can only be read is better known at once
        except StoreError:
            engine.dispose()
            raise
        return found

    @property
    def sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        self._engine.dispose()

    def versions(self) -> tuple[str | None, str]:
        """Of its schema, None where it is empty, and of this Lightbox's. Raises StoreError where it
        is of a newer one, or of something else."""
        scripts = ScriptDirectory.from_config(_config())
        with self.reading() as connection:
            found = _version(connection)
        if found not in {None, *(script.revision for script in scripts.walk_revisions())}:
            raise StoreError(_NEWER)
        return found, scripts.get_current_head()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database."""
        with _told(), self._engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block is left, or never was."""
        with _told(), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def wipe(self) -> None:
        """Take out of the log of SQLite, too, what was deleted from its file."""
        self._pragma("wal_checkpoint(TRUNCATE)")

    def _pragma(self, what: str) -> None:
        if self.sqlite:
            with _told(), self._engine.connect() as connection:
                connection.connection.execute(f"PRAGMA {what}").close()

    def _migrate(self) -> None:
        """Bring the schema up to this version, all of it or nothing, one process at a time."""
        found, newest = self.versions()
        if found != newest:
            config = _config()
            with self.writing() as connection:
                if not self.sqlite:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                _version(connection)  # of another program, by now?
                config.attributes.update(connection=connection, version_table=VERSION_TABLE)
                try:
                    with _ALEMBIC:
                        command.upgrade(config, "head")
                except CommandError:
                    raise StoreError(_NEWER) from None

    def _log_ahead(self) -> None:
        """Let SQLite write to a log ahead of its file, so that readers and a writer can go on."""
        # The switch is made once in the life of a file; SQLite does not wait for others with it.
        last = time.monotonic() + BUSY_S
        while True:
            try:
                return self._pragma("journal_mode=WAL")
            except Unreachable:
                if time.monotonic() > last:
                    raise
            time.sleep(0.02)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _version(connection: Connection) -> str | None:
    """The version of the schema, None in an empty database. Raises StoreError in someone else's."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    theirs = tables if connection.dialect.name == "sqlite" else tables & set(metadata.tables)
    if theirs:
        raise StoreError(_NOT_OURS)
    return None


def _engine(url: str) -> Engine:
    if url.startswith("sqlite:///"):
        file = url.removeprefix("sqlite:///")
        if "?" in file or Path(file).is_dir():  # the empty one is this folder
            raise ValueError("no file of SQLite")
        return _sqlite(Path(file))
    address = make_url(url)
    if address.get_backend_name() != "postgresql":
        raise ValueError("neither a file of SQLite nor PostgreSQL")
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_timeout=2 * BUSY_S,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_S,
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": 1000 * CONNECT_S,
            "options": f"-c lock_timeout={BUSY_S}s -c statement_timeout=10s"
            " -c idle_in_transaction_session_timeout=30s",
        },
    )


def _sqlite(path: Path) -> Engine:
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    def connect() -> sqlite3.Connection:
        # mode=rw: a file that was taken away is not replaced by an empty one.
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_timeout=2 * BUSY_S,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def know_the_file(connection: object, record: object) -> None:
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def still_the_file(connection: object, record: object, proxy: object) -> None:
        # A connection to a file that was deleted or replaced would write where nobody reads.
        if record.info["file"] != _identity(path):
            raise exc.DisconnectionError

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _told() -> Iterator[None]:
    """Say the errors of the database as those of the store; they never hold an address."""
    try:
        yield
    except StoreError:
        raise
    except exc.IntegrityError:
        raise Refused(
            "Someone else changed this at the same moment: reload the page and try again."
        ) from None
    except exc.DataError:
        raise Refused(
            "This cannot be stored: it holds a character or number that no database takes."
        ) from None
    except _ERRORS as error:
        raise Unreachable(_meaning(error)) from None


def _meaning(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    words = str(cause).lower()
    for states, phrases, sentence in _CAUSES:
        if state in states or any(phrase in words for phrase in phrases):
            return sentence
    return _AWAY
