"""Where cells run: worker processes of this machine. No torch in the process that asks."""
