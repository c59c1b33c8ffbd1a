"""What load balancers and Prometheus ask."""

import pytest

from realtime import metrics

TOKEN = "a-token-of-enough-characters-to-be-one"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_asks_hears_that_the_process_lives_and_reaches_the_database(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("given", ["", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer "])
def test_who_does_not_know_the_token_does_not_find_the_metrics(client, settings, given):
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"Authorization": given} if given else {}).status_code == 404


@pytest.mark.parametrize("given", ["Bearer ", f"Bearer {TOKEN}"])
def test_a_site_without_a_token_has_no_metrics(client, settings, given):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_prometheus_reads_what_the_boards_show_and_what_the_process_is(client, settings):
    settings.METRICS_TOKEN = TOKEN
    metrics.happened("messages", room=4_711)
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    names = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    ours = {"sockets", "deliveries_total", "delivery_seconds", "command_seconds", "commit_seconds", "loop_lag_seconds"}
    ours |= {"incidents_total", "assistant_runs_total", "assistant_tokens_total", "assistant_cost_total"}
    assert {f"collab_{name}" for name in ours} <= names
    assert {
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "python_info",
        "python_gc_objects_collected_total",
    } <= names
    assert "4711" not in answer.text, "rooms would be labels without bound"
