"""A log counted: requests joined of their lines, instances, and bounds that hold for any log."""
