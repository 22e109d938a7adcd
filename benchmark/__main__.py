"""`python -m benchmark` is `cslbench`."""

from benchmark.cli import main

if __name__ == "__main__":
    main()
