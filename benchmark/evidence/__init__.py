"""What others published, and what our results say about it. Imports no torch."""
