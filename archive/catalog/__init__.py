"""The catalog: where each record is and what governs it, without a word of its content."""
