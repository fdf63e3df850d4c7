"""One rule for names: what tracking takes, the server takes too."""

import pytest

from trainyard.names import (
    BadName,
    check_artifact_name,
    check_kind,
    check_plain_name,
    nearest_plain_name,
    storable,
)


@pytest.mark.parametrize(
    "name", ["a", "a/b/c.txt", "b\\c.txt", "学" * 85, "/".join(["x" * 255] * 4), "a b?&#%.txt", "..."]
)
def test_an_artifact_may_be_called(name):
    check_artifact_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "a/./b",
        "..",
        "a/../b",
        "a\\..\\b",
        "\\a",
        "a\0",
        "\ud800",
        "学" * 86,
        "x/" * 1024 + "x",
    ],
    ids=ascii,
)
def test_an_artifact_may_not_be_called(name):
    with pytest.raises(BadName):
        check_artifact_name(name)


@pytest.mark.parametrize("kind", ["", "k" * 65, "a\nb", "\0", "\ud800"], ids=ascii)
def test_a_kind_is_a_short_printable_text(kind):
    check_kind("k" * 64)
    with pytest.raises(BadName):
        check_kind(kind)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("My Project", "My-Project"),
        ("../x", "x"),
        (" digits ", "digits"),
        ("日本", ""),
        ("a" * 80, "a" * 64),
        ("_x.", "x."),
    ],
)
def test_what_is_no_plain_name_has_a_nearest_one(text, nearest):
    with pytest.raises(BadName):
        check_plain_name("project", text)
    assert nearest_plain_name(text) == nearest
    if nearest:
        check_plain_name("project", nearest)


def test_text_is_cut_and_rid_of_what_no_database_keeps():
    assert storable("a\0b\ud800" + "x" * 100, 10) == "a?b?xxxxxx"
