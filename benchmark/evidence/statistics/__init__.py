"""Statistics as pure functions over arrays of one layout, see `layout`. Imports no torch."""
