"""What is written down by the bridge between rooms and channels of Mattermost.

`setup` makes servers and links; `outbox` takes what happened in rooms and knows what is due; `inbox` keeps what was
heard; `arriving` applies it; `people` knows who is who. Called by integrations.bridge, the admin and commands.
"""
