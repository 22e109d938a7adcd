"""Aspect 5, the loss: each turns one comparison and a similarity into one number."""
