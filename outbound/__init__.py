"""Requests to addresses that a person typed: feeds, webhooks, a Mattermost server, pictures of links.

Every app fetches through here and through nothing else. `client` speaks HTTP, `dialing` opens sockets for other
protocols (a WebSocket); both connect only where `policy` lets them. Knows nothing of rooms, people or the database.
"""
