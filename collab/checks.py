"""System checks of what a site must not go into production with; Django's own say the rest.

Run by `manage.py check --deploy` and by the doctor. Decide nothing and change nothing.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from outbound.policy import parse_policy

METADATA = ip_address("169.254.169.254")
LOCAL = {"localhost", "127.0.0.1", "::1"}
TOKEN_CHARS = 20


@register(Tags.security, deploy=True)
def check_address(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """SITE_URL and the names that the site answers to."""
    found: list[CheckMessage] = []
    site = urlsplit(settings.SITE_URL)
    if site.scheme not in {"http", "https"} or not site.hostname:
        return [Error("SITE_URL is no address.", hint="Give scheme://host[:port].", id="collab.E001")]
    if site.hostname not in LOCAL and site.scheme == "http":
        text = "SITE_URL is http: passwords and messages go over the network as they are."
        found.append(Warning(text, hint="Put a proxy with TLS in front and give https.", id="collab.W001"))
    if "*" in settings.ALLOWED_HOSTS:
        text = "ALLOWED_HOSTS takes any name: links in mails can be made to lead elsewhere."
        found.append(Error(text, hint="Name the hosts.", id="collab.E002"))
    wrong = [origin for origin in settings.ALLOWED_ORIGINS if not _is_origin(origin)]
    if wrong:
        hint = "Each is scheme://host[:port], without a path."
        found.append(Error(f"ALLOWED_ORIGINS has {wrong[0]!r}, which no browser sends.", hint=hint, id="collab.E003"))
    if site.scheme == "https" and not settings.TRUSTED_PROXIES:
        text = "SITE_URL is https and TRUSTED_PROXIES is 0: requests through a proxy look like http from one address."
        found.append(Warning(text, hint="Give the number of proxies in front.", id="collab.W002"))
    return found


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.path and "*" not in origin


@register(Tags.security, deploy=True)
def check_doors(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Who may come in, and who may read figures."""
    found: list[CheckMessage] = []
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < TOKEN_CHARS:
        text = f"METRICS_TOKEN has fewer than {TOKEN_CHARS} characters."
        found.append(Warning(text, hint="Take a long random one.", id="collab.W003"))
    local = urlsplit(settings.SITE_URL).hostname in LOCAL
    if not local and settings.SIGNUP == "open" and settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory":
        text = "Anybody may sign up, with any address."
        hint = "Set EMAIL_HOST, which makes confirming addresses mandatory, or SIGNUP=invite."
        found.append(Warning(text, hint=hint, id="collab.W004"))
    return found


@register(Tags.security)
def check_outbound(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Where feeds, webhooks and bridges may connect to."""
    try:
        policy = parse_policy(allow=settings.OUTBOUND_ALLOW, ports=settings.OUTBOUND_PORTS)
    except ValueError as error:
        return [Error(f"{error}.", hint="See docs/operations.md, What we fetch.", id="collab.E004")]
    if any(not isinstance(entry.target, str) and METADATA in entry.target for entry in policy.allowed):
        text = "OUTBOUND_ALLOW covers 169.254.169.254, where a cloud keeps the keys of this machine."
        return [Warning(text, hint="Name the servers that are meant, each with its port.", id="collab.W005")]
    return []
