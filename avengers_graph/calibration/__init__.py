"""Stage I data: questions asked of every expert, their answers graded into records."""
