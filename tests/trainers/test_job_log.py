"""What a job prints is kept in its folder, without the chatter of libraries."""

import logging

from trainers.job_log import logged

# isort: split
# Lightning imports torchvision, which trainers makes importable.
from lightning.fabric import Fabric


def test_a_log_keeps_what_is_printed_and_logged_but_not_how_fabric_computes(tmp_path, capsys):
    with logged(tmp_path):
        Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
        print("12 films")
        logging.getLogger("core.film_packs").info("1 of them skipped")
        logging.getLogger("lightning.fabric.utilities").warning("fabric warns")
    kept = (tmp_path / "log.txt").read_text()
    assert kept == "12 films\n1 of them skipped\nfabric warns\n"
    assert "12 films" in capsys.readouterr().out
