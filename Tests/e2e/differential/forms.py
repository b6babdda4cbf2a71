"""Typed SQL as trees that render in the words of three engines."""

import re

ENGINES = ("firn", "duckdb", "datafusion")


class Unsupported(Exception):
    """An engine has no words for a form; the reason says which."""


class Form:
    """A piece of SQL with a type. `texts` holds a template for each engine that needs another than Firn's, None where an engine
    has no counterpart; `{0}` stands for the first part, `{*}` for all joined by commas. `names` are the functions it uses."""

    __slots__ = ("type", "text", "parts", "texts", "names", "marks")

    def __init__(self, type, text, *parts, names=(), marks=(), **texts):
        self.type, self.text, self.parts, self.texts = type, text, parts, texts
        self.names, self.marks = names, marks

    def sql(self, engine):
        template = self.texts.get(engine, self.text)
        if template is None:
            raise Unsupported(f"{engine} has no {self.text}")
        if callable(template):
            return template(*[part.sql(engine) for part in self.parts])
        if "{" not in template:
            return template
        parts = [part.sql(engine) for part in self.parts]
        return re.sub(r"\{(\d+|\*)\}", lambda found: ", ".join(parts) if found[1] == "*" else parts[int(found[1])], template)

    def walk(self):
        yield self
        for part in self.parts:
            yield from part.walk()

    def functions(self):
        return {name for form in self.walk() for name in form.names}

    def all_marks(self):
        return {mark for form in self.walk() for mark in form.marks}


def plain(type, text, **texts):
    """A piece without parts whose text may hold braces."""
    double = lambda t: t if t is None or "{" not in t else (lambda: t)
    return Form(type, double(text), **{engine: double(t) for engine, t in texts.items()})


def join(forms, separator=", ", type="list"):
    return Form(type, separator.join("{%d}" % index for index in range(len(forms))), *forms)


def quote(text):
    return "'" + text.replace("'", "''") + "'"
