"""What can be set: ``avengers.yaml``, experts, one run's context, and which setting holds."""
