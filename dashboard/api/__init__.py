"""The JSON API of numbers and boards for the page's script, a module for each matter. Session cookie, and Django's CSRF
token for everything but GET.

Decides nothing; an error is {"code", "message", "field"} with its HTTP status, and unknown and forbidden look the same.
"""
