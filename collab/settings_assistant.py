"""Settings of the assistant: whom it asks, how long it may take, what it may cost. Read by collab.settings alone."""

from collab.environment import env, env_bool, env_int, env_list

OPENAI_BASE_URL = env("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/")
ASSISTANT_MODEL = env("ASSISTANT_MODEL", "gpt-4.1-mini")
ASSISTANT_MODELS = env_list("ASSISTANT_MODELS")
"""Models of the same provider that a room may choose besides."""
ASSISTANT_KEY_ENV = env("ASSISTANT_KEY_ENV", "OPENAI_API_KEY")
"""The name of the variable that holds the key; the key itself is read when it is needed, and kept nowhere."""
ASSISTANT_DEMO = env_bool("ASSISTANT_DEMO", False)
"""A small model on this machine answers; pages say so. bin/run sets it."""
ASSISTANT_RUNS_MOST = env_int("ASSISTANT_RUNS_MOST", 8)
"""Answers written at once, over all processes; the others wait in their order."""
ASSISTANT_ROUNDS_MOST = env_int("ASSISTANT_ROUNDS_MOST", 6)
ASSISTANT_CONTEXT_TOKENS = env_int("ASSISTANT_CONTEXT_TOKENS", 1_200 if ASSISTANT_DEMO else 12_000)
ASSISTANT_ANSWER_TOKENS = env_int("ASSISTANT_ANSWER_TOKENS", 256 if ASSISTANT_DEMO else 1_500)
ASSISTANT_FIRST_SECONDS = env_int("ASSISTANT_FIRST_SECONDS", 30)
ASSISTANT_SILENT_SECONDS = env_int("ASSISTANT_SILENT_SECONDS", 30)
ASSISTANT_RUN_SECONDS = env_int("ASSISTANT_RUN_SECONDS", 180)
"""How long the provider may be silent before its first word and after it, and how long a whole answer may take."""
ASSISTANT_LOG_DAYS = env_int("ASSISTANT_LOG_DAYS", 30)
"""How long "Why this answer" can be looked up; 0: for ever."""
ASSISTANT_CURRENCY = env("ASSISTANT_CURRENCY", "USD")
ASSISTANT_PRICES = env("ASSISTANT_PRICES", '{"gpt-4.1-mini": [0.40, 1.60], "gpt-4.1": [2.00, 8.00]}')
"""JSON: model -> [price of a million tokens read, of a million written]; what is not listed costs nothing."""
ASSISTANT_PERSON_MINUTE_RUNS = env_int("ASSISTANT_PERSON_MINUTE_RUNS", 10)
"""How often one person may ask within a minute; 0: as often as they like."""
ASSISTANT_PERSON_DAY_TOKENS = env_int("ASSISTANT_PERSON_DAY_TOKENS", 300_000)
ASSISTANT_ROOM_DAY_TOKENS = env_int("ASSISTANT_ROOM_DAY_TOKENS", 1_000_000)
ASSISTANT_SITE_DAY_TOKENS = env_int("ASSISTANT_SITE_DAY_TOKENS", 10_000_000)
ASSISTANT_PERSON_DAY_COST = env("ASSISTANT_PERSON_DAY_COST", "2")
ASSISTANT_ROOM_DAY_COST = env("ASSISTANT_ROOM_DAY_COST", "5")
ASSISTANT_SITE_DAY_COST = env("ASSISTANT_SITE_DAY_COST", "50")
"""Limits of a day (UTC), in tokens and in the currency; 0: none."""
