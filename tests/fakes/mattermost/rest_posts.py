"""The addresses of posts, reactions, files and incoming webhooks on the imitated server.

Called by FakeMattermost, which lists them. Decides whether the event of a post or its answer goes first, and keeps
nothing.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any, Final

from aiohttp import BodyPartReader, web

from tests.fakes.mattermost.calls import Answer, Call, Route, fine, json_of, told
from tests.fakes.mattermost.posting import PER_PAGE_MOST
from tests.fakes.mattermost.shapes import (
    FILE_BYTES_MOST,
    MESSAGE_CHARS_MOST,
    Channel,
    File,
    Post,
    Refusal,
    forbidden,
    invalid,
    not_found,
)
from tests.fakes.mattermost.tables import Hook

PER_PAGE: Final = 60
TYPED_BY_HOOK: Final = ("icon_url", "icon_emoji")

# Posts


async def create_post(call: Call) -> Answer:
    """In some posts the event is on its way before the answer, in the others after it."""
    state, pending = call.state, call.text("pending_post_id")
    earlier = state.duplicate_of(call.actor, pending)
    if earlier is not None:
        again = state.told(earlier)
        del again["metadata"]
        return told(again, 201)
    post = state.create_post(call.actor, call.body)
    answer = told(state.told(post, pending=pending), 201)
    first = state.script.random.random() < state.script.echo_first
    state.script.echoed_first.append(first)
    if first:
        state.tell_posted(post, pending=pending)
        await state.hub.flushed()
        return answer
    if call.losing:
        state.tell_posted(post, pending=pending)
        return answer
    try:
        await answer.prepare(call.request)
        await answer.write_eof()
    finally:
        state.tell_posted(post, pending=pending)
    return answer


async def get_post(call: Call) -> Answer:
    return told(call.state.told(call.state.post(call.actor, call.part("post"))))


async def patch_post(call: Call) -> Answer:
    """Props are replaced whole; nothing changed is told all the same."""
    post = call.state.own_post(call.actor, call.part("post"))
    call.state.edit(post, {key: value for key, value in call.body.items() if value is not None})
    return told(call.state.told(post))


async def put_post(call: Call) -> Answer:
    """The whole post: props that are not named are gone."""
    post = call.state.own_post(call.actor, call.part("post"))
    call.state.edit(post, {"message": call.text("message"), "props": call.body.get("props") or {}})
    return told(call.state.told(post))


async def delete_post(call: Call) -> Answer:
    call.state.delete(call.actor, call.part("post"))
    return fine()


async def pin(call: Call) -> Answer:
    post = call.state.post(call.actor, call.part("post"))
    call.state.edit(post, {"is_pinned": call.request.path.endswith("/pin")})
    return fine()


async def thread(call: Call) -> Answer:
    return told(call.state.thread(call.state.post(call.actor, call.part("post"))))


async def posts_of(call: Call) -> Answer:
    channel = call.state.channel(call.part("channel"), call.actor)
    query = call.request.query
    if "since" in query:
        return told(call.state.since(channel, call.number("since", 0)))
    per_page = min(call.number("per_page", PER_PAGE), PER_PAGE_MOST)
    page, before, after = call.number("page", 0), query.get("before", ""), query.get("after", "")
    return told(call.state.page(channel, page=page, per_page=per_page, before=before, after=after))


# Reactions


async def react(call: Call) -> Answer:
    if call.text("user_id") != call.actor.id:
        raise forbidden("api.reaction.save_reaction.user_id.app_error")
    reaction = call.state.react(call.actor, call.text("post_id"), call.text("emoji_name"))
    return told(reaction.json(), 201 if call.state.script.newer else 200)


async def unreact(call: Call) -> Answer:
    if call.part("user") != call.actor.id:
        raise forbidden("api.reaction.delete_reaction.user_id.app_error")
    call.state.unreact(call.actor, call.part("post"), call.part("name"))
    return fine()


async def reactions_of(call: Call) -> Answer:
    return told([one.json() for one in call.state.post(call.actor, call.part("post")).reactions.values()])


# Files


async def upload(call: Call) -> Answer:
    """Files as a form, or one as the body with its name in the query."""
    if call.request.content_type == "multipart/form-data":
        files, client_ids = await form_files(call)
    else:
        channel = member_channel(call, call.request.query.get("channel_id", ""))
        name = call.request.query.get("filename", "")
        if not name:
            raise invalid("api.context.invalid_url_param.app_error", "filename")
        files, client_ids = [call.state.add_file(call.actor, channel, name, await call.request.read())], []
    return told({"file_infos": [one.json() for one in files], "client_ids": client_ids}, 201)


async def form_files(call: Call) -> tuple[list[File], list[str]]:
    """The files of a form, whose channel has to come before them."""
    channel: Channel | None = None
    files: list[File] = []
    client_ids: list[str] = []
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "channel_id":
            channel = member_channel(call, (await part.text()).strip())
        elif part.name == "client_ids":
            client_ids.append(await part.text())
        elif part.filename and channel is not None:
            files.append(call.state.add_file(call.actor, channel, part.filename, await bytes_of(call, part)))
    if channel is None or not files:
        raise invalid("api.file.upload_file.read_request.app_error", "form")
    return files, client_ids


async def bytes_of(call: Call, part: BodyPartReader) -> bytes:
    """A part's content, read no further than the limit needs."""
    most = call.state.script.file_bytes_most or FILE_BYTES_MOST
    data = bytearray()
    while len(data) <= most and (piece := await part.read_chunk(65_536)):
        data += piece
    return bytes(data)


def member_channel(call: Call, channel_id: str) -> Channel:
    """A channel that somebody is in."""
    channel = call.state.channel(channel_id, call.actor)
    if call.actor.id not in channel.members:
        raise forbidden()
    return channel


async def get_file(call: Call) -> Answer:
    file = call.state.file(call.actor, call.part("file"))
    headers = {
        "Content-Type": file.mime_type,
        "Content-Disposition": f"attachment;filename*=UTF-8''{urllib.parse.quote(file.name, safe='')}",
    }
    return web.Response(body=file.data, headers=headers)


async def get_file_info(call: Call) -> Answer:
    return told(call.state.file(call.actor, call.part("file")).json())


async def get_picture(call: Call) -> Answer:
    file = call.state.file(call.actor, call.part("file"))
    if not file.width:
        raise invalid("api.file.get_file_thumbnail.no_thumbnail.app_error", "file: it has no picture")
    return web.Response(body=file.data, headers={"Content-Type": file.mime_type})


# Incoming webhooks


async def incoming(call: Call) -> Answer:
    """Posts as the hook's owner, under whatever name the sender gives."""
    hook = call.state.hooks.get(call.part("key"))
    if hook is None:
        raise invalid("web.incoming_webhook.invalid.app_error", "webhook")
    payload = await payload_of(call)
    text = unslacked(str(payload.get("text") or ""))
    if not text and not payload.get("attachments"):
        raise invalid("web.incoming_webhook.text.app_error", "text: there is none")
    if payload.get("type") and not str(payload["type"]).startswith("custom_"):
        raise Refusal(500, "web.incoming_webhook.type.app_error", "That type is not for webhooks.")
    channel = hook_channel(call, hook, str(payload.get("channel") or ""))
    kind = "slack_attachment" if payload.get("attachments") else str(payload.get("type") or "")
    for start in range(0, max(len(text), 1), MESSAGE_CHARS_MOST):
        now = call.state.clock.ms()
        post = Post(call.state.ids.new(), hook.user_id, channel.id, now, now, text[start : start + MESSAGE_CHARS_MOST])
        post.type, post.props = kind, hook_props(hook, payload)
        call.state.keep(post)
        call.state.tell_posted(post)
    return web.Response(text="ok", headers={"Content-Type": "text/plain"})


async def payload_of(call: Call) -> dict[str, Any]:
    """What the sender means, as JSON, as a form's field or as a part of one."""
    code = "model.incoming_hook.parse_data.app_error"
    kind = call.request.content_type
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        field = (await call.request.post()).get("payload", "")
        try:
            payload = json.loads(str(field))
        except ValueError:
            raise invalid(code, "payload") from None
    elif kind == "text/plain":
        raise invalid(code, "payload")
    else:
        payload = await hook_json(call, code)
    if not isinstance(payload, dict):
        raise invalid(code, "payload")
    return payload


async def hook_json(call: Call, code: str) -> Any:
    """A JSON body, refused under the hooks' own code."""
    try:
        return await json_of(call.request)
    except Refusal:
        raise invalid(code, "payload") from None


def hook_channel(call: Call, hook: Hook, name: str) -> Channel:
    """The channel a payload names, or the hook's own."""
    home = call.state.channels[hook.channel_id]
    if not name:
        return home
    if name.startswith("@"):
        return call.state.direct_channel([hook.user_id, call.state.user(name[1:]).id])
    for channel in call.state.channels.values():
        if channel.team_id == home.team_id and channel.name == name.removeprefix("#"):
            return channel
    raise not_found("web.incoming_webhook.channel.app_error", "channel")


def hook_props(hook: Hook, payload: dict[str, Any]) -> dict[str, Any]:
    """The props of a webhook's post."""
    props = dict(payload.get("props") or {})
    props |= {"from_webhook": "true", "override_username": payload.get("username") or "webhook"}
    props |= {f"override_{name}": payload[name] for name in TYPED_BY_HOOK if payload.get(name)}
    props["webhook_display_name"] = hook.display_name
    if payload.get("attachments"):
        props["attachments"] = payload["attachments"]
    return props


def unslacked(text: str) -> str:
    """Slack's links and calls in the words of Markdown."""
    text = re.sub(r"<!(here|channel|all)>", r"@\1", text)
    return re.sub(r"<([^<>|]+)\|([^<>]+)>", r"[\2](\1)", text)


ROUTES: Final = (
    Route("POST", "/posts", create_post),
    Route("GET", "/posts/{post}", get_post),
    Route("PUT", "/posts/{post}", put_post),
    Route("DELETE", "/posts/{post}", delete_post),
    Route("PUT", "/posts/{post}/patch", patch_post),
    Route("POST", "/posts/{post}/pin", pin),
    Route("POST", "/posts/{post}/unpin", pin),
    Route("GET", "/posts/{post}/thread", thread),
    Route("GET", "/posts/{post}/reactions", reactions_of),
    Route("GET", "/channels/{channel}/posts", posts_of),
    Route("POST", "/reactions", react),
    Route("DELETE", "/users/{user}/posts/{post}/reactions/{name}", unreact),
    Route("POST", "/files", upload, raw=True),
    Route("GET", "/files/{file}", get_file),
    Route("GET", "/files/{file}/info", get_file_info),
    Route("GET", "/files/{file}/thumbnail", get_picture),
    Route("GET", "/files/{file}/preview", get_picture),
)
HOOK_ROUTE: Final = Route("POST", "/hooks/{key}", incoming, anonymous=True, raw=True)
