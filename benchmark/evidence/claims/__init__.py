"""Statements about methods as data: read, tested on a store's results, judged. Imports no torch."""
