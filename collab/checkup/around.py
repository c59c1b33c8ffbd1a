"""Looks at what the site leans on: channel layer, file storage, mail server, background services.

What is written to look at them is removed again.
"""

from __future__ import annotations

import asyncio
import smtplib
import uuid
from collections.abc import Iterator
from typing import Any, Final

import redis
from channels.layers import ChannelLayerManager
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage, get_connection
from django.db import DatabaseError

from collab.checkup.finding import Finding, fail, ok, warn
from realtime import services

SECONDS: Final = 5.0
_LAYER: Final = "layer"


def check_layer() -> Iterator[Finding]:
    """Whether what one process says is heard by another."""
    if not settings.REDIS_URL:
        says = "in memory: processes hear of each other's messages by polling, every 5 seconds"
        yield warn(_LAYER, says, "Set REDIS_URL when there is more than one process; with one all is well.")
        return
    try:
        version = _redis_version()
        asyncio.run(_say_and_hear())
    except (OSError, redis.RedisError, TimeoutError, ValueError) as error:
        yield fail(_LAYER, f"Redis does not answer: {type(error).__name__}", "Start it, or mend REDIS_URL.")
    else:
        yield ok(_LAYER, f"Redis {version}: what one connection says the other one hears")


def _redis_version() -> str:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
        told: Any = client.info("server")
        return str(told["redis_version"])


async def _say_and_hear() -> None:
    here, there = ChannelLayerManager()["default"], ChannelLayerManager()["default"]
    group, word = f"doctor-{uuid.uuid4().hex}", uuid.uuid4().hex
    try:
        async with asyncio.timeout(SECONDS):
            channel = await here.new_channel("doctor.")
            await here.group_add(group, channel)
            await there.group_send(group, {"type": "doctor", "word": word})
            while (await here.receive(channel)).get("word") != word:
                pass  # another word: a layer may repeat itself, or be shared with another site
            await here.group_discard(group, channel)
    finally:
        for layer in (here, there):
            await layer.flush()


def check_storage() -> Iterator[Finding]:
    """Writes a small file, reads it, deletes it."""
    word = uuid.uuid4().hex.encode()
    kind = default_storage.__class__.__name__
    try:
        name = default_storage.save(f"doctor/{uuid.uuid4().hex}", ContentFile(word))
        try:
            with default_storage.open(name) as file:
                same = file.read() == word
        finally:
            default_storage.delete(name)
    except Exception as error:  # noqa: BLE001 - whatever a storage's client raises
        yield fail("storage", f"{kind} cannot be used: {error}", "Check rights of the media folder, or STORAGES.")
        return
    if same:
        yield ok("storage", f"{kind} takes, gives and deletes a file")
    else:
        yield fail("storage", f"{kind} gives something else than it took", "Check STORAGES and the disk.")


def check_mail(send_to: str) -> Iterator[Finding]:
    """Signs in at the mail server; sends a mail if told where to."""
    if not settings.EMAIL_HOST:
        yield warn("mail", "goes to the console: nobody can confirm an address or reset a password", "Set EMAIL_HOST.")
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        mailbox = get_connection(fail_silently=False, timeout=SECONDS)
        try:
            mailbox.open()
            if send_to:
                text = f"{settings.SITE_URL} can send mail."
                EmailMessage(f"{settings.SITE_NAME} can send mail", text, to=[send_to], connection=mailbox).send()
        finally:
            mailbox.close()
    except (OSError, smtplib.SMTPException) as error:
        mend = "Check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."
        yield fail("mail", f"{where} does not take mail: {_without_password(error)}", mend)
    else:
        yield ok("mail", f"{where} took a mail to {send_to}" if send_to else f"{where} lets us in")


def _without_password(error: Exception) -> str:
    said, secret = f"{type(error).__name__}: {error}", settings.EMAIL_HOST_PASSWORD
    return said.replace(secret, "…") if secret else said


def check_services() -> Iterator[Finding]:
    """Who holds the leases of the background services."""
    try:
        held = services.holders()
    except DatabaseError:
        return  # told of by the database's own check
    idle = [name for name in settings.REALTIME_SERVICES if name not in held]
    if idle:
        mend = "Start the site, or run_services where START_SERVICES=0; what was killed is taken over in 15 seconds."
        yield warn("services", f"nobody runs {', '.join(idle)}", mend)
    else:
        yield ok("services", f"{len(held)} run, in {len(set(held.values()))} process(es)")
