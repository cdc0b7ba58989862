from __future__ import annotations

import pytest

from classifiers.shipped import Shipped


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    """The artefacts as they ship, loaded once."""
    return Shipped.load()
