"""What texts and questions say: sentences, phrases, languages, reasoning, words compared."""
