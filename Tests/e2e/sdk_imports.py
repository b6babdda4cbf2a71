"""Makes `cloudflare` 5.9.0 importable: two modules of its pipelines types import each other in a circle.

The placeholders stand in for the recursive field types only while the package is imported; nothing that is sent or
checked goes through them.
"""

import importlib
import sys
import types
import typing


def load():
    base = "cloudflare.types.pipelines."
    for module, name in (("source_field", "SourceField"), ("source_field_param", "SourceFieldParam")):
        placeholder = types.ModuleType(base + module)
        setattr(placeholder, name, typing.Any)
        sys.modules.setdefault(base + module, placeholder)
    importlib.import_module("cloudflare.types.pipelines")


load()
