import pytest

from .installation import archive, first_installation, installation, unopened
from .plan_world import plan

__all__ = ["archive", "first_installation", "installation", "plan", "unopened"]


@pytest.fixture
def page(client):
    """`page(user, url)` is the response that this person gets."""

    def get(user, url, **query):
        client.force_login(user)
        return client.get(url, query)

    return get
