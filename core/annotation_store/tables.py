"""The tables of the annotation store, as the newest of the migrations leaves them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Utc(TypeDecorator):
    """A moment, given and returned in UTC; SQLite itself keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData()


def _table(name: str, *columns: Column | UniqueConstraint) -> Table:
    # A number that was given once never names another row, even when its own row is deleted.
    return Table(name, metadata, *columns, sqlite_autoincrement=True)


def _id() -> Column:
    return Column("id", Integer, primary_key=True)


def _of(table: str, name: str = "", **rest: bool) -> Column:
    key = ForeignKey(f"{table}.id", ondelete="CASCADE")
    name = name or f"{table.removesuffix('s')}_id"
    return Column(name, Integer, key, nullable=False, **rest)


def _counted(name: str) -> Column:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _given(name: str, kind: object = Text) -> Column:
    return Column(name, kind, nullable=False)


worklists = _table(
    "worklists",
    _id(),
    Column("code", Text, nullable=False, unique=True),
    _given("title"),
    _given("created_at", Utc),
    _given("created_by"),
    _given("created_verified", Boolean),
    _given("touched_at", Utc),
    _given("events", Integer),  # how many, and the digest of the last: also locks the log
    _given("last_event"),
)
events = Table(
    "events",
    metadata,
    _of("worklists", primary_key=True),
    _counted("seq"),
    _given("line"),
)
films = _table(
    "films",
    _id(),
    _of("worklists"),
    _given("sha256"),
    _given("name"),
    _given("kind"),
    _given("height", Integer),
    _given("width", Integer),
    Column("spacing_rows", Float),
    Column("spacing_columns", Float),
    _given("added_at", Utc),
    _given("added_by"),
    _given("added_verified", Boolean),
    _given("digest"),
    _given("data", LargeBinary),
    UniqueConstraint("worklist_id", "sha256"),
)
readings = _table(
    "readings",
    _id(),
    _of("films"),
    _given("reader"),
    _given("verified", Boolean),
    _given("status"),
    _given("revision", Integer),
    Column("saved_at", Utc),
    _given("strokes", Integer),  # what the newest revision holds, to list without reading it
    _given("commented", Boolean),
    _given("no_artefact", Boolean),
    _given("blind", Boolean),
    Column("reviewed_by", Text),
    Column("reviewed_verified", Boolean),
    _given("reason"),
    _given("sent_back", Boolean),
    UniqueConstraint("film_id", "reader", "verified"),
)
revisions = Table(
    "revisions",
    metadata,
    _of("readings", primary_key=True),
    _counted("number"),
    _given("saved_at", Utc),
    _given("session"),
    Column("restored_from", Integer),
    _given("submitted", Boolean),
    _given("digest"),
    _given("content"),
)
looks = Table(
    "looks",
    metadata,
    _of("films", primary_key=True),
    Column("reader", Text, primary_key=True),
    Column("verified", Boolean, primary_key=True),
)
consensuses = Table(
    "consensuses",
    metadata,
    _of("films", primary_key=True),
    _given("method"),
    _given("made_by"),
    _given("made_verified", Boolean),
    _given("made_at", Utc),
    _given("of_revisions"),  # JSON
    _given("figures"),  # JSON
    _given("digest"),
    _given("content"),
)
fills = _table(
    "fills",
    _id(),
    _of("films"),
    _given("kind"),
    _given("statement"),  # JSON
    _given("mask_of"),
    _given("made_by"),
    _given("made_verified", Boolean),
    _given("made_at", Utc),
    _given("digest"),
    _given("data", LargeBinary),
    UniqueConstraint("film_id", "digest"),
)
quizzes = _table(
    "quizzes",
    _id(),
    Column("code", Text, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    _given("title"),
    _given("pace"),
    _given("cases", Integer),  # how many
    _given("position", Integer),
    _given("phase"),
    _given("ended", Boolean),
    _given("version", Integer),
    _given("created_at", Utc),
    _given("touched_at", Utc),
)
quiz_cases = Table(
    "quiz_cases",
    metadata,
    _of("quizzes", "quiz_id", primary_key=True),
    _counted("position"),
    _given("content"),  # JSON
)
quiz_pictures = Table(
    "quiz_pictures",
    metadata,
    _of("quizzes", "quiz_id", primary_key=True),
    _counted("position"),
    _counted("number"),
    _given("alt"),
    _given("data", LargeBinary),
)
quiz_students = _table(
    "quiz_students",
    _id(),
    _of("quizzes", "quiz_id"),
    _given("nickname"),
    _given("folded"),  # the nickname as it is compared with others
    Column("key", Text, nullable=False, unique=True),
    _given("joined_at", Utc),
    UniqueConstraint("quiz_id", "folded"),
)
quiz_answers = Table(
    "quiz_answers",
    metadata,
    _of("quiz_students", "student_id", primary_key=True),
    _counted("position"),
    Column("stage", Text, primary_key=True),
    _given("value", Integer),
    Column("x", Float),
    Column("y", Float),
    _given("at", Utc),
)
