"""Aspect 3, representation extraction: the parts that several methods build theirs from."""
