"""What the annotation store is still worth when something goes wrong (R1-R4, P5)."""

import multiprocessing
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from core.annotation_store import database
from core.annotation_store.database import MIGRATIONS, VERSION_TABLE, Database
from core.annotation_store.rows import digest
from core.annotation_store.tables import metadata
from core.annotations import (
    Conflict,
    Fill,
    NewFilm,
    Reader,
    Refused,
    Store,
    StoreError,
    Unreachable,
)
from core.artefacts import Annotation, to_json
from core.check import check_store
from core.events import replay, verify_events
from core.settings import CHECKOUT
from tests.store_kills import Outcome, content, kill_writers

SHAPE = (40, 60)
ONE, TWO = "1" * 64, "2" * 64
ADA, BOB = Reader("Ada"), Reader("Bob")
PIXELS, FILLED = b"the pixels of a film " * 500, b"the pixels of a fill " * 500


def begun(store):
    """A worklist with a film, and a reading of it with three revisions."""
    worklist = store.create_worklist("Knees", ADA)
    store.add_film(worklist, NewFilm(ONE, "knee.png", PIXELS, "png", SHAPE), ADA)
    reading = store.begin(worklist, ONE, ADA)
    for at in range(3):
        reading = store.save(reading, at, content(at + 1), by=ADA)
    return worklist, reading


def engine(url):
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def execute(url, statement, **values):
    """Run a statement behind the store's back; returns its rows, if it has any."""
    found = engine(url)
    with found.begin() as connection:
        done = connection.execute(text(statement), values)
        rows = done.all() if done.returns_rows else []
    found.dispose()
    return rows


def at_version(url, version):
    """Bring an empty database to an older version of the schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    found = engine(url)
    with found.begin() as connection:
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        command.upgrade(config, version)
    found.dispose()


def unprivileged(act):
    """Run `act(folder)` in a folder of its own, not as root, who may write everywhere."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() != 0:
        act(folder)
    else:
        os.chown(folder, 65534, 65534)
        told, tell = os.pipe()
        if not (child := os.fork()):
            try:
                os.setgid(65534)
                os.setuid(65534)
                act(folder)
            except BaseException:
                os.write(tell, traceback.format_exc().encode())
            finally:
                os._exit(0)
        os.close(tell)
        os.waitpid(child, 0)
        with os.fdopen(told) as report:
            assert not (wrong := report.read()), wrong
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def memory():
    """A folder in memory where there is one: what a killed process wrote outlives it there, too,
    and no test waits for a disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as path:
        yield path


def test_r1_killed_in_200_saves_the_store_holds_all_that_was_acknowledged(memory):
    url = f"sqlite:///{memory}/a.sqlite"
    store = Store.open(url)
    # To fork is quick where little is loaded.
    kill = (
        "import sys; from tests.store_kills import *; "
        "print(*kill_writers(Store.open(sys.argv[1]), 200, longest_s=0.01))"
    )
    done = subprocess.run(
        [sys.executable, "-c", kill, url], check=True, capture_output=True, cwd=CHECKOUT
    )
    outcome = Outcome(*map(int, done.stdout.split()))
    assert (outcome.lost, outcome.torn) == (0, 0)
    assert outcome.acknowledged >= 200
    (worklist,) = store.worklists()
    (reading,) = store.readings(worklist)
    log = store.events(worklist)
    verify_events(log, worklist.events)
    (drawn,) = replay(log).values()
    assert [len(drawn.strokes)] == [reading.strokes]
    assert not [one.number for one in store.revisions(reading.id) if one.annotation is None]
    store.close()


def test_r1_so_it_does_in_postgresql(postgres):
    """That the saves are one transaction each there, too, which the server keeps or takes back; the
    server itself is not killed. benchmarks/annotate.py kills as many as in SQLite."""
    store = Store.open(postgres.empty_database())
    outcome = kill_writers(store, 20, longest_s=0.01)
    assert (outcome.lost, outcome.torn) == (0, 0)
    assert outcome.acknowledged >= 20
    (worklist,) = store.worklists()
    verify_events(store.events(worklist), worklist.events)
    store.close()


def test_r1_a_server_that_lost_power_has_what_was_acknowledged(postgres):
    store = Store.open(postgres.empty_database())
    worklist, reading = begun(store)
    postgres.stop()
    try:
        for act in (
            lambda: store.save(reading, 3, content(4), by=ADA),
            lambda: store.begin(worklist, ONE, ADA),
            lambda: Store.open(postgres.url("lightbox")),
        ):
            with pytest.raises(Unreachable, match=r"cannot be reached.*nothing was stored"):
                act()
    finally:
        postgres.start()
    assert store.begin(worklist, ONE, ADA).annotation.same(content(3))
    assert store.save(reading, 3, content(4), by=ADA).revision == 4
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lightbox'"
    )
    assert store.save(reading, 4, content(5), by=ADA).revision == 5, "on a new connection"
    verify_events(store.events(worklist), 7)
    store.close()


def test_r1_what_sqlite_commits_is_on_the_disk(tmp_path):
    found = Database.open(f"sqlite:///{tmp_path}/a.sqlite")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with found.reading() as connection:
        for pragma, value in wanted.items():
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value, pragma
    found.close()


def test_r2_a_full_disk_is_told_and_what_was_stored_stays(tmp_path, monkeypatch):
    opened, connect = [], sqlite3.connect

    def remembered(*args, **kwargs):
        opened.append(connect(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(database.sqlite3, "connect", remembered)
    store = Store.open(f"sqlite:///{tmp_path}/a.sqlite")
    worklist, reading = begun(store)
    # As many pages as there are: the next one gets what a full disk would give.
    for connection in opened:
        connection.execute("PRAGMA max_page_count=1")
    large = content(4, strokes=500)
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"disk .* is full"):
            store.save(reading, 3, large, by=ADA)
    assert store.begin(worklist, ONE, ADA).annotation.same(content(3))
    for connection in opened:
        connection.execute("PRAGMA max_page_count=100000")
    assert store.save(reading, 3, large, by=ADA).annotation.same(large)
    verify_events(store.events(worklist), 6)
    store.close()


def test_r2_so_is_that_of_postgresql(postgres):
    url = postgres.empty_database()
    store = Store.open(url)
    worklist, reading = begun(store)
    for statement in (
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()",
    ):
        postgres.execute(statement, url)
    with pytest.raises(Unreachable, match=r"disk .* is full"):
        store.save(reading, 3, content(4), by=ADA)
    postgres.execute("DROP TRIGGER full_disk ON events", url)
    assert store.begin(worklist, ONE, ADA).revision == 3
    assert store.save(reading, 3, content(4), by=ADA).revision == 4
    store.close()


def test_r3_a_folder_that_cannot_be_written_is_told():
    def act(folder):
        folder.chmod(0o500)
        for url in (f"sqlite:///{folder}/a.sqlite", f"sqlite:///{folder}/deeper/a.sqlite"):
            with pytest.raises(Unreachable, match="cannot be written"):
                Store.open(url)
        assert list(folder.iterdir()) == []

    unprivileged(act)


def test_r3_a_store_that_becomes_read_only_keeps_what_it_has():
    def act(folder):
        path = folder / "a.sqlite"
        store = Store.open(f"sqlite:///{path}")
        worklist, reading = begun(store)
        store.close()
        path.chmod(0o400)
        folder.chmod(0o500)
        with pytest.raises(Unreachable, match="cannot be written"):
            store.save(reading, 3, content(4), by=ADA)
        with pytest.raises(Unreachable, match="cannot be written"):
            Store.open(f"sqlite:///{path}")
        folder.chmod(0o700)
        path.chmod(0o600)
        assert store.begin(worklist, ONE, ADA).annotation.same(content(3))
        assert store.save(reading, 3, content(4), by=ADA).revision == 4

    unprivileged(act)


def test_r3_so_does_a_database_that_only_lets_itself_be_read(postgres):
    url = postgres.empty_database()
    store = Store.open(url)
    worklist, reading = begun(store)
    postgres.execute("ALTER DATABASE lightbox SET default_transaction_read_only = on")
    try:
        store.close()
        with pytest.raises(Unreachable, match="cannot be written"):
            store.save(reading, 3, content(4), by=ADA)
    finally:
        postgres.execute("ALTER DATABASE lightbox RESET default_transaction_read_only")
        store.close()
    assert store.save(reading, 3, content(4), by=ADA).revision == 4
    assert len(store.events(worklist)) == 6
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE revisions SET content = replace(content, '1.0', '2.0') WHERE number = 3",
        "UPDATE revisions SET content = substr(content, 1, 80) WHERE number = 3",
        "UPDATE revisions SET digest = '' WHERE number = 3",
        "DELETE FROM revisions WHERE number = 3",
    ],
)
def test_r4_of_a_damaged_revision_the_one_before_is_offered(store, store_url, damage):
    worklist, reading = begun(store)
    execute(store_url, damage)
    found = store.begin(worklist, ONE, ADA)
    assert found.damaged and found.annotation.empty
    assert (found.status, found.revision) == ("draft", 3)
    for act in (
        lambda: store.save(found, 3, content(4), by=ADA),
        lambda: store.submit(found, 3, ADA),
    ):
        with pytest.raises(Refused, match="damaged: restore an earlier one"):
            act()
    whole = next(one for one in store.revisions(reading) if one.annotation)
    assert whole.number == 2
    restored = store.save(found, 3, whole.annotation, restored_from=2, by=ADA)
    assert (restored.revision, restored.damaged) == (4, False)
    assert store.begin(worklist, ONE, ADA).annotation.same(content(2))
    log = store.events(worklist)
    assert replay(log)[ONE, "Ada", False].same(Annotation(content(2).strokes))


def test_r4_another_films_content_is_no_reading_of_this_one(store, store_url):
    worklist, _ = begun(store)
    other = to_json(content(3), SHAPE, TWO)
    execute(
        store_url,
        "UPDATE revisions SET content = :c, digest = :d WHERE number = 3",
        c=other,
        d=digest(other),
    )
    assert store.begin(worklist, ONE, ADA).damaged


@pytest.mark.parametrize("damage", ["data = :bad", "digest = ''"])
def test_r4_a_damaged_copy_of_a_film_is_told_and_its_file_mends_it(store, store_url, damage):
    worklist, _ = begun(store)
    execute(store_url, f"UPDATE films SET {damage}", **{"bad": b"\0"} if "bad" in damage else {})
    with pytest.raises(Refused, match="damaged: add the film's file again"):
        store.film_data(worklist, ONE)
    again = NewFilm(ONE, "knee.png", PIXELS + b"cleaned anew", "png", SHAPE)
    assert store.add_film(worklist, again, BOB).already
    assert store.film_data(worklist, ONE) == again.data
    assert store.begin(worklist, ONE, ADA).revision == 3
    verify_events(store.events(worklist), 6)
    store.add_film(worklist, NewFilm(ONE, "knee.png", PIXELS, "png", SHAPE), BOB)
    assert store.film_data(worklist, ONE) == again.data, "a whole copy stays"


def test_r4_a_damaged_fill_has_no_data_and_is_replaced_by_the_same_fill(store, store_url):
    worklist, _ = begun(store)
    given = Fill(ONE, "png", FILLED, {}, "")
    store.give_back(worklist, given, ADA)
    execute(store_url, "UPDATE fills SET data = :bad", bad=FILLED[:-1])
    assert [fill.data for fill in store.fills(worklist, ONE, ADA)] == [b""]
    assert store.give_back(worklist, given, ADA).data == FILLED
    assert [fill.data for fill in store.fills(worklist, ONE, ADA)] == [FILLED]


def test_r4_a_file_that_is_no_database_is_left_as_it_is(tmp_path):
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"not a database at all " * 300)
    with pytest.raises(StoreError, match="damaged or something else"):
        Store.open(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database at all " * 300
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_of_another_program_is_left_alone(store_url):
    execute(store_url, "CREATE TABLE films (title TEXT)")
    with pytest.raises(StoreError, match="not an annotation store"):
        Store.open(store_url)
    found = engine(store_url)
    assert inspect(found).get_table_names() == ["films"]
    found.dispose()


def test_a_file_that_is_taken_away_is_not_written_on(tmp_path):
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "a.sqlite"
    store = Store.open(f"sqlite:///{path}")
    worklist, reading = begun(store)
    (tmp_path / "home").rename(tmp_path / "away")
    with pytest.raises(Unreachable):
        store.save(reading, 3, content(4), by=ADA)
    (tmp_path / "away").rename(tmp_path / "home")
    assert store.begin(worklist, ONE, ADA).annotation.same(content(3))
    assert store.save(reading, 3, content(4), by=ADA).revision == 4


def test_a_writer_that_does_not_end_makes_nobody_wait_for_ever(store_url, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    store = Store.open(store_url)
    worklist, reading = begun(store)
    other = engine(store_url)
    with other.begin() as connection:
        connection.execute(text("UPDATE worklists SET title = 'Held'"))
        with pytest.raises(Unreachable, match="busy"):
            store.save(reading, 3, content(4), by=ADA)
        assert store.begin(worklist, ONE, ADA).revision == 3, "reading goes on"
    other.dispose()
    assert store.save(reading, 3, content(4), by=ADA).revision == 4
    store.close()


def test_a_server_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(database, "CONNECT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Unreachable, match="cannot be reached"):
            Store.open(f"postgresql://ada:hunter2@127.0.0.1:{port}/lab")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@127.0.0.1:1/lab",
        "postgresql://ada:hunter2@no-such-host.invalid/lab",
        "postgresql://ada:hunter2@host:port/lab",
        "postgresql://ada:hunter2@/lab?nonsense=hunter2",
        "mysql://ada:hunter2@host/lab",
        "hunter2",
    ],
)
def test_p4_a_password_is_in_no_error(url):
    with pytest.raises(StoreError) as wrong:
        Store.open(url)
    told = "".join(traceback.format_exception(wrong.value, chain=True)[-1:])
    assert "hunter2" not in told + wrong.value.reason + repr(wrong.value)
    assert wrong.value.__cause__ is None and wrong.value.__suppress_context__


def test_p4_no_error_and_no_log_file_tells_what_was_said_or_by_whom(
    store, store_url, caplog, capsys
):
    hidden = "Hansen"  # beside the lines that a traceback shows
    worklist = store.create_worklist(hidden, ADA)
    store.add_film(worklist, NewFilm(ONE, f"{hidden}.png", PIXELS, "png", SHAPE), ADA)
    reading = store.save(store.begin(worklist, ONE, ADA), 0, Annotation(comment=hidden), by=ADA)
    execute(store_url, "ALTER TABLE revisions RENAME COLUMN session TO other")
    execute(store_url, "ALTER TABLE worklists RENAME COLUMN created_by TO other")
    for act in (
        lambda: store.save(reading, 1, Annotation(comment=hidden * 2), by=ADA),
        lambda: store.create_worklist(hidden, Reader(hidden)),
    ):
        with pytest.raises(StoreError) as wrong:
            act()
        told = "".join(traceback.format_exception(wrong.value)) + wrong.value.reason
        told += str(wrong.value.__context__) + caplog.text + "".join(capsys.readouterr())
        assert "Hansen" not in told


def test_p5_what_is_deleted_leaves_nothing(store, store_url, tmp_path):
    worklist, reading = begun(store)
    store.submit(reading, 3, ADA)
    store.submitted(worklist, ONE, BOB)
    store.keep_consensus(worklist, ONE, "majority", content(3), [(reading.id, 3)], {}, BOB)
    store.give_back(worklist, Fill(ONE, "png", FILLED, {}, ""), BOB)

    def counted():
        tables = [name for name in metadata.tables if name != "events"]
        return {
            name: count
            for name in tables
            if (count := execute(store_url, f"SELECT count(*) FROM {name}")[0][0])
        }

    def at_rest():
        files = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]
        return [what for what in (PIXELS[:60], FILLED[:60]) if any(what in one for one in files)]

    ours = {name for name in metadata.tables if not name.startswith("quiz")}
    assert set(counted()) == ours - {"events"}
    sqlite = store_url.startswith("sqlite")
    assert not sqlite or len(at_rest()) == 2
    store.remove_film(worklist, ONE, ADA)
    assert counted() == {"worklists": 1}
    assert at_rest() == []
    store.delete_worklist(worklist, ADA)
    assert counted() == {}
    assert execute(store_url, "SELECT count(*) FROM events") == [(0,)]
    assert not sqlite or b"Knees" not in (tmp_path / "annotations.sqlite").read_bytes()


def test_p5_worklists_that_nobody_touched_expire(store, store_url):
    old, _ = begun(store)
    new = store.create_worklist("New", BOB)
    yesterday = datetime.now(UTC) - timedelta(hours=24)
    assert store.expire(yesterday) == 0
    execute(
        store_url,
        "UPDATE worklists SET touched_at = :then WHERE id = :id",
        then=yesterday.replace(tzinfo=None) - timedelta(hours=2),
        id=old.id,
    )
    assert store.expire(yesterday) == 1
    assert store.worklists() == [new]
    assert execute(store_url, "SELECT count(*) FROM films") == [(0,)]


@pytest.mark.parametrize("act", ["save", "record", "nothing"])
def test_p5_what_is_worked_on_does_not_expire(store, act):
    worklist, reading = begun(store)
    before = datetime.now(UTC)
    if act == "save":
        store.save(reading, 3, content(4), by=ADA)
    elif act == "record":
        store.record(worklist, BOB, "open")
    assert store.expire(before) == (act == "nothing")


def open_and_close(url):
    Store.open(url).close()


def test_a_store_is_made_by_many_processes_at_once(store_url):
    fork = multiprocessing.get_context("fork")
    openers = [fork.Process(target=open_and_close, args=(store_url,)) for _ in range(4)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert [opener.exitcode for opener in openers] == [0] * 4
    assert execute(store_url, f"SELECT count(*) FROM {VERSION_TABLE}") == [(1,)]


def test_many_stores_are_made_at_once(tmp_path):
    urls = [f"sqlite:///{tmp_path}/{at}.sqlite" for at in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_and_close, urls))
    assert [execute(url, "SELECT count(*) FROM readings") for url in urls] == [[(0,)]] * 4


def test_the_migrations_make_the_tables(store, store_url):
    found = engine(store_url)
    with found.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    found.dispose()


def test_r8_a_store_of_the_first_version_is_carried_over_with_its_readings(
    store_url, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    at_version(store_url, "0001")
    now = datetime(2026, 1, 2, 3, 4, 5)
    execute(
        store_url,
        "INSERT INTO worklists VALUES (7, 'code', 'Knees', :now, 'Ada', false, :now, 0, '')",
        now=now,
    )
    execute(
        store_url,
        "INSERT INTO films VALUES (8, 7, :sha, 'a.png', 'png', 64, 64, 0.1, 0.1, :now, 'Ada', "
        "false, :data)",
        now=now,
        sha=ONE,
        data=PIXELS,
    )
    contents = {
        "Ada": to_json(content(1), (64, 64), ONE),
        "Bob": to_json(Annotation(nothing=True), (64, 64), ONE),
        "Eve": "not JSON",
    }
    for number, (name, written) in enumerate(contents.items(), 1):
        execute(
            store_url,
            "INSERT INTO readings VALUES (:id, 8, :name, false, 'draft', 1, :now)",
            id=number,
            name=name,
            now=now,
        )
        execute(
            store_url,
            "INSERT INTO revisions VALUES (:id, 1, :now, '', NULL, false, :digest, :written)",
            id=number,
            now=now,
            digest=digest(written),
            written=written,
        )
    store = Store.open(store_url)
    worklist = store.worklist("code")
    told = [(one.strokes, one.comment, one.nothing) for one in store.readings(worklist)]
    assert told == [(3, True, False), (0, False, True), (0, False, False)]
    ada = store.begin(worklist, ONE, ADA)
    assert ada.annotation.same(content(1)) and ada.blind and ada.reviewed_by is None
    assert store.begin(worklist, ONE, Reader("Eve")).damaged
    assert store.film_data(worklist, ONE) == PIXELS
    store.submit(store.save(ada, 1, content(2), by=ADA), 2, ADA)
    assert store.review(ada, BOB, True).status == "reviewed"
    store.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(store_url):
    at_version(store_url, "0001")
    execute(store_url, "CREATE TABLE fills (id INTEGER)")
    with pytest.raises(StoreError):
        Store.open(store_url)
    found = engine(store_url)
    assert "looks" not in inspect(found).get_table_names()
    found.dispose()
    assert execute(store_url, f"SELECT version_num FROM {VERSION_TABLE}") == [("0001",)]


def test_a_check_leaves_a_store_of_an_earlier_version_as_it_is(store_url):
    at_version(store_url, "0001")
    (finding,) = check_store(store_url)
    assert finding.level == "warning" and "when Annotate is next opened" in finding.remedy
    assert execute(store_url, f"SELECT version_num FROM {VERSION_TABLE}") == [("0001",)]
    Store.open(store_url).close()
    assert check_store(store_url) == []


def test_a_store_of_a_newer_lightbox_is_left_alone(store, store_url):
    worklist, _ = begun(store)
    execute(store_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer Lightbox") as wrong:
        Store.open(store_url)
    (finding,) = check_store(store_url)
    assert finding.level == "error" and "newer Lightbox" in finding.sentence
    assert not isinstance(wrong.value, Unreachable | Refused | Conflict)
    assert store.begin(worklist, ONE, ADA).revision == 3


def test_p5_only_its_owner_may_read_the_file(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/home/a.sqlite")
    begun(store)
    for path in (tmp_path / "home").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_where_the_store_is_can_be_said(store, store_url):
    sqlite = store_url.startswith("sqlite")
    assert store.where == ("SQLite on this server" if sqlite else "PostgreSQL")
