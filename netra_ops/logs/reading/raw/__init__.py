"""Bytes as they come: files, directories, standard input; compressed or not, in any encoding."""
