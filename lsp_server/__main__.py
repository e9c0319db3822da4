"""`python -m lsp_server` is the `fimble` command."""

from lsp_server.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
