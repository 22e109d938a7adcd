"""How an encoder is trained: optimisers, schedules, and the loop that spends the budget."""
