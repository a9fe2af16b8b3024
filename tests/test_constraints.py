"""IN-5: every rule that a model declares is held by the database itself, on both engines. Nothing is listed here, so nothing can
be forgotten: a row that breaks each rule is looked for, and written past the models. That each rule is the right one, the tests
of its subject say."""

import datetime
import random
import uuid

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.expressions import BaseExpression

OURS = {"networks", "trainings", "reporting"}
MODELS = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in OURS and model._meta.constraints and not hasattr(model, "instance_type")
]
MOST_TRIES = 4_000
# Whatever breaks the first breaks the second too, which PostgreSQL asks first: it goes by the alphabet.
IMPLIED = {
    "bulletin_status_known": "bulletin_issued_whole",
    "objection_status_known": "objection_answered_why_and_by_whom",
}
DAY = datetime.date(2026, 3, 5)


def leaves(condition) -> list[tuple[str, object]]:
    """The (lookup, value) pairs of a condition, however deep."""
    if isinstance(condition, Q):
        return [leaf for child in condition.children for leaf in leaves(child)]
    if isinstance(condition, BaseExpression):
        return [leaf for child in condition.get_source_expressions() if child is not None for leaf in leaves(child)]
    return [condition] if isinstance(condition, tuple) else [(condition.name, None)] if isinstance(condition, F) else []


def literals(model, condition) -> dict[models.Field, list]:
    """{field that the condition speaks of: the values that it names}."""
    found = {}
    for lookup, value in leaves(condition):
        names = [lookup.split("__")[0]] + ([value.name.split("__")[0]] if isinstance(value, F) else [])
        for name in names:
            try:
                field = model._meta.get_field(name)
            except FieldDoesNotExist:
                continue
            named = value if isinstance(value, list | tuple | set) else [value]
            found.setdefault(field, []).extend(v for v in named if isinstance(v, str | int | datetime.date))
    return found


def some(field: models.Field) -> object:
    """A value that a column of this kind takes, whatever it means."""
    field = getattr(field, "target_field", field)
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.DecimalField | models.FloatField | models.IntegerField | models.AutoField):
        return 1
    if isinstance(field, models.DateTimeField):
        return datetime.datetime(2026, 3, 5, 1, tzinfo=datetime.UTC)
    if isinstance(field, models.DateField):
        return DAY
    if isinstance(field, models.TimeField):
        return datetime.time(9)
    if isinstance(field, models.UUIDField):
        return uuid.UUID(int=1)
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.BinaryField):
        return b"x"
    return "x"


def others(field: models.Field, named: list) -> list:
    """Values worth trying in a column of which a rule speaks, those that rules usually refuse first."""
    kind = getattr(field, "target_field", field)
    tried = [some(field)]
    if isinstance(kind, models.BooleanField):
        tried += [True]
    elif isinstance(kind, models.DateTimeField | models.DateField):
        tried += [tried[0] + datetime.timedelta(days=days) for days in (-1, 1, -40_000)]
    elif isinstance(kind, models.TimeField):
        tried += [datetime.time(8), datetime.time(10)]
    elif isinstance(kind, models.DecimalField | models.FloatField | models.IntegerField | models.AutoField):
        numbers = [n for n in named if isinstance(n, int) and not isinstance(n, bool)]
        tried += [n + d for n in numbers for d in (-1, 0, 1)] + [0, 2, 30_000]
    elif isinstance(kind, models.CharField | models.TextField | models.FileField):
        longest = kind.max_length or 100
        digits = ["1234", "12345", "450124", "450124100", "450124100201"]
        words = ["", *(n for n in named if isinstance(n, str)), *digits]
        tried += [word for word in words if len(word) <= longest]
    if field.null:
        tried.append(None)
    return list(dict.fromkeys(tried)) if all(map(hashable, tried)) else tried


def hashable(value: object) -> bool:
    return not isinstance(value, dict)


def broken(model, rule: CheckConstraint) -> bool:
    """Whether the database names this rule as the reason for which it refuses a row. Walks from row to row: what one was refused
    for is changed in the next, so that no other rule stands before the one that is asked about."""
    spoken_of = {
        one.name: {field: others(field, named) for field, named in literals(model, one.condition).items()}
        for one in [*model._meta.constraints, rule]
        if isinstance(one, CheckConstraint)
    }
    row = {field: some(field) for field in model._meta.concrete_fields if not field.null or field.primary_key}
    chance = random.Random(rule.name)
    for _ in range(MOST_TRIES):
        words = refusal(model, row)
        implied = rule.name in IMPLIED and IMPLIED[rule.name] in words
        if implied:
            implied = not rule.condition.check({"status": row[model._meta.get_field("status")]})
        if rule.name in words or implied:
            return True
        named = next((name for name in spoken_of if name in words), rule.name)
        for field, values in spoken_of[named].items():
            row[field] = chance.choice(values)
    return False


def refusal(model, row: dict) -> str:
    """What the database says to a row that is written past the model, or '' when it takes it; the row is not kept."""
    fields = [field for field in row if not getattr(field, "generated", False)]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    values = [field.get_db_prep_save(row[field], connection) for field in fields]
    marks = ", ".join(["%s"] * len(values))
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})", values)
            transaction.set_rollback(True)
    except IntegrityError as refused:
        return str(refused)
    except DatabaseError as refused:  # too long, out of range: not what was looked for
        return f"{type(refused).__name__}: {refused}"
    return ""


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_in_5_the_database_itself_refuses_what_breaks_a_rule(model):
    rules = [rule for rule in model._meta.constraints if isinstance(rule, CheckConstraint)]
    assert [rule.name for rule in rules if not broken(model, rule)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_in_5_what_is_there_once_is_held_by_an_index_of_the_database(model):
    unique = [rule for rule in model._meta.constraints if isinstance(rule, UniqueConstraint)]
    assert [rule.name for rule in unique if not indexed(model, rule)] == []


@pytest.mark.django_db
def test_in_5_a_rule_that_the_database_does_not_hold_is_found_out(monkeypatch):
    """The control: these two stand in no table."""
    monkeypatch.setattr("tests.test_constraints.MOST_TRIES", 50)
    model = apps.get_model("trainings", "SignUp")
    assert not broken(model, CheckConstraint(condition=Q(seats__lte=2), name="held_nowhere"))
    assert not indexed(model, UniqueConstraint(fields=["name"], name="once_nowhere"))


def indexed(model, rule: UniqueConstraint) -> bool:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # whose own words are kept as they were given
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL", [table])
            editor = connection.schema_editor()
            editor.deferred_sql = []
            words = str(rule.constraint_sql(model, editor) or rule.create_sql(model, editor))
            return any(words in sql for (sql,) in cursor.fetchall())
        held = connection.introspection.get_constraints(cursor, table).get(rule.name, {})
    columns = [model._meta.get_field(field).column for field in rule.fields]
    return bool(held.get("unique")) and (not columns or held["columns"] == columns)
