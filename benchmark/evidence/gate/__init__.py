"""Whether new results are worse than old ones: exact where that is promised, else by intervals."""
