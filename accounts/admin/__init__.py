"""The back office of people: accounts, sanctions, invitations, sign-ins and the trail.

Called by Django's autodiscovery. Never writes past a service, and signs nobody in itself: that is allauth's.
"""

from accounts.admin import people, signins, site, tokens, trail

__all__ = ["people", "signins", "site", "tokens", "trail"]
