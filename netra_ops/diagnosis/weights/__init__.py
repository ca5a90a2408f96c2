"""Causes against observations: how much each says, and which observation would say more. Pure."""
