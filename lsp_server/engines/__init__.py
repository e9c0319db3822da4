"""Where tokens come from: `base` is the protocol; `local`, `remote` and `fake` speak it."""
