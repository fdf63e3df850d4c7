"""`yard login`, `logout`, `whoami` and completion, against a platform over real HTTP."""

from __future__ import annotations

import io
import json
import subprocess

import pytest

from trainyard.client import logins
from trainyard.client.logins import Login

TOKEN = "secret-token-of-the-fake"


class Pipe(io.StringIO):
    def isatty(self) -> bool:
        return False


@pytest.fixture
def stranger(platform, monkeypatch, tmp_path):
    """Nobody yet: no address and no token in the environment."""
    monkeypatch.delenv("TRAINYARD_URL")
    monkeypatch.delenv("TRAINYARD_TOKEN")
    monkeypatch.setenv("TRAINYARD_CONFIG", str(tmp_path / "config"))
    return platform


@pytest.fixture
def typed(monkeypatch):
    """What is piped into the command."""

    def pipe(text):
        monkeypatch.setattr("sys.stdin", Pipe(text))

    return pipe


def test_a_login_is_checked_kept_and_used_without_being_shown(yard, stranger, typed, tmp_path):
    typed(f"  {TOKEN} \n")
    done = yard("login", stranger.url)
    assert (done.code, TOKEN in done.out + done.err) == (0, False)
    assert f"logged in to {stranger.url} as user:ada" in done.out
    assert yard("projects", "ls").code == 0
    assert stranger.seen[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in " ".join(seen.path for seen in stranger.seen)


def test_a_login_that_the_server_does_not_know_keeps_nothing(yard, stranger, typed, tmp_path):
    typed("wrong\n")
    done = yard("login", stranger.url)
    assert (done.code, "wrong" in done.err) == (4, False)
    assert not (tmp_path / "config").exists()


def test_without_a_token_or_a_server_nothing_is_kept(yard, stranger, typed, tmp_path):
    typed("")
    assert yard("login", stranger.url).code == 2
    typed(TOKEN)
    assert yard("login").code == 5
    assert yard("login", "http://127.0.0.1:1").code == 5
    assert not (tmp_path / "config").exists()


def test_an_address_without_encryption_is_warned_of(yard, stranger, typed):
    typed(TOKEN)
    assert "not encrypted" in yard("login", "http://192.0.2.1.invalid:9").err
    typed(TOKEN)
    assert "not encrypted" not in yard("login", stranger.url).err


def test_whoami_says_who_where_and_how_it_was_found(yard, stranger, typed):
    typed(TOKEN)
    yard("login", stranger.url)
    shown = yard("whoami").out
    for line in (
        f"server       {stranger.url}",
        "token from   yard login",
        "you are      user:ada",
        "in projects  vision: admin",
        "expires      never",
    ):
        assert line in shown
    told = json.loads(yard("whoami", "--json").out)
    assert (told["source"], told["whoami"]["name"]) == ("yard login", "user:ada")
    assert TOKEN not in shown + json.dumps(told)


def test_a_logout_forgets_and_a_second_one_says_so(yard, stranger, typed, tmp_path):
    typed(TOKEN)
    yard("login", stranger.url)
    assert yard("logout").out == f"logged out of {stranger.url}\n"
    assert [*(tmp_path / "config").iterdir()] == []
    assert yard("logout").code == 2
    assert yard("ls").code == 5


def test_a_logout_of_all(yard, stranger):
    import os

    for url in ("https://a", "https://b"):
        logins.remember(Login(url, TOKEN), os.environ)
    assert yard("logout", "--all").out == "logged out of https://a\nlogged out of https://b\n"
    assert yard("logout", "https://a", "--all").code == 2


def test_a_logout_of_what_is_no_address_is_wrong_usage(yard, stranger):
    assert "https://HOST:PORT" in yard("logout", "https://a:b").err


def completed(yard, monkeypatch, line, word=""):
    """What a shell would offer for `word` after `line`."""
    monkeypatch.setenv("_YARD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"{line} {word}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split())))
    return [entry.partition(",")[2] for entry in yard().out.split()]


def test_commands_and_options_are_completed(yard, platform, monkeypatch):
    assert set(completed(yard, monkeypatch, "yard", "pro")) == {"projects", "proxy"}
    assert "--status" in completed(yard, monkeypatch, "yard ls", "--st")


def test_runs_and_projects_are_completed(yard, platform, monkeypatch):
    platform.add_run("01890000-0000-7000-8000-00000000abcd", name="n")
    platform.projects.append("vision")
    assert set(completed(yard, monkeypatch, "yard get")) == {"latest", "0000abcd"}
    assert completed(yard, monkeypatch, "yard get", "la") == ["latest"]
    assert completed(yard, monkeypatch, "yard ls -p", "vi") == ["vision"]


def test_a_completion_that_finds_no_server_offers_nothing_and_says_nothing(yard, platform, monkeypatch):
    monkeypatch.setenv("TRAINYARD_URL", "http://127.0.0.1:1")
    assert completed(yard, monkeypatch, "yard get") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_command(yard, shell):
    done = yard("completion", shell)
    assert (done.code, "_YARD_COMPLETE" in done.out) == (0, True)


def test_bash_reads_the_script(yard):
    script = yard("completion", "bash").out
    assert subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True).stderr == ""
