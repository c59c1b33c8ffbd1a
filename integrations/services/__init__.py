"""What is done for and by other programs. Called by views, the admin and commands."""
