"""The pictures of a report, as the process draws them."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.pictures import DrawingFailed, draw
from bot.pictures.__main__ import draw_all
from bot.pictures.canvas import Canvas, Style, printable
from bot.pictures.charts import ChartsUnreadable, parse_charts

ROOT = Path(__file__).parents[3]
WIDTH = 1440
HOSTILE = [
    "$x^2$ and $unclosed",
    r"\frac{a}{b} \undefined",
    "\u202eright to left\u202c \u0627\u0644\u062f\u0639\u0645 \u05e9\u05d5\u05dc\u05d7\u05df",
    "bell\x07 tab\t line\nline \x00 null",
    "🚨🔥 👩‍💻 サービスデスク",
    "\ud800 alone",
    "a very long name " * 40,
    "W" * 5000,
    "",
]


def charts(days: int = 30, *, scale: int = 1, rows: int = 4) -> dict[str, object]:
    first = date(2026, 10, 22)
    numbers = [(place * 7 % 5) * scale for place in range(days)]
    kinds = [
        {
            "label": f"Incidents P{1 + row // 2}",
            "clock": ("respond", "resolve")[row % 2],
            "met": 9,
            "breached": 1,
        }
        for row in range(rows)
    ]
    return {
        "desk": "IT Service Desk",
        "date": "2026-11-21",
        "flow": {
            "days": [(first + timedelta(place)).isoformat() for place in range(days)],
            "came_in": numbers,
            "finished": numbers[::-1],
            "open": [37 * scale + number for number in numbers],
        },
        "attainment": kinds,
    }


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_a_report_has_two_pictures_in_the_width_of_a_phone() -> None:
    backlog, attainment = draw(charts())
    assert (backlog.filename, attainment.filename) == (
        "backlog-2026-11-21.png",
        "service-levels-2026-11-21.png",
    )
    assert size(backlog.png)[0] == size(attainment.png)[0] == WIDTH
    assert backlog.alt.startswith("Open tickets: ")
    assert attainment.alt.startswith("In time: response 90%, resolution 90%. IT Service Desk, 21 Nov 2026.")


def test_the_same_figures_give_the_same_bytes() -> None:
    assert draw_all(parse_charts(charts())) == draw(charts())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"flow": {}}, ["service-levels"]),
        ({"attainment": []}, ["backlog"]),
        ({"flow": {}, "attainment": []}, []),
        ({"attainment": [{"label": "P1", "clock": "respond", "met": 0, "breached": 0}]}, ["backlog"]),
    ],
)
def test_a_picture_with_nothing_to_show_is_left_out(changes: dict[str, object], expected: list[str]) -> None:
    drawn = draw_all(parse_charts({**charts(), **changes}))
    assert [picture.filename.removesuffix("-2026-11-21.png") for picture in drawn] == expected


def test_a_desk_where_nothing_ever_happened_has_no_backlog_to_show() -> None:
    flow = {"days": ["2026-11-20", "2026-11-21"], "came_in": [0, 0], "finished": [0, 0], "open": [0, 0]}
    assert draw_all(parse_charts({**charts(), "flow": flow, "attainment": []})) == []


@pytest.mark.parametrize(("days", "scale"), [(1, 1), (2, 10**10), (8, 1), (62, 10**10), (400, 1)])
def test_any_number_of_days_and_tickets_fits_on_the_sheet(days: int, scale: int) -> None:
    [picture] = draw_all(parse_charts(charts(days, scale=scale, rows=0)))
    width, height = size(picture.png)
    assert (width, height < 1.2 * width) == (WIDTH, True)


@pytest.mark.parametrize("rows", [1, 60])
def test_any_number_of_rows_fits_on_the_sheet(rows: int) -> None:
    [picture] = draw_all(parse_charts({**charts(rows=rows), "flow": {}}))
    width, height = size(picture.png)
    assert (width, height < 1.6 * width) == (WIDTH, True)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_a_picture_or_causes_a_warning(text: str) -> None:
    row = {"label": text, "clock": "resolve", "met": 3, "breached": 1}
    backlog, attainment = draw_all(parse_charts({**charts(9), "desk": text, "attainment": [row]}))
    assert size(backlog.png)[0] == size(attainment.png)[0] == WIDTH
    for alt in (backlog.alt, attainment.alt):
        assert len(alt) <= 1000
        assert not any(character in alt for character in "\u202e\x00\x07\n\t\ud800")


def test_dollars_are_money_not_mathematics() -> None:
    sheet, style = Canvas(50), Style()
    assert sheet.width_of("$x^2$", style) > sheet.width_of("x2", style) + 2 * sheet.width_of("$", style) - 1


def test_what_the_font_cannot_show_is_left_out() -> None:
    assert printable("🚨 P1 サ done") == "P1 done"


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow": {"days": ["2026-11-21"], "came_in": [], "finished": [1], "open": [1]}},
        {
            "flow": {
                "days": ["2026-11-21", "2026-11-20"],
                "came_in": [1, 1],
                "finished": [1, 1],
                "open": [1, 1],
            }
        },
        {"flow": {"days": ["yesterday"], "came_in": [1], "finished": [1], "open": [1]}},
        {"flow": {"days": ["2026-11-21"], "came_in": [-1], "finished": [1], "open": [1]}},
        {"flow": {"days": ["2026-11-21"], "came_in": [10**13], "finished": [1], "open": [1]}},
        {"attainment": [{"label": "P1", "clock": "update", "met": 1, "breached": 0}]},
        {"attainment": [{"label": "P1", "clock": "respond", "met": True, "breached": 0}]},
        {"desk": None},
        {"date": "2026-02-30"},
        {"attainment": "none"},
    ],
)
def test_figures_of_another_shape_are_refused_by_name(wrong: Mapping[str, object]) -> None:
    with pytest.raises(ChartsUnreadable, match="figures cannot be drawn"):
        parse_charts({**charts(), **wrong})


def test_why_figures_were_refused_reaches_the_bot() -> None:
    with pytest.raises(DrawingFailed, match=r"figures cannot be drawn: desk must be text"):
        draw({**charts(), "desk": 7})


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(DrawingFailed, match="not JSON"):
        draw({"desk": object()})


def test_a_drawing_that_takes_too_long_is_ended() -> None:
    with pytest.raises(DrawingFailed, match="longer than 0 s"):
        draw(charts(), timeout=0.0)


def test_a_drawing_ends_when_the_bot_stops() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(DrawingFailed, match="stopping"):
        draw(charts(), stop=stop)


def test_the_process_that_draws_gets_none_of_the_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spy = tmp_path / "sitecustomize.py"
    spy.write_text(
        "import json, os\njson.dump(dict(os.environ), open(os.environ['TMPDIR'] + '/seen', 'w'))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    draw({**charts(), "flow": {}, "attainment": []})
    assert "xoxb-secret" not in (tmp_path / "seen").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", ["bot.app", "bot.delivery.pictures", "bot.__main__"])
def test_the_bot_itself_never_imports_matplotlib(module: str) -> None:
    code = f"import sys, json, {module}; json.dump(sorted(sys.modules), sys.stdout)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    loaded = set(json.loads(answer.stdout))
    assert module in loaded
    assert not loaded & {"matplotlib", "numpy", "PIL"}
