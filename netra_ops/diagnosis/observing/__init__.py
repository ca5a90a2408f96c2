"""From the files of a bundle to the facts that they show."""
