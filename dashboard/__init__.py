"""Live numbers: what processes count, what rooms do, what comes from outside; boards to see it, rules to warn of it."""
