"""What is printed: small curves that keep every spike, and text of others that never controls the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainyard import cli
from trainyard.cli.curve import curve
from trainyard.cli.output import Styled, aligned, clean, json_document, line, recorded, status

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("ranges", "drawn"),
    [
        ([], ""),
        ([(1, 1)], "⠂"),
        ([(0, 0), (3, 3)], "⡈"),
        ([(0, 3)], "⡇"),
        ([(NAN, NAN), (INF, INF)], "·"),
        ([(1, 1), (NAN, NAN), (2, 2), (2, 2)], "⡀⠉"),
        ([(-1e308, 1e308)], "⠂"),
    ],
)
def test_curve(ranges, drawn):
    assert curve(ranges, 40) == drawn


@pytest.mark.parametrize("width", [1, 7, 40, 200])
@pytest.mark.parametrize("spike", [0, 57, 499])
def test_a_curve_shows_a_spike_at_any_width(width, spike):
    values = [100.0 if number == spike else 1.0 for number in range(500)]
    drawn = curve([(value, value) for value in values], width)
    assert len(drawn) <= width
    tops = [place for place, char in enumerate(drawn) if (ord(char) - 0x2800) & 0b1001]
    assert len(tops) == 1
    assert abs(tops[0] / len(drawn) - spike / 500) <= 1 / len(drawn)


EVIL = "\x1b[2J\x1b]0;title\x07\x9b31m\u202eabc\n\r\x1b[31mred"


@pytest.mark.parametrize("name", [EVIL, "\x1b[2Jx", "\x1b[31mx\x1b[0m", "a\x1b]52;c;aGk=\x07", "\u2066x"])
def test_a_name_is_shown_as_text_whatever_it_holds(name, capsys):
    for shown in (clean(name), *aligned(("NAME", name), [(name, status("failed"))])):
        line(shown)
        printed = capsys.readouterr().out.rstrip("\n")
        assert printed.replace("\x1b[31mfailed\x1b[0m", "failed").isprintable(), printed


def test_what_is_shown_names_the_characters():
    assert clean("a\x1b[2Jb\nc\x07\u202e") == r"a\x1b[2Jb\nc\x07\u202e"
    assert clean(Styled("\x1b[31ma\x1b[0m")) == "\x1b[31ma\x1b[0m"


def test_a_line_lets_colours_pass_and_nothing_else(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    line("\x1b[1;31mred\x1b[0m\tok\x1b[2J\x1b[8mhidden\x9b2J")
    printed = capsys.readouterr().out
    assert printed == "\x1b[1;31mred\x1b[0m\tok\\x1b[2J\x1b[8mhidden\\x9b2J\n"


def test_lines_of_a_program_on_a_terminal_are_what_is_left_of_them(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    recorded(" 10%\r 20%\r\x1b[32m done\x1b[0m\x1b[2J\r")
    assert capsys.readouterr().out == "\x1b[32m done\x1b[0m\\x1b[2J\n"


def test_lines_of_a_program_go_to_a_pipe_whole(capsys):
    recorded(" 10%\r 20%\r\x1b]0;title\x07\r")
    assert capsys.readouterr().out == " 10%\r 20%\r\x1b]0;title\x07\r\n"


def test_json_holds_no_character_that_controls_a_terminal(capsys):
    json_document({"name": EVIL})
    printed = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in printed)
    assert json.loads(printed) == {"name": EVIL}


def test_whatever_is_printed_goes_through_the_one_place():
    folder = Path(cli.__file__).parent
    own = {"output.py", "terminal.py", "artifacts.py", "completion.py"}  # pictures that move, and a script
    direct = [path.name for path in folder.glob("*.py") if "click.echo(" in path.read_text() and path.name not in own]
    assert direct == []
    assert all("nl=False" in text for name in ("terminal.py", "artifacts.py") for text in echoes(folder / name))


def echoes(path):
    return [text for text in path.read_text().splitlines() if "click.echo(" in text]
