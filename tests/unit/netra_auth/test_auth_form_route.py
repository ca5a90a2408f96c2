"""Routes that read their own form."""

import pytest
from fastapi import APIRouter, Request, Response

from netra_auth.api.form_route import FormRoute


def test_a_form_route_takes_a_request_only() -> None:
    """A parameter that nobody would read for the function is refused where it is declared."""
    router = APIRouter(route_class=FormRoute)

    async def good(request: Request) -> Response:
        raise NotImplementedError(request)

    async def bad(request: Request, item: int) -> Response:
        raise NotImplementedError(request, item)

    router.add_api_route("/good", good)
    with pytest.raises(TypeError, match="/bad"):
        router.add_api_route("/bad", bad)
