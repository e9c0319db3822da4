"""Languages whose files are cut, but not followed to what other files define."""

from __future__ import annotations

from lsp_server.evaluation.cases.entities import Rules

_C_BLOCKS = frozenset(("compound_statement",))
_C_STRINGS = frozenset(("char_literal", "concatenated_string", "string_literal"))
_C_IMPORTS = frozenset(("preproc_include",))

RULES = {
    "c": Rules(
        calls={"call_expression": "function"},
        blocks=_C_BLOCKS,
        strings=_C_STRINGS,
        imports=_C_IMPORTS,
    ),
    "cpp": Rules(
        calls={"call_expression": "function", "new_expression": "type"},
        blocks=_C_BLOCKS,
        strings=_C_STRINGS | {"raw_string_literal"},
        imports=_C_IMPORTS | {"using_declaration"},
    ),
    "go": Rules(
        calls={"call_expression": "function"},
        blocks=frozenset(("block",)),
        strings=frozenset(("interpreted_string_literal", "raw_string_literal", "rune_literal")),
        imports=frozenset(("import_declaration", "package_clause")),
    ),
    "java": Rules(
        calls={"method_invocation": "name", "object_creation_expression": "type"},
        blocks=frozenset(("block", "constructor_body")),
        strings=frozenset(("character_literal", "string_literal")),
        imports=frozenset(("import_declaration", "package_declaration")),
    ),
    "rust": Rules(
        calls={"call_expression": "function"},
        blocks=frozenset(("block",)),
        strings=frozenset(("char_literal", "raw_string_literal", "string_literal")),
        imports=frozenset(("extern_crate_declaration", "use_declaration")),
    ),
}
"""By grammar."""
