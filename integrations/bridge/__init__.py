"""Works for the servers of Mattermost that rooms are linked with: hears, catches up, applies, tells.

`runner` is the leased service; `hearing` keeps what comes, `receiving` applies it, `sending` tells. Decides nothing
that integrations.services.bridges could decide, and asks the server only through integrations.mattermost.
"""
