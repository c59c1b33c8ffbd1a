"""The bridge between rooms and the channels of a Mattermost server.

`wire` and `heard` read what the server sends, `rest` asks it and `listening` hears it; `mapping` turns texts, emoji and
marks of one side into those of the other. Nothing here knows a room, a person or the database.
"""
