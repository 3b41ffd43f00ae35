"""Write the masks as raw bytes for the benches in Rust: ``export.py FOLDER``.

``truth.u8`` and ``proposal.u8`` hold the months one after the other, each 1024 rows of 1024 pixels,
one byte a pixel.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: export.py FOLDER")
    sys.path.insert(0, str(ROOT / "tests"))
    import inputs

    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    chosen = inputs.choose()
    for name, cube in (("truth", chosen.truth_masks), ("proposal", chosen.predicted_masks)):
        cube.tofile(folder / f"{name}.u8")
    print(f"{chosen.source}: {len(chosen.months)} months in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
