"""From an evidence bundle to the cause it supports, or to the answer that it supports none."""
