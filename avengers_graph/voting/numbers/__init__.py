"""Numbers as people write them: numerals, words of scale, decimal marks, units."""
