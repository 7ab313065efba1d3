"""Ctrl-C reaches the programs under test, also when these tests were started in the background."""

import signal

# A shell starts background jobs with SIGINT ignored, and ignored signals are inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
