"""The site: pages that need no server, no request and no script but their own. No torch."""
