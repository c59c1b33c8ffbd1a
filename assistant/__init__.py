"""The assistant: called in any room, it answers, reads and edits with the rights of whoever asked."""
