"""``python -m emporium`` is the program."""

from emporium._program import main

main()
