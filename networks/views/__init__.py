"""Pages about accounts and the site itself; one module per subject."""
