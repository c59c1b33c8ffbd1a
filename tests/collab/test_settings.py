"""What the environment may say, and what is said back when it says something else."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from collab import settings as ours

ROOT = Path(ours.BASE_DIR)
SHOW = """
import json
from collab import settings
print(json.dumps([settings.DATABASES["default"]["NAME"], str(settings.DATA_DIR)]))
"""


def settled(folder: Path, **environment: str) -> list[str]:
    """Name of the database and the data folder of a process that is started in `folder`."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SECRET_KEY"}}
    told = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names: list[str] = json.loads(told)
    return names


@pytest.mark.parametrize("folder", ["here", "with # and ? and %20"])
def test_operator_names_the_data_folder_from_where_they_stand(tmp_path: Path, folder: str) -> None:
    data = tmp_path / folder
    assert settled(tmp_path, COLLAB_DATA_DIR=folder) == [f"{data}/collab.sqlite3", str(data)]
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_operator_names_a_secret_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SITE_NAME_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match=r"SITE_NAME_FILE names .*nothing, which cannot be read"):
        ours.env("SITE_NAME")


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(ours.kept_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert found[0] == path.read_text()


def test_a_key_that_was_cut_off_while_it_was_written_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.touch()
    assert len(ours.kept_key(path)) == 50


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("sqlite:////srv/collab.sqlite3", "/srv/collab.sqlite3", None),
        ("sqlite:////srv/a%20b%23.sqlite3", "/srv/a b#.sqlite3", None),
        ("postgresql://me:p%40ss@db.example:5433/collab", "collab", "db.example"),
        ("postgres:///collab?host=/run/postgresql", "collab", "/run/postgresql"),
    ],
)
def test_operator_names_the_database(url: str, name: str, host: str | None) -> None:
    database = ours.database(url)
    assert (database["NAME"], database.get("HOST")) == (name, host)


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://x:port/y", "nothing"])
def test_operator_is_told_what_is_wrong_with_the_database(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        ours.database(url)


def test_operator_who_checks_before_deploying_reads_nothing(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "DEBUG"}}
    secure = {
        "SITE_URL": "https://collab.example",
        "COLLAB_DATA_DIR": str(tmp_path),
        "TRUSTED_PROXIES": "1",
        "EMAIL_HOST": "mail.collab.example",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    done = subprocess.run(command, cwd=ROOT, env=kept | secure, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
