"""What is wrong with the address of the annotation store is said, and nothing is made for it."""

import pytest

from core.annotations import Store, StoreError

WRONG = {
    "no file of SQLite": "sqlite:///",
    "a folder": "sqlite:///{folder}",
    "SQLite with options": "sqlite:///{folder}/a.sqlite?mode=ro",
    "SQLite in memory": "sqlite://",
    "another database": "mysql://ada@127.0.0.1/lab",
    "no address": "lab",
    "a way of encryption that is none": "postgresql://ada@127.0.0.1:9/lab?sslmode=zzz",
    "an option that is none": "postgresql://ada@127.0.0.1:9/lab?colour=blue",
    "an option without a number": "postgresql://ada@127.0.0.1:9/lab?keepalives=yes",
    "a port that is none": "postgresql://ada@127.0.0.1:99999/lab",
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_address_is_called_so(case, tmp_path):
    with pytest.raises(StoreError, match="is not the address of a database") as wrong:
        Store.open(WRONG[case].format(folder=tmp_path))
    assert "postgresql://" in wrong.value.reason and "sqlite:///" in wrong.value.reason
    assert not list(tmp_path.iterdir())
