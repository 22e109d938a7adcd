"""Aspect 1, augmentation: how images become views, a whole batch at once."""
