"""Sections of the settings with a model: who gets them, and what is told of one that is wrong."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator
from web import serving

from trainyard_core.contracts.plugin import SettingsSection
from trainyard_core.contracts.secret import SecretRef
from trainyard_core.errors import StartRefused
from trainyard_core.hookspecs import SchedulerProvider, hookimpl
from trainyard_core.plugin_host.settings import read_section
from trainyard_core.plugin_host.toml_line import line_of
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings, in_force, load


class Server(BaseModel):
    host: str = "localhost"
    port: int = Field(default=25, gt=0)


class Forge(BaseModel):
    """The section of these tests."""

    url: str = "https://forge.example"
    webhook_secret: SecretStr = SecretStr("")
    pin: SecretStr = SecretStr("")
    retries: int = 3
    labels: list[str] = []
    servers: list[Server] = []
    phrase_secret: str = ""

    @field_validator("phrase_secret")
    @classmethod
    def _is_long(cls, value):
        if value and len(value) < 8:
            raise ValueError(f"{value} is too short")
        return value


class Needy(BaseModel):
    url: str


def registry(model=Forge, **more):
    made = Registry()
    hooks = {"register_settings": hookimpl(lambda: [SettingsSection(model)]), **more}
    made.add("forge", SimpleNamespace(**hooks))
    return made


def written(folder, text):
    (folder / "trainyard.toml").write_text(text)
    return folder


def test_a_plugin_is_given_an_instance_of_its_model_with_its_defaults(tmp_path):
    data = written(tmp_path, '[forge]\nurl = "http://x"\n[[forge.servers]]\nport = 26\n')
    section = registry().context("forge", load(data, environ={})).settings
    assert isinstance(section, Forge)
    assert (section.url, section.retries, section.servers) == ("http://x", 3, [Server(port=26)])
    assert registry().context("forge", load(tmp_path / "none", environ={})).settings == Forge()


FILE = """# the server's
port = 8400

[forge]
url = "http://x"
{line}
[[forge.servers]]
host = "a"
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "retrys = 4",
            "trainyard.toml:6: [forge]: no key 'retrys'; existing: labels, phrase_secret, pin, retries, servers, ",
        ),
        ('retries = "often"', "trainyard.toml:6: retries of [forge]: Input should be a valid integer"),
        ('labels = "one"', "trainyard.toml:6: labels of [forge]: Input should be a valid list"),
        (
            '[[forge.servers]]\nport = "hunter2"',
            "trainyard.toml:6: servers.0.port of [forge]: Input should be a valid int",
        ),
        ("webhook_secret = ['hunter2']", "trainyard.toml:6: webhook_secret of [forge]: Input should be a valid string"),
        ("phrase_secret = 'hunter'", "trainyard.toml:6: phrase_secret of [forge]: the value is not valid"),
    ],
)
def test_what_is_wrong_names_file_line_key_and_fix_and_no_value(tmp_path, line, told):
    settings = load(written(tmp_path, FILE.replace("{line}", line)), environ={})
    with pytest.raises(StartRefused) as caught:
        registry().check_sections(settings)
    assert told in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert caught.value.fix


def test_what_is_wrong_in_the_environment_names_the_variable(tmp_path):
    environ = {"TRAINYARD_FORGE__RETRIES": "often", "TRAINYARD_FORGE__URL": "12"}
    settings = load(tmp_path, environ=environ)
    with pytest.raises(StartRefused, match="environment variable TRAINYARD_FORGE__RETRIES: retries of"):
        read_section("forge", Forge, settings, environ=environ)


def test_a_variable_is_text_where_the_model_wants_text(tmp_path):
    environ = {"TRAINYARD_FORGE__URL": "12", "TRAINYARD_FORGE__RETRIES": "5", "TRAINYARD_FORGE__LABELS": "['a']"}
    section = read_section("forge", Forge, load(tmp_path, environ=environ), environ=environ)
    assert (section.url, section.retries, section.labels) == ("12", 5, ["a"])


def test_settings_that_are_needed_and_not_written_leave_the_plugin_out(tmp_path):
    needy = registry(Needy)
    needy.check_sections(load(tmp_path, environ={}))
    assert "plugin 'forge' needs settings: url" in needy.plugins["forge"].error
    assert not needy.manager.has_plugin("forge")


def test_settings_of_the_chosen_scheduler_that_are_needed_and_not_written_refuse_the_start(tmp_path):
    offer = hookimpl(lambda: [SchedulerProvider(name="forge", build=lambda _: None)])
    needy = registry(Needy, register_schedulers=offer)
    with pytest.raises(StartRefused, match="plugin 'forge' needs settings: url"):
        needy.check_sections(load(tmp_path, environ={}, overrides={"scheduler": "forge"}))


def test_what_is_shown_has_the_defaults_and_no_secret(tmp_path):
    text = "[forge]\nurl = 'http://ada:hunter2@x'\nwebhook_secret = 'hunter2'\npin = 'hunter2'\n"
    settings = load(written(tmp_path, text), environ={})
    shown = {name: rest for name, *rest in in_force(settings, models=registry().sections(settings))}
    assert shown["forge.url"] == ["http://***@x", "file"]
    assert shown["forge.retries"] == ["3", "default"]
    assert (shown["forge.webhook_secret"][0], shown["forge.pin"][0]) == ("***", "***")
    assert "hunter2" not in str(shown)


class Broken(BaseModel):
    url: str = ""

    def model_post_init(self, context):
        raise KeyError("no such thing")


@pytest.mark.parametrize(("model", "said"), [(Broken, "KeyError: 'no such thing'"), (dict, "AttributeError")])
def test_a_model_that_fails_by_itself_leaves_the_plugin_out(tmp_path, model, said):
    broken = registry(model)
    broken.check_sections(load(tmp_path, environ={}))
    assert said in broken.plugins["forge"].error
    assert not broken.manager.has_plugin("forge")


def test_a_plugin_has_one_section(tmp_path):
    made = Registry()
    offers = [SettingsSection(Forge), SettingsSection(Needy, name="more")]
    made.add("forge", SimpleNamespace(register_settings=hookimpl(lambda: offers)))
    assert made.plugins["forge"].error == "ValueError: it offers settings more than once"


async def test_a_server_hands_the_section_to_the_plugin_and_shows_it(database_url, tmp_path):
    async with serving(database_url, tmp_path, registry=registry()) as web:
        assert web.runtime.platforms.of("forge").settings == Forge()
        shown = {each["name"]: each["value"] for each in (await web.ask("GET", "settings")).json()["items"]}
    assert (shown["forge.retries"], shown["forge.pin"]) == ("3", "***")


async def test_a_server_does_not_start_with_a_typo_in_a_section(database_url, tmp_path):
    settings = Settings(data=tmp_path, database=database_url, sections={"forge": {"retrys": 4}})
    with pytest.raises(StartRefused, match="did you mean retries"):
        async with Runtime.open(settings, registry()):
            pass


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\n[b]\nc = 2\n", ["b", "c"], 3),
        ("[b]\n'c' = 2\n", ["b", "c"], 2),
        ("b.c = 2\n", ["b", "c"], 1),
        ("b = {c = 2}\n", ["b", "c"], 1),
        ("[b]\nx = 1\n[b.c] # said\nd = 2\n", ["b", "c", "d"], 4),
        ("[a]\nc = 1\n", ["b", "c"], 0),
    ],
)
def test_the_line_of_a_key_is_found_however_it_is_written(text, path, line):
    assert line_of(text, path) == line


class Referring(BaseModel):
    """A section that holds references to secrets, also deep within."""

    url: str = ""
    password: SecretRef | None = None
    rooms: dict[str, SecretRef] = {}


async def test_a_setting_may_be_a_reference_which_the_platform_resolves(tmp_path, monkeypatch):
    monkeypatch.setenv("FORGE_TEST_PASSWORD", "hunter2")
    text = '[forge]\npassword = {env = "FORGE_TEST_PASSWORD"}\nrooms.a = {file = "/run/a"}\n'
    settings = load(written(tmp_path, text), environ={})
    made = registry(Referring)
    async with Runtime.open(settings, made) as runtime:
        platform = runtime.platforms.of("forge")
        assert platform.settings.rooms == {"a": SecretRef(file="/run/a")}
        assert (await platform.secrets.resolve(platform.settings.password)).reveal() == "hunter2"
    shown = in_force(settings, models=made.sections(settings), environ={})
    assert ("forge.password", "***", "file") in shown
    assert "hunter2" not in str(shown)


def test_a_secret_in_the_environment_may_be_a_reference(tmp_path):
    environ = {"TRAINYARD_FORGE__PASSWORD": '{env = "A"}'}
    settings = load(tmp_path, environ=environ)
    assert read_section("forge", Referring, settings, environ=environ).password == SecretRef(env="A")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('password = "hunter2"', "a secret in plain text; write where it is: {env: NAME}"),
        ('password = {env = "hunter2", file = "/x"}', "exactly one of {env: NAME}"),
        ('rooms.a = "hunter2"', "rooms.a of [forge]: a secret in plain text"),
        ('password = {value = "hunter2"}', "has other fields"),
    ],
)
def test_a_secret_in_plain_text_is_refused_and_not_repeated(tmp_path, line, told):
    settings = load(written(tmp_path, f"[forge]\nurl = 'x'\n{line}\n"), environ={})
    with pytest.raises(StartRefused) as caught:
        registry(Referring).check_sections(settings)
    assert told in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert "trainyard.toml:3" in str(caught.value)
