"""What may and must go: retention, holds, disposition and purge."""
