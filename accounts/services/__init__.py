"""What is done to people: made, changed, signed out, suspended, invited. Every public function is one transaction.

Called by views, adapters, the admin, commands and other apps. Never answers a request and never talks to a socket:
an ended sign-in reaches the sockets as an event on `user:<id>` whose effect closes them.
"""

from accounts.services.audit import record_audit
from accounts.services.closing import close_sign_in, find_sign_ins, forget_sessions, note_closing
from accounts.services.erasure import delete_permanently
from accounts.services.factors import reseal_factor
from accounts.services.invites import issue_invite, revoke_invite, use_invite
from accounts.services.people import (
    announce_person,
    change_address,
    complete_person,
    create_person,
    deactivate_person,
    reactivate_person,
    remove_avatar,
    set_avatar,
    update_profile,
)
from accounts.services.preferences import update_preferences
from accounts.services.sanctions import clean_reason, clean_remark, lift_sanction, sanction_user
from accounts.services.sessions import note_device, replace_session, revoke_sessions, set_password
from accounts.services.tokens import make_bot, make_token, note_use, revoke_token

__all__ = [
    "announce_person",
    "change_address",
    "clean_reason",
    "clean_remark",
    "close_sign_in",
    "complete_person",
    "create_person",
    "deactivate_person",
    "delete_permanently",
    "find_sign_ins",
    "forget_sessions",
    "issue_invite",
    "lift_sanction",
    "make_bot",
    "make_token",
    "note_closing",
    "note_device",
    "note_use",
    "reactivate_person",
    "record_audit",
    "remove_avatar",
    "replace_session",
    "reseal_factor",
    "revoke_invite",
    "revoke_sessions",
    "revoke_token",
    "sanction_user",
    "set_avatar",
    "set_password",
    "update_preferences",
    "update_profile",
    "use_invite",
]
