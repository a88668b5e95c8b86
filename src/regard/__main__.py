"""`python -m regard` is the program `regard`."""

from regard.cli.app import main

main()
