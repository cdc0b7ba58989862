"""`python -m router` is `surveyor`."""

from router.cli import main

main()
