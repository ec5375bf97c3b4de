"""The query language: text to tree, tree to text, and the exact evaluator over one record."""
