"""The process that draws: figures as JSON on standard input, pictures as JSON on standard output."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys

from bot.errors import DeskbellError
from bot.pictures import Picture, words
from bot.pictures.attainment import draw_attainment
from bot.pictures.charts import Charts, ChartsUnreadable, parse_charts
from bot.pictures.flow import draw_flow


def draw_all(charts: Charts) -> list[Picture]:
    """Every picture that has something to show."""
    name = charts.day.isoformat()
    pictures = []
    if charts.has_flow:
        pictures.append(Picture(f"backlog-{name}.png", words.flow_alt(charts), draw_flow(charts)))
    if charts.rows:
        pictures.append(
            Picture(f"service-levels-{name}.png", words.attainment_alt(charts), draw_attainment(charts))
        )
    return pictures


def main() -> int:
    """Draw; the exit code."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)  # acknowledgements are due in seconds, pictures are not
    try:
        try:
            asked = json.load(sys.stdin.buffer)
        except ValueError as error:
            raise ChartsUnreadable("they are not JSON") from error
        pictures = draw_all(parse_charts(asked))
    except DeskbellError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    answer = [
        {"filename": picture.filename, "alt": picture.alt, "png": base64.b64encode(picture.png).decode()}
        for picture in pictures
    ]
    json.dump({"pictures": answer}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
