"""Worklists, their films and log, and every reader's revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _given(name: str, kind: object = sa.Text) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def _of(table: str, **rest: bool) -> sa.Column:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(f"{table.removesuffix('s')}_id", sa.Integer, key, nullable=False, **rest)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "worklists",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, nullable=False, unique=True),
        _given("title"),
        _given("created_at", moment),
        _given("created_by"),
        _given("created_verified", sa.Boolean),
        _given("touched_at", moment),
        _given("events", sa.Integer),
        _given("last_event"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        _of("worklists", primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        _given("line"),
    )
    op.create_table(
        "films",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("worklists"),
        _given("sha256"),
        _given("name"),
        _given("kind"),
        _given("height", sa.Integer),
        _given("width", sa.Integer),
        sa.Column("spacing_rows", sa.Float),
        sa.Column("spacing_columns", sa.Float),
        _given("added_at", moment),
        _given("added_by"),
        _given("added_verified", sa.Boolean),
        _given("data", sa.LargeBinary),
        sa.UniqueConstraint("worklist_id", "sha256"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("films"),
        _given("reader"),
        _given("verified", sa.Boolean),
        _given("status"),
        _given("revision", sa.Integer),
        sa.Column("saved_at", moment),
        sa.UniqueConstraint("film_id", "reader", "verified"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "revisions",
        _of("readings", primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _given("saved_at", moment),
        _given("session"),
        sa.Column("restored_from", sa.Integer),
        _given("submitted", sa.Boolean),
        _given("digest"),
        _given("content"),
    )
