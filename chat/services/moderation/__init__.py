"""What moderators do: sanctions in rooms, reports, word rules. Called by the consumer, the admin and chat.services.

Every public function is one transaction. Never talks to a socket: what is appended is published after the commit.
"""
