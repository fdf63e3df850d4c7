"""The page at /api/docs: what is served, to whom, and that nothing in it comes from elsewhere. That it works in a
browser is a journey's to show."""

from __future__ import annotations

import re

import pytest

PARTS = ["docs", "docs/page.css", "docs/page.js", "docs/schema.js"]


@pytest.mark.parametrize("path", PARTS)
async def test_the_page_and_its_parts_need_no_token_and_may_load_only_from_here(web, path):
    answer = await web.bare.get(f"/api/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].endswith("charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)
    assert (answer.headers["x-content-type-options"], answer.headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize("path", PARTS)
async def test_nothing_in_it_comes_from_elsewhere_or_runs_text_as_code(web, path):
    text = (await web.bare.get(f"/api/{path}")).text
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text) == []
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write", "@import", "localStorage"):
        assert word not in text
    assert not re.search(r"<script(?![^>]* src=)|\son[a-z]+=|style=", text)


async def test_a_part_that_is_the_same_is_not_sent_again(web):
    first = await web.bare.get("/api/docs/page.js")
    again = await web.bare.get("/api/docs/page.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-security-policy" in again.headers


async def test_a_slash_too_many_leads_to_the_page(web):
    answer = await web.bare.get("/api/docs/")
    assert (answer.status_code, answer.headers["location"]) == (308, "../docs")


@pytest.mark.parametrize("name", ["page.html", "docs.py", "..%2Fdocs.py", "%2e%2e", "nothing"])
async def test_nothing_else_is_served(web, name):
    answer = await web.bare.get(f"/api/docs/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
