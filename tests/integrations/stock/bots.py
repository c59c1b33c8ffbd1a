"""Bots as their authors write them, each on another client library: whoever says marco is answered polo.

Run by tests/integrations/test_stock_clients.py in an environment of its own: `bots.py NAME`, the rest by environment.
Each says `ready` once it listens, and `done` once it has answered.
"""

import asyncio
import json
import os
import sys

URL, HOST, PORT = os.environ["SITE"], os.environ["SITE_HOST"], int(os.environ["SITE_PORT"])
TOKEN, CHANNEL, HOOK = os.environ["TOKEN"], os.environ["CHANNEL"], os.environ["HOOK"]


def say(word):
    print(word, flush=True)


def mattermostdriver():
    from mattermostdriver import Driver

    driver = Driver({"url": HOST, "port": PORT, "scheme": "http", "token": TOKEN, "basepath": "/api/v4"})
    driver.login()
    assert driver.users.get_user("me")["username"] == "builds"
    assert driver.channels.get_channel(CHANNEL)["name"] == "realtime-core"
    assert driver.posts.get_posts_for_channel(CHANNEL)["order"] == []

    async def hear(text):
        event = json.loads(text)
        if event.get("event") == "hello":
            say("ready")
        if event.get("event") == "posted" and json.loads(event["data"]["post"])["message"] == "marco":
            root = json.loads(event["data"]["post"])["id"]
            made = driver.posts.create_post({"channel_id": CHANNEL, "message": "polo", "root_id": root})
            driver.posts.patch_post(made["id"], {"message": "polo!"})
            driver.reactions.create_reaction({"user_id": made["user_id"], "post_id": root, "emoji_name": "+1"})
            found = driver.files.upload_file(CHANNEL, {"files": ("a.txt", b"hello")})["file_infos"][0]
            assert driver.files.get_file(found["id"]).content == b"hello"
            say("done")
            os._exit(0)

    driver.init_websocket(hear)


def mmpy_bot():
    from mmpy_bot import Bot, Message, Plugin, Settings, listen_to

    class Answers(Plugin):
        def on_start(self):
            say("ready")

        @listen_to("^marco$")  # type: ignore[untyped-decorator]
        async def marco(self, message: Message):
            self.driver.reply_to(message, "polo")
            self.driver.react_to(message, "+1")
            say("done")
            os._exit(0)

    settings = Settings(MATTERMOST_URL=f"http://{HOST}", MATTERMOST_PORT=PORT, BOT_TOKEN=TOKEN, BOT_TEAM="collab")
    settings.SSL_VERIFY = False
    Bot(settings=settings, plugins=[Answers()]).run()


def matteraio():
    from matteraio import MattermostClient, MattermostWebSocketClient, PostedEvent

    async def run():
        async with MattermostClient(URL, TOKEN) as client, MattermostWebSocketClient(URL, TOKEN) as socket:
            assert (await client.init_session()).username == "builds"
            await socket.authenticate()
            say("ready")
            while True:
                event = await socket.receive_event()
                if isinstance(event, PostedEvent) and event.data.post.message == "marco":
                    break
            await client.posts.create(channel_id=CHANNEL, message="polo", root_id=event.data.post.id)
        say("done")

    asyncio.run(run())


def matterhook():
    from matterhook import Webhook

    say("ready")
    hook = Webhook(URL, HOOK)
    hook.send("polo", username="Zed", attachments=[{"title": "Build 7", "text": "passed", "color": "good"}])
    say("done")


{"mattermostdriver": mattermostdriver, "mmpy_bot": mmpy_bot, "matteraio": matteraio, "matterhook": matterhook}[
    sys.argv[1]
]()
