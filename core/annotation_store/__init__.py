"""The rooms behind `core.annotations`: the database, its tables, and what is done in it."""
