"""What the assistant may do besides writing: read and change what its asker may, in the room of its run.

Called by the runner. Every call reads the rights of whoever asked again; a refusal is an answer in words, so that the
model can do something else.
"""

from assistant.tools.calling import activity_of, call, execute, offered
from assistant.tools.work import ToolResult

__all__ = ["ToolResult", "activity_of", "call", "execute", "offered"]
