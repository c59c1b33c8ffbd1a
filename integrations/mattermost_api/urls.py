"""Addresses below /api/v4/: those that bots made for Mattermost ask for first, and a clear answer to all others.

Called by integrations.urls.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from integrations.mattermost_api import channels, files, people, posts
from integrations.mattermost_api.dispatch import refuse
from integrations.mattermost_api.refusing import Failed


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """Every address that is not offered."""
    told = "This server offers a part of Mattermost's API, and this address is not in it."
    return refuse(Failed(404, "api.context.404.app_error", told))


urlpatterns = [
    path("system/ping", people.ping),
    path("config/client", people.client_config),
    path("license/client", people.client_license),
    path("users/ids", people.users_by_ids),
    path("users/usernames", people.users_by_names),
    path("users/username/<str:name>", people.user_named),
    path("users/<str:user_id>", people.user),
    path("users/<str:user_id>/typing", people.typing),
    path("users/<str:user_id>/teams", people.teams),
    path("users/<str:user_id>/channels", channels.my_channels),
    path("users/<str:user_id>/teams/<str:team_id>/channels", channels.my_channels),
    path("users/<str:user_id>/posts/<str:post_id>/reactions/<str:name>", posts.reaction),
    path("teams", people.teams),
    path("teams/name/<str:name>", people.team_named),
    path("teams/name/<str:team_id>/channels/name/<str:name>", channels.channel_named),
    path("teams/<str:team_id>", people.team),
    path("teams/<str:team_id>/members/<str:user_id>", people.team_member),
    path("teams/<str:team_id>/channels", channels.public_channels),
    path("teams/<str:team_id>/channels/name/<str:name>", channels.channel_named),
    path("channels/direct", channels.direct),
    path("channels/group", channels.group),
    path("channels/members/<str:user_id>/view", channels.viewed),
    path("channels/<str:channel_id>", channels.channel),
    path("channels/<str:channel_id>/members", channels.members),
    path("channels/<str:channel_id>/members/<str:user_id>", channels.member),
    path("channels/<str:channel_id>/posts", posts.channel_posts),
    path("posts", posts.posts),
    path("posts/ephemeral", posts.ephemeral),
    path("posts/<str:post_id>", posts.post),
    path("posts/<str:post_id>/patch", posts.patch),
    path("posts/<str:post_id>/pin", posts.pin),
    path("posts/<str:post_id>/unpin", posts.unpin),
    path("posts/<str:post_id>/thread", posts.thread),
    path("posts/<str:post_id>/reactions", posts.post_reactions),
    path("reactions", posts.reactions),
    path("files", files.files),
    path("files/<str:file_id>", files.file),
    path("files/<str:file_id>/info", files.info),
    path("files/<str:file_id>/thumbnail", files.thumbnail),
    path("files/<str:file_id>/preview", files.thumbnail),
    re_path(r".*", nowhere),
]
