"""Calling experts: the pool, one client per expert, and the sampling engine."""
