"""The digest of every film's clean copy, so that one that was damaged on the disk is noticed."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("films", sa.Column("digest", sa.Text, nullable=False, server_default=""))
    films = sa.table("films", *map(sa.column, ("id", "data", "digest")))
    connection = op.get_bind()
    for number in connection.scalars(sa.select(films.c.id)).all():  # one copy in memory at a time
        own = films.c.id == number
        data = connection.scalars(sa.select(films.c.data).where(own)).one()
        digest = hashlib.sha256(data).hexdigest()
        connection.execute(sa.update(films).where(own).values(digest=digest))
