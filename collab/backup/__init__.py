"""One archive that holds a whole site: what makes it, what reads it. Called by `manage.py backup` and `restore`."""
