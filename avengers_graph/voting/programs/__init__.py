"""Programs out of texts, their form without what does not matter, and runs when asked for."""
