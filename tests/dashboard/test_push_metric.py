"""`manage.py push_metric` as an operator types it."""

from __future__ import annotations

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from dashboard.models import Flush, Sample, Series
from dashboard.services import recording
from tests import factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def boss():
    return factories.make_person("boss", is_staff=True, is_superuser=True)


def typed(*args, stdin=None, monkeypatch=None, **options):
    out = io.StringIO()
    if stdin is not None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    call_command("push_metric", *args, stdout=out, **options)
    return out.getvalue().strip()


def test_operator_pushes_numbers_of_the_first_superuser(boss):
    assert typed("load=0.4", "queue.depth=12", unit="jobs") == "2 taken for boss, 0 known already, 0 ignored."
    recording.record()
    found = dict(Series.objects.filter(outside=True).values_list("key", "last_value"))
    assert found == {f"person/{boss.pk}/load": 0.4, f"person/{boss.pk}/queue.depth": 12}
    assert set(Series.objects.filter(outside=True).values_list("unit", flat=True)) == {"jobs"}


def test_operator_counts_what_happened(boss):
    for _ in range(2):
        typed("deploys=1", counter=True)
    recording.record()
    assert sum(Sample.objects.filter(resolution=3_600, series__name="deploys").values_list("total", flat=True)) == 2


def test_cron_pipes_what_it_has_to_somebody(monkeypatch):
    teo = factories.make_person("teo")
    told = typed(stdin="# HELP up Up\nup 1\nload NaN\n", monkeypatch=monkeypatch, owner="teo")
    assert told == "1 taken for teo, 0 known already, 1 ignored."
    assert Series.objects.get(outside=True).owner == teo


def test_operator_reads_every_bad_line(monkeypatch):
    with pytest.raises(CommandError) as error:
        typed(stdin="good 1\nbad\n9 x\n", monkeypatch=monkeypatch)
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == [
        "Nothing was taken.",
        "line 2",
        "line 3",
    ]
    assert not Flush.objects.exists()


@pytest.mark.parametrize("pair", ["load", "load=", "load=much", "9load=1", "load=1=2", "=1"])
def test_operator_is_told_what_is_no_number(pair):
    with pytest.raises(CommandError):
        typed(pair)
    assert not Flush.objects.exists()


def test_units_do_not_go_with_a_pipe(monkeypatch):
    with pytest.raises(CommandError, match="NAME=NUMBER"):
        typed(stdin="up 1", monkeypatch=monkeypatch, unit="s")
