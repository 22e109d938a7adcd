"""Who else is told how a run goes: hooks, files of notices, and trackers. No torch."""
