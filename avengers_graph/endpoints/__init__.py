"""What is behind a URL: which server, which models, and what they can do."""
