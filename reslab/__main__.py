"""`python -m reslab` is `reslab`."""

from reslab.cli import main

if __name__ == "__main__":
    main()
