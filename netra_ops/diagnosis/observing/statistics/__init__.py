"""Pure: how likely chance alone would do what was seen, and where a share rises or grows."""
