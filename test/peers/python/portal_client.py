"""The portal's official client against a server: portal_client.py URL ROWS.json

ROWS.json has the rows of every table by the client's class names. What the client finds is held against a plain reading of them: every class
whole and one by one, every relation from every object, every operator on every field, and chains of up to four relations.
"""
import json
import random
import re
import sys
from datetime import datetime

import cryoet_data_portal as portal
from cryoet_data_portal import Client
from cryoet_data_portal._gql_base import BooleanField, DateField, FloatField, IntField, ItemRelationship, ListField, ListRelationship, Model, StringField

from verdicts import Verdicts

OBJECTS_MAX = 12  # of each class whose relations are followed: every access is a request
CHAINS = 150


def moment(text):
    return None if text is None else datetime.fromisoformat(re.sub(r"\.(\d+)", lambda found: "." + found.group(1).ljust(6, "0"), text))


def load(path):
    with open(path) as file:
        tables = json.load(file)
    # the client parts a digit from the word before it, the tables do not
    attributes = lambda row: {re.sub(r"^scale(\d)_", r"scale_\1_", name): value for name, value in row.items()}
    return {name: {row["id"]: attributes(row) for row in rows} for name, rows in tables.items()}


def classes():
    return sorted((cls for cls in Model.__subclasses__()), key=lambda cls: cls.__name__)


def value_of(cls, name, row):
    value = row.get(name)
    return moment(value) if isinstance(cls.__dict__[name], DateField) else value


def related(cls, name, row, rows):
    """Rows that a relation leads to, in the order of their ids."""
    relation = cls.__dict__[name]
    target = rows[relation.related_class.__name__]
    if isinstance(relation, ItemRelationship):
        found = target.get(row[relation.source_field])
        return [] if found is None else [found]
    return [other for _, other in sorted(target.items()) if other[relation.dest_field] == row["id"]]


def check_class(verdicts, client, cls, rows):
    name = cls.__name__
    mine = rows[name]
    found = cls.find(client)
    verdicts.check(name, "find finds all, by id", [one.id for one in found] == sorted(mine), [one.id for one in found][:20])
    for one in found:
        for field in cls._get_scalar_fields():
            expected = value_of(cls, field, mine[one.id])
            got = getattr(one, field)
            if got != expected or (isinstance(expected, float) and not isinstance(got, float)):
                verdicts.check(name, f"value of {field}", False, f"{one.id}: {got!r}, {expected!r} wanted")
    for number in mine:
        one = cls.get_by_id(client, number)
        verdicts.check(name, "get_by_id", one is not None and one.to_dict() == {f: value_of(cls, f, mine[number]) for f in cls._get_scalar_fields()}, number)
    verdicts.check(name, "get_by_id of nothing", cls.get_by_id(client, 999999) is None)


def check_relations(verdicts, client, cls, rows):
    name = cls.__name__
    for one in cls.find(client)[:OBJECTS_MAX]:
        for field in cls._get_relationship_fields():
            expected = [row["id"] for row in related(cls, field, rows[name][one.id], rows)]
            got = getattr(one, field)
            ids = [other.id for other in got] if isinstance(cls.__dict__[field], ListRelationship) else [] if got is None else [got.id]
            verdicts.check(name, f"relation {field}", ids == expected, f"{one.id}: {ids}, {expected} wanted")


def like(pattern, flags):
    text = re.sub(r"\\(.)|(%)|(_)|([^\\%_]+)", lambda m: re.escape(m[1]) if m[1] else ".*" if m[2] else "." if m[3] else re.escape(m[4]), pattern, flags=re.S)
    return re.compile(text, flags | re.S)


def operators(field, value):
    """Pairs of an expression's maker and what it means."""
    pairs = [
        (lambda f: f == value, lambda v: v == value),
        (lambda f: f != value, lambda v: v != value),
        (lambda f: f._in([value]), lambda v: v == value),
        (lambda f: f._in([]), lambda v: False),
    ]
    if not isinstance(field, BooleanField):
        pairs += [
            (lambda f: f > value, lambda v: v > value),
            (lambda f: f >= value, lambda v: v >= value),
            (lambda f: f < value, lambda v: v < value),
            (lambda f: f <= value, lambda v: v <= value),
        ]
    return pairs


PATTERNS = ["%ibo%", "ts\\_01", "%IBO%", "TS_01", "TS\\_01", "%", "", "é%", "%\\%%", "it's"]


def patterns_of(texts_before):
    """Every pattern on a class's first field of text, by both operators; on each other field another two: how a pattern is read does not depend on the field."""
    if texts_before == 0:
        return [(operator, flags, pattern) for pattern in PATTERNS for operator, flags in (("like", 0), ("ilike", re.I))]
    return [(operator, flags, PATTERNS[(texts_before + at) % len(PATTERNS)]) for at, (operator, flags) in enumerate((("like", 0), ("ilike", re.I)))]


def check_filters(verdicts, client, cls, rows):
    name = cls.__name__
    texts = 0
    mine = rows[name]
    enums = client.schema.type_map[cls._gql_type].fields
    for field_name in cls._get_scalar_fields():
        field = cls.__dict__[field_name]
        if isinstance(field, ListField):
            continue
        attribute = getattr(cls, field_name)
        plain = {number: row.get(field_name) for number, row in mine.items()}
        read = moment if isinstance(field, DateField) else lambda value: value
        there = [value for value in plain.values() if value is not None] or [{StringField: "x", IntField: 1, FloatField: 1.5, BooleanField: True, DateField: "2024-01-01T00:00:00+00:00"}[type(field)]]
        value = there[len(there) // 2]
        kind = str(enums[next(iter([f for f in enums if f.lower() == field_name.replace("_", "").lower()]))].type).rstrip("!")
        is_enum = kind.endswith("_enum")
        if is_enum and value not in client.schema.type_map[kind].values:
            continue
        for make, means in operators(field, value if not isinstance(field, DateField) else moment(value)):
            expression = make(attribute)
            if isinstance(field, DateField):
                expression.value = [value] if isinstance(expression.value, list) and expression.value else value if not isinstance(expression.value, list) else []
            expected = sorted(number for number, one in plain.items() if one is not None and means(read(one)))
            got = [one.id for one in cls.find(client, [expression])]
            verdicts.check(name, f"{field_name} {expression.operator}", got == expected, f"{value!r}: {got}, {expected} wanted")
        for yes in (True, False):
            expected = sorted(number for number, one in plain.items() if (one is None) == yes)
            got = [one.id for one in cls.find(client, [attribute.is_null(yes)])]
            verdicts.check(name, f"{field_name} is_null {yes}", got == expected, f"{got}, {expected} wanted")
        if isinstance(field, StringField) and not is_enum:
            for operator, flags, pattern in patterns_of(texts):
                expected = sorted(number for number, one in plain.items() if one is not None and like(pattern, flags).fullmatch(one))
                got = [one.id for one in cls.find(client, [getattr(attribute, operator)(pattern)])]
                verdicts.check(name, f"{field_name} {operator}", got == expected, f"{pattern!r}: {got}, {expected} wanted")
            texts += 1


def check_chains(verdicts, client, rows):
    draw = random.Random(5)
    deepest = 0
    for _ in range(CHAINS):
        cls = draw.choice(classes())
        at, chain, steps = cls, cls, []
        for _ in range(draw.randint(1, 4)):
            relations = at._get_relationship_fields()
            if not relations:
                break
            step = draw.choice(relations)
            chain = getattr(chain, step)
            steps.append(step)
            at = at.__dict__[step].related_class
        deepest = max(deepest, len(steps))
        wanted = draw.sample(sorted(rows[at.__name__]), 3)

        def reaches(current, row, left):
            if not left:
                return row["id"] in wanted
            relation = current.__dict__[left[0]]
            return any(reaches(relation.related_class, other, left[1:]) for other in related(current, left[0], row, rows))

        expected = sorted(number for number, row in rows[cls.__name__].items() if reaches(cls, row, steps))
        got = [one.id for one in cls.find(client, [getattr(chain, "id")._in(wanted)])]
        verdicts.check("chains", f"{cls.__name__}.{'.'.join(steps)}", got == expected, f"{got}, {expected} wanted")
    verdicts.check("chains", "four relations deep", deepest == 4, deepest)


def check_errors(verdicts, client):
    try:
        portal.Run.find(client, [portal.Run.name.like("\\")])
        verdicts.check("errors", "are told", False, "nothing was raised")
    except Exception as error:
        verdicts.check("errors", "are told", "escape character" in str(error), repr(error))
    runs = portal.Run.find(client, [portal.Run.id._in(list(range(1, 20001)))])
    verdicts.check("errors", "twenty thousand identifiers", len(runs) > 0, len(runs))


def main(url, path):
    rows = load(path)
    client = Client(url)
    verdicts = Verdicts()
    verdicts.check("client", "classes", len(classes()) == 23, [cls.__name__ for cls in classes()])
    for cls in classes():
        for check in (check_class, check_relations, check_filters):
            verdicts.guard(cls.__name__, check.__name__, check, verdicts, client, cls, rows)
    verdicts.guard("chains", "check_chains", check_chains, verdicts, client, rows)
    verdicts.guard("errors", "check_errors", check_errors, verdicts, client)
    verdicts.print()


main(sys.argv[1], sys.argv[2])
