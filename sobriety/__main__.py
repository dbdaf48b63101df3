"""`python -m sobriety` is `sobriety`."""

from sobriety.cli import main

main()
