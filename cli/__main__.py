"""`python -m sirst5k_cli`, where the command itself is not on the path."""

from . import main

main()
