"""Finding what was said: words of texts, what a person asks for, and an index of each kind of database.

`words`, `asking` and `marks` are pure; `index` chooses the back end. Services write the index, selectors ask it. Never
decides who may see what: that is in the SQL of chat.selectors.search.
"""
