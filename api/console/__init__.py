"""The web console: pages rendered on the server, without scripts."""
