from pathlib import Path

import pytest

from core.settings import Settings


@pytest.fixture(scope="session")
def packs() -> Path:
    """The folder of the real data packs; tests that need one are skipped where there is none."""
    folder = Settings.from_environment().data
    if not list(folder.glob("*.zip")):
        pytest.skip("no data pack: point LIGHTBOX_DATA at a folder with fracture.zip, knee.zip ...")
    return folder
