"""What is done for and by other programs. Called by views, the admin and commands."""

from integrations.services.posts import change_post, create_post

__all__ = ["change_post", "create_post"]
