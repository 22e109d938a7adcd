"""Where results live: the schema, and files that are written whole or not at all. No torch."""
