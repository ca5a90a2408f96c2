"""The types of documents, one file each: what is said in them, and in which sections. Pure."""
