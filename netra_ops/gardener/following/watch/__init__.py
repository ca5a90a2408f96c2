"""What is told of growing logs, and when. Pure: time is given by who calls."""
