"""doctor: says OK of what works, what to mend of what does not, and no secret to anybody."""

import io
import json
import smtplib
import socketserver
import threading

import pytest
from django.core import checks
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import timezone

from assistant.fake.server import FakeOpenAI
from chat.models import SearchEntry
from dashboard import services as boards
from dashboard.models import Board, Flush
from integrations.models import BridgeLink, BridgeOutbox
from integrations.services.bridges import setup, steps
from realtime.models import Lease
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture(autouse=True)
def keyless(monkeypatch):
    """No key of whoever runs the tests goes anywhere."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def findings(capsys):
    """Runs the doctor; answers {part: [(level, says)]}."""

    def run(**options):
        failed = None
        try:
            call_command("doctor", json=True, **options)
        except CommandError as error:
            failed = error
        found: dict = {}
        for one in json.loads(capsys.readouterr().out):
            found.setdefault(one["part"], []).append((one["level"], one["says"]))
        return found, failed

    return run


def levels(found, part):
    return {level for level, _ in found[part]}


def test_operator_of_a_sound_site_reads_no_failure(findings, settings):
    for name in settings.REALTIME_SERVICES:
        Lease.objects.create(name=name, holder="here", until=timezone.now() + timezone.timedelta(seconds=60))
    found, failed = findings()
    assert failed is None
    parts = {
        "settings",
        "data folder",
        "frontend",
        "database",
        "boards",
        "search",
        "layer",
        "storage",
        "services",
        "assistant",
        "outbound",
        "mail",
    }
    assert set(found) == parts
    for part in ("database", "search", "storage", "services", "frontend"):
        assert levels(found, part) == {"OK"}, found[part]
    assert levels(found, "layer") == ({"OK"} if settings.REDIS_URL else {"WARN"})


def test_operator_is_told_that_nobody_runs_the_services(findings, settings):
    found, failed = findings()
    [(level, says)] = found["services"]
    assert (level, failed) == ("WARN", None)
    assert all(name in says for name in settings.REALTIME_SERVICES)


def test_operator_is_told_that_redis_does_not_answer(findings, settings):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    found, failed = findings()
    [(level, _says)] = found["layer"]
    assert (level, "1 to mend" in str(failed)) == ("FAIL", True)
    assert "hunter2" not in str(found)


def test_operator_is_told_that_the_mail_server_is_not_there(findings, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    found, failed = findings()
    assert levels(found, "mail") == {"FAIL"}
    assert failed is not None


class _MailServer(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail needs; refuses a password, and keeps what it was sent."""

    taken: list[bytes] = []

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH LOGIN\r\n")
            elif word == b"AUTH":
                self.wfile.write(b"535 no such person: hunter2\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (line := self.rfile.readline()) != b".\r\n":
                    self.taken.append(line)
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def mail_server(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _MailServer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.socket.getsockname()[1]
        settings.EMAIL_USE_TLS = False
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        _MailServer.taken.clear()
        yield settings
        server.shutdown()


def test_operator_sends_a_mail_to_see_it_arrive(findings, mail_server):
    found, failed = findings(send_to="ops@northwind.example")
    assert (found["mail"][0][0], failed) == ("OK", None), found["mail"]
    assert b"To: ops@northwind.example\r\n" in _MailServer.taken
    with pytest.raises(CommandError, match="no e-mail address"):
        call_command("doctor", send_to="nobody")


def test_operator_is_told_of_a_wrong_password_and_not_the_password(findings, mail_server):
    mail_server.EMAIL_HOST_USER, mail_server.EMAIL_HOST_PASSWORD = "collab", "hunter2"
    found, _ = findings()
    assert levels(found, "mail") == {"FAIL"}
    assert smtplib.SMTPAuthenticationError.__name__ in found["mail"][0][1]
    assert "hunter2" not in str(found)


def test_operator_is_told_of_a_storage_that_cannot_be_written(findings, settings, tmp_path):
    (tmp_path / "media").write_text("a file where a folder belongs")
    settings.MEDIA_ROOT = str(tmp_path / "media")
    found, _ = findings()
    assert levels(found, "storage") == {"FAIL"}


def test_operator_is_told_that_nothing_was_collected(findings, settings, tmp_path):
    settings.WHITENOISE_USE_FINDERS = False
    settings.STATIC_ROOT = tmp_path
    found, _ = findings()
    assert found["frontend"] == [("FAIL", "STATIC_MANIFEST is set and nothing was collected")]
    (tmp_path / "staticfiles.json").write_text("{}")
    found, _ = findings()
    assert found["frontend"] == [("OK", "collected files are fresh")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SITE_URL": "http://collab.example"}, "collab.W001"),
        ({"SITE_URL": "collab.example"}, "collab.E001"),
        ({"ALLOWED_HOSTS": ["*"]}, "collab.E002"),
        ({"ALLOWED_ORIGINS": ["https://collab.example/"]}, "collab.E003"),
        ({"ALLOWED_ORIGINS": ["https://*.collab.example"]}, "collab.E003"),
        ({"SITE_URL": "https://collab.example"}, "collab.W002"),
        ({"METRICS_TOKEN": "short"}, "collab.W003"),
        ({"SITE_URL": "https://collab.example"}, "collab.W004"),
        ({"OUTBOUND_ALLOW": ["10.0.0.1/8"]}, "collab.E004"),
        ({"OUTBOUND_PORTS": ["http"]}, "collab.E004"),
        ({"OUTBOUND_ALLOW": ["0.0.0.0/0"]}, "collab.W005"),
    ],
)
def test_operator_is_warned_of_an_unsafe_setting(settings, given, told):
    for name, value in given.items():
        setattr(settings, name, value)
    found = run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    assert told in {one.id for one in found}


@pytest.fixture
def provider(settings, monkeypatch):
    """A provider on this machine that the site is set to, with its key."""
    with FakeOpenAI(key="sk-of-the-site-0123456789", models=["fake-1", "fake-2"]) as fake:
        settings.OPENAI_BASE_URL, settings.ASSISTANT_MODEL = fake.base_url, "fake-1"
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-site-0123456789")
        yield fake


def test_operator_reads_which_model_answers(findings, provider):
    found, failed = findings()
    assert found["assistant"] == [("OK", f"the assistant asks fake-1 at {provider.base_url}")]
    assert failed is None
    assert [seen.path for seen in provider.requests] == ["/v1/models"]


def test_operator_without_a_key_is_told_what_to_set(findings, capsys):
    found, failed = findings()
    assert (found["assistant"], failed) == ([("WARN", "the assistant has no model to ask")], None)
    call_command("doctor")
    assert "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another provider)" in capsys.readouterr().out


def test_operator_is_told_of_a_refused_key_and_not_of_the_key(findings, provider, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-revoked-9876543210")
    found, failed = findings()
    [(level, says)] = found["assistant"]
    assert (level, "The provider did not accept the key." in says) == ("FAIL", True)
    assert "1 to mend" in str(failed)
    assert "9876543210" not in says


def test_operator_is_told_of_a_model_that_the_provider_does_not_list(findings, provider, settings):
    settings.ASSISTANT_MODEL = "fake-9"
    found, failed = findings()
    [(level, says)] = found["assistant"]
    assert (level, "fake-9, which" in says, failed) == ("WARN", True, None)


def test_operator_is_told_that_the_demo_model_answers_or_is_not_there(findings, provider, settings):
    settings.ASSISTANT_DEMO = True
    settings.OPENAI_BASE_URL = "http://127.0.0.1:1/v1"
    found, _ = findings()
    [(level, says)] = found["assistant"]
    assert (level, "The demo model does not answer" in says) == ("FAIL", True)
    with FakeOpenAI() as open_to_all:
        settings.OPENAI_BASE_URL = open_to_all.base_url
        found, failed = findings()
    assert found["assistant"] == [("WARN", "the assistant asks the small demo model fake-1")]
    assert failed is None


@pytest.mark.parametrize("fault", ["outdated", "missing"])
def test_operator_is_told_to_rebuild_the_search_after_an_upgrade(findings, fault):
    mina = factories.make_person("mina")
    message = factories.say(mina, factories.make_room(mina), "Words")
    assert levels(findings()[0], "search") == {"OK"}
    entry = SearchEntry.objects.filter(message=message)
    entry.update(checksum=1) if fault == "outdated" else entry.delete()
    found, _ = findings()
    assert levels(found, "search") == {"WARN"}
    told = "lacks 0, 1 are out of date" if fault == "outdated" else "lacks 1, 0 are out of date"
    assert told in found["search"][0][1]
    call_command("rebuild_search", verbosity=0, stdout=io.StringIO())
    assert levels(findings()[0], "search") == {"OK"}


def test_operator_reads_of_a_board_that_is_broken_and_of_numbers_that_nobody_records(findings):
    owner = factories.make_person()
    board = boards.create_board(actor=owner, name="Mine")
    found, _ = findings()
    assert found["boards"] == [("OK", "1 boards can be read, and numbers are recorded")]
    Flush.objects.create(process="a", number=1, at=timezone.now() - timezone.timedelta(minutes=3), data="{}")
    found, failed = findings()
    assert levels(found, "boards") == {"WARN"}
    Board.objects.filter(pk=board.id).update(published='[{"kind": 7}]')
    found, failed = findings()
    assert levels(found, "boards") == {"FAIL", "WARN"}
    assert failed is not None


def test_operator_reads_what_is_wrong_with_a_bridge(findings):
    assert "bridges" not in findings()[0]
    boss = factories.make_person("boss", is_staff=True, is_superuser=True)
    room = factories.make_room(boss)
    server = setup.make_server(actor=boss, name="Theirs", url="https://chat.example.org", token="x" * 26)
    link = setup.link_room(actor=boss, server_id=server.pk, room_id=room.pk, channel_id="y" * 26, channel_name="talk")
    assert findings()[0]["bridges"] == [("WARN", "Theirs: no process works for it")]
    steps.beat(server_id=server.pk, clock_ms=None)
    setup.note_state(server_id=server.pk, state="connected")
    assert findings()[0]["bridges"] == [("OK", "1 connected, nothing is stuck")]
    BridgeLink.objects.filter(pk=link.pk).update(state="archived", problem="The channel is archived.")
    BridgeOutbox.objects.create(link=link, op="say", local_id=factories.nobody(), state="failed", problem="Too large.")
    told = [("WARN", "Theirs, ~talk: The channel is archived."), ("WARN", "Theirs: 1 item is stuck")]
    assert findings()[0]["bridges"] == told
    setup.note_state(server_id=server.pk, state="refused", error="The server does not accept the token any more.")
    found, failed = findings()
    assert found["bridges"][0] == ("FAIL", "Theirs: The server does not accept the token any more.")
    assert failed is not None
