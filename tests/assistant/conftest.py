"""A scripted provider, the people of tests.people, and the application with its runner on this process's loop."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from assistant.fake.server import FakeOpenAI
from assistant.services import default_agent
from realtime import testing
from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in as signed_in
from tests.people import teo as teo

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    """A provider that answers what it is told; the site asks it."""
    with FakeOpenAI(key=KEY) as fake:
        settings.OPENAI_BASE_URL = fake.base_url
        settings.ASSISTANT_KEY_ENV = "OPENAI_API_KEY"
        settings.ASSISTANT_DEMO = False
        settings.ASSISTANT_MODEL = "fake-1"
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield fake


@pytest.fixture
def agent(provider: FakeOpenAI, db: None) -> Any:
    """The assistant's account."""
    return default_agent().user


@pytest.fixture
async def site(transactional_db: None, settings: Any) -> AsyncIterator[None]:
    """The application in this process, without background services, and nobody is told who comes."""
    settings.REALTIME_START_SERVICES = False
    settings.PRESENCE_HOOK = ""
    yield
    await testing.stop_realtime()
