"""What `manage.py doctor` looks at, one module for each part of a site; every finding says what to mend."""
