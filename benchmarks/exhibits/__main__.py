"""Compute the tables of one exhibit.

    python -m benchmarks.exhibits fid --data lesion.zip --weights mobilenetv2_100.pth
    python -m benchmarks.exhibits stacked_leak --data fracture.zip

Each module of this package has `tables(arguments)`, which returns rows by the name of their table;
they are written to `core/exhibits/numbers`.
"""

import argparse
import csv
from importlib import import_module
from pathlib import Path

from core.settings import CHECKOUT

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def main() -> None:
    """Compute the tables that the command line asks for, and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--data", type=Path, required=True, help="the pack: a folder or a zip")
    parser.add_argument("--checkpoints", type=Path, default=CHECKOUT / "checkpoints")
    parser.add_argument("--weights", type=Path, help="of a MobileNetV2 from ImageNet (fid)")
    parser.add_argument("--cache", type=Path, help="a file that keeps what took long (npz)")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "core/exhibits/numbers")
    arguments = parser.parse_args()
    tables = import_module(f"benchmarks.exhibits.{arguments.name}").tables(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (arguments.out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
