"""The interaction model: what every source is turned into before it is sealed."""
