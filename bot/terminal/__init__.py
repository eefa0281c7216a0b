"""What the command line prints: the same words in a terminal and in a pipe, without colours; or JSON."""
