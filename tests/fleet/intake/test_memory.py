"""Bodies that a gateway has in hand are counted, and let go whatever becomes of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from sobriety.fleet import app
from sobriety.fleet.intake import memory as in_hand
from sobriety.fleet.intake.gateway import opened

from ..conftest import body, new_token, row


def test_who_comes_when_too_much_is_in_hand_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = new_token(tmp_path, "web-1")
    gateway = opened(tmp_path, lambda _: None)
    small, large = body([row(1)]), body([row(n) for n in range(2, 12)])
    monkeypatch.setattr(in_hand, "MOST_B", len(small))

    async def answers() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app.application(gateway))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return [
                await client.post("/v1/usage", content=one, headers=headers)
                for one in (small, large, b"no JSON", small)
            ]

    found = asyncio.run(answers())
    gateway.close()
    assert [answer.status_code for answer in found] == [200, 503, 400, 200]
    assert found[1].headers["Retry-After"] == "30"
    assert gateway.in_hand.total_b == 0
