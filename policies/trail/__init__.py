"""How long the audit trail is kept, who decides it, and how its entries go."""
