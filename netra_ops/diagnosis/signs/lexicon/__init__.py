"""The words in which libraries, servers, platforms and programs say what a sign means. Pure."""
