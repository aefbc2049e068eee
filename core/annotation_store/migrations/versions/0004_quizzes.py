"""Quizzes: their cases and pictures, the students and what they answered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _given(name: str, kind: object = sa.Text) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def _of(table: str, name: str, **rest: bool) -> sa.Column:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Integer, key, nullable=False, **rest)


def _counted(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "quizzes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _given("title"),
        _given("pace"),
        _given("cases", sa.Integer),
        _given("position", sa.Integer),
        _given("phase"),
        _given("ended", sa.Boolean),
        _given("version", sa.Integer),
        _given("created_at", moment),
        _given("touched_at", moment),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "quiz_cases",
        _of("quizzes", "quiz_id", primary_key=True),
        _counted("position"),
        _given("content"),
    )
    op.create_table(
        "quiz_pictures",
        _of("quizzes", "quiz_id", primary_key=True),
        _counted("position"),
        _counted("number"),
        _given("alt"),
        _given("data", sa.LargeBinary),
    )
    op.create_table(
        "quiz_students",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("quizzes", "quiz_id"),
        _given("nickname"),
        _given("folded"),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _given("joined_at", moment),
        sa.UniqueConstraint("quiz_id", "folded"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "quiz_answers",
        _of("quiz_students", "student_id", primary_key=True),
        _counted("position"),
        sa.Column("stage", sa.Text, primary_key=True),
        _given("value", sa.Integer),
        sa.Column("x", sa.Float),
        sa.Column("y", sa.Float),
        _given("at", moment),
    )
