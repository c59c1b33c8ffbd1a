"""Tables and logs that boards show: what can be listed where, and what it says now.

Called by selectors.boards for snapshots, by the recorder for boards that somebody looks at, and by services that check
a panel. Never writes. A source of the site says nothing that staff may not know: closed rooms have a number, no name.
"""

from dashboard.selectors.sources.asking import Source, kind_of_source, read_sources, sources_for, told_to_all

__all__ = ["Source", "kind_of_source", "read_sources", "sources_for", "told_to_all"]
