"""Disposition review: who decides, stage by stage, whether what is due may go."""
