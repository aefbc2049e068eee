"""Reviews, who looked, consensus and fills; and what a reading holds, to list it unread."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _given(name: str, kind: object = sa.Text) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def _of_film(**rest: bool) -> sa.Column:
    key = sa.ForeignKey("films.id", ondelete="CASCADE")
    return sa.Column("film_id", sa.Integer, key, nullable=False, **rest)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "looks",
        _of_film(primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("verified", sa.Boolean, primary_key=True),
    )
    op.create_table(
        "consensuses",
        _of_film(primary_key=True),
        _given("method"),
        _given("made_by"),
        _given("made_verified", sa.Boolean),
        _given("made_at", moment),
        _given("of_revisions"),
        _given("figures"),
        _given("digest"),
        _given("content"),
    )
    op.create_table(
        "fills",
        sa.Column("id", sa.Integer, primary_key=True),
        _of_film(),
        _given("kind"),
        _given("statement"),
        _given("mask_of"),
        _given("made_by"),
        _given("made_verified", sa.Boolean),
        _given("made_at", moment),
        _given("digest"),
        _given("data", sa.LargeBinary),
        sa.UniqueConstraint("film_id", "digest"),
        sqlite_autoincrement=True,
    )
    for column in (
        sa.Column("strokes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("commented", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("no_artefact", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("reviewed_by", sa.Text),
        sa.Column("reviewed_verified", sa.Boolean),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("sent_back", sa.Boolean, nullable=False, server_default=sa.false()),
    ):
        op.add_column("readings", column)
    _count()


def _count() -> None:
    """Say of every reading what its newest revision holds; of one that cannot be read, nothing."""
    readings = sa.table("readings", *map(sa.column, ("id", "strokes", "commented", "no_artefact")))
    newest = sa.text(
        "SELECT readings.id, content FROM readings JOIN revisions"
        " ON reading_id = readings.id AND number = revision"
    )
    for number, content in op.get_bind().execute(newest).all():
        try:
            found = json.loads(content)
            held = {
                "strokes": len(found["drawing"]["strokes"]),
                "commented": bool(found["comment"]),
                "no_artefact": bool(found["nothing"]),
            }
        except (ValueError, KeyError, TypeError):
            continue
        op.execute(sa.update(readings).where(readings.c.id == number).values(held))
