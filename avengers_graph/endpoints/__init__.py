"""What is behind a URL: which server, which models, what they can do, and what is wrong."""
