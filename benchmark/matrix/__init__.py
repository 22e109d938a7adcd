"""What to run: budgets, protocols and cells, loaded from matrix files. Imports no torch."""
