"""Retention events: what starts the clocks of policies that count from something named."""
