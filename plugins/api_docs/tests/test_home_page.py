"""The page at /: links that lead somewhere, for everybody, and nothing of what is on the server."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.asyncio


async def test_everybody_gets_the_same_page_and_no_data(web):
    answers = [await web.bare.get("/", headers=headers) for headers in ({}, {"Authorization": "Bearer garbage"})]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].content == answers[1].content
    assert answers[0].headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answers[0].headers["content-security-policy"]
    assert re.search(r"<h1>Trainyard [0-9]", answers[0].text)


async def test_its_links_lead_somewhere_below_a_proxy_as_well(web):
    page = (await web.bare.get("/")).text
    links = [link for link in re.findall(r'href="([^"]+)"', page) if link != "data:,"]
    assert links
    assert not [link for link in links if link.startswith("/") or "//" in link]
    for link in links:
        answer = await web.bare.get(f"/{link}")
        assert answer.status_code == 200, link
