"""How a frozen representation is scored: probes on extracted features, metrics, sanity."""
