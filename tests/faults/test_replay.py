"""A session that three people recorded is played again over sockets, and ends in the text that they had."""

import json
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from tests.cluster import running
from tests.editor.player import begin, replay, replayed_log
from tests.editor.recording import read
from tests.faults.cast import Cast

RECORDED = Path(__file__).parents[1] / "editor" / "recorded.json"


@pytest.mark.fault
@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
async def test_a_recorded_session_ends_in_the_recorded_text(transactional_db, site_environment):
    recording = read(RECORDED)
    cast = await sync_to_async(Cast)()
    document_id = await sync_to_async(begin)(cast, recording.start)
    # Without Redis a second process hears of an edit at its next look at the log, and every turn would wait for that.
    with running(site_environment, count=2 if "REDIS_URL" in site_environment else 1) as processes:
        texts = await replay(recording, processes, cast, document_id)
        assert not any("Traceback" in process.log for process in processes)
    assert {*texts, await replayed_log(cast, document_id, recording.start)} == {recording.end}


def write(path, **edits):
    path.write_text(json.dumps({"endContent": "", "txns": list(edits.values())}))
    return path


def edit(agent, *parents, new="x"):
    return {"agent": agent, "parents": parents, "patches": [[0, 0, new]]}


def test_a_reader_is_told_which_edit_cannot_be_replayed(tmp_path):
    with pytest.raises(ValueError, match="edit 1 was made without an earlier one of its own author"):
        read(write(tmp_path / "a.json", a=edit(0), b=edit(0)))
    with pytest.raises(ValueError, match="edit 2 was made without an edit that stands before"):
        read(write(tmp_path / "b.json", a=edit(0), b=edit(1), c=edit(2, 1)))
    with pytest.raises(ValueError, match="beyond the basic plane"):
        read(write(tmp_path / "c.json", a=edit(0, new="😀")))
