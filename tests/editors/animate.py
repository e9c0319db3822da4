"""Puts frames of an editor into one moving picture: `python -m tests.editors.animate FOLDER`.

FOLDER/frames/*.png become FOLDER/typing.gif. Frames that show the same are one that lasts longer.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

FRAME_MS = 120
COLORS = 64
LAST_MS = 2_500


def animate(folder: Path) -> Path:
    """Write the picture; return where. Raises FileNotFoundError if there are no frames."""
    pictures: list[Image.Image] = []
    durations: list[int] = []
    for path in sorted((folder / "frames").glob("*.png")):
        picture = Image.open(path).convert("RGB")
        if pictures and picture.tobytes() == pictures[-1].tobytes():
            durations[-1] += FRAME_MS
        else:
            pictures.append(picture)
            durations.append(FRAME_MS)
    if not pictures:
        raise FileNotFoundError(folder / "frames")
    durations[-1] = LAST_MS
    palette = pictures[-1].quantize(COLORS)
    first, *rest = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures]
    target = folder / "typing.gif"
    first.save(target, save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)
    return target


if __name__ == "__main__":
    made = animate(Path(sys.argv[1]))
    print(f"{made}: {made.stat().st_size} bytes")
