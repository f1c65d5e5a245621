"""The pages' own files, as both kinds of servers hand them out."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

STYLE = "/static/web/style.css"


def test_a_file_is_handed_out_with_its_kind_and_a_date() -> None:
    answer = Client().get(STYLE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/css")
    assert b"{" in answer.content
    assert "max-age=3600" in answer.headers["Cache-Control"]
    again = Client().get(STYLE, HTTP_IF_MODIFIED_SINCE=answer.headers["Last-Modified"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_and_nothing_but_the_head() -> None:
    whole = Client().get(STYLE).content
    part = Client().get(STYLE, HTTP_RANGE="bytes=2-5")
    assert (part.status_code, part.content) == (206, whole[2:6])
    head = Client().head(STYLE)
    assert (head.status_code, head.content) == (200, b"")
    assert Client().post(STYLE).status_code == 405


def test_the_same_by_asgi() -> None:
    answer = async_to_sync(AsyncClient().get)(STYLE)
    assert (answer.status_code, answer.content) == (200, Client().get(STYLE).content)
    assert async_to_sync(AsyncClient().get)("/health/live").status_code == 200


@pytest.mark.parametrize("path", ["/static/../web/views.py", "/static/%2e%2e/web/views.py", "/static/no.css"])
def test_nothing_else_is_handed_out(path: str) -> None:
    assert Client().get(path).status_code == 404
