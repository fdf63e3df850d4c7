"""The page at /api/docs in a real browser: it reads the document, lets a person try routes, and asks nobody but its own
server. It needs the library playwright and a Chromium, which `make test` brings where it can, and is skipped where they
are missing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from yard import Yard

BROWSERS = (str(Path(sys.prefix, "browser", "chromium")), "chromium", "chromium-browser", "google-chrome", "chrome")
"""The first is what tools/browser.py brings."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("docs")) as yard:
        yield yard


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="the page is looked at with playwright")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is there, and CHROMIUM names none")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


class Seen:
    """What the page asked for and complained about."""

    def __init__(self, page):
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def page(browser, served):
    context = browser.new_context()
    page = context.new_page()
    page.seen = Seen(page)
    page.goto(f"{served.url}/api/docs")
    yield page
    foreign = [url for url in page.seen.requests if not url.startswith((f"{served.url}/", "data:"))]
    assert foreign == [], "the page asked somebody else"
    context.close()


@pytest.fixture
def token(served):
    return (served.data / "token").read_text().strip()


def login(page, token):
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Use").click()
    page.locator("#reader").wait_for()


def test_without_a_token_nothing_of_the_api_is_asked_for(page, served):
    assert "Give a token" in page.locator("#message").inner_text()
    assert not page.locator("#reader").is_visible()
    assert {url.removeprefix(served.url) for url in page.seen.requests} <= {
        "/api/docs", "/api/docs/page.css", "/api/docs/page.js", "/api/docs/schema.js", "data:,",
    }  # fmt: skip
    assert page.seen.complaints == []


def test_a_wrong_token_is_told_and_not_kept(page):
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Use").click()
    page.locator("#message.wrong").wait_for()
    assert "401" in page.locator("#message").inner_text()
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


def test_every_route_is_listed_with_what_it_takes_and_answers(page, token, served):
    import httpx

    login(page, token)
    answer = httpx.get(f"{served.url}/api/v1/openapi.json", headers={"Authorization": f"Bearer {token}"})
    methods = ("get", "post", "put", "patch", "delete")
    routes = {f"{m} {path}" for path, item in answer.json()["paths"].items() for m in item if m in methods}
    assert (
        set(page.evaluate("[...document.querySelectorAll('section details.route[id]')].map((box) => box.id)")) == routes
    )
    page.evaluate("document.querySelectorAll('details.route').forEach((box) => { box.open = true; })")
    box = page.locator("[id='post /api/v1/projects']")
    box.get_by_text("Body: NewProject").wait_for()
    assert box.locator("tbody tr", has_text="name *").count() == 1
    assert box.locator("tbody tr", has_text="409").count() == 1
    assert page.seen.complaints == []


def test_a_route_is_tried_with_the_token(page, token, served):
    login(page, token)
    box = page.locator("[id='post /api/v1/projects']")
    box.locator("summary").click()
    box.locator("textarea").fill('{"name": "made-here", "description": "<img src=x onerror=alert(1)>"}')
    box.get_by_role("button", name="Send POST").click()
    box.get_by_text("201 Created").wait_for()
    one = page.locator("[id='get /api/v1/projects/{project}']")
    one.locator("summary").click()
    one.locator("input[name=project]").fill("made-here")
    one.get_by_role("button", name="Send GET").click()
    one.get_by_text("200 OK").wait_for()
    assert "<img src=x onerror=alert(1)>" in one.locator("pre").inner_text()
    with served.client() as client:
        assert client.projects.get("made-here").name == "made-here"
    one.locator("input[name=project]").fill("nobody")
    one.get_by_role("button", name="Send GET").click()
    one.get_by_text("404 Not Found").wait_for()
    assert [line for line in page.seen.complaints if "404" not in line] == []


def test_routes_are_found_by_a_word(page, token):
    login(page, token)
    page.get_by_label("Find a route").fill("whoami")
    shown = page.locator("section details.route:visible")
    assert shown.count() == 1 or {"whoami" in text.lower() for text in shown.all_inner_texts()} == {True}


def test_the_token_stays_for_this_tab_until_it_is_forgotten(page, token):
    login(page, token)
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    assert token not in page.content()
    assert token not in " ".join(page.seen.requests)
    page.reload()
    page.locator("#reader").wait_for()
    page.get_by_role("button", name="Forget").click()
    page.get_by_text("Give a token").wait_for()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_script_that_somebody_puts_in_does_not_run(page, token):
    login(page, token)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.broken = true";
        document.body.append(script);
    }""")
    assert page.evaluate("window.broken") is None
    assert any("Content Security Policy" in line for line in page.seen.complaints)
