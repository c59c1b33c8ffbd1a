"""The local demo model: a real, very small model behind an OpenAI-compatible server on this machine."""
