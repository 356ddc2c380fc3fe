"""``python -m avengers_graph`` is the command line."""

from avengers_graph.cli import main

if __name__ == "__main__":
    main()
