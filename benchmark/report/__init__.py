"""What people read: the leaderboard, and what is shown while cells run. No torch."""
