"""What a reorganisation wrote, row by row, so that a wrong entry which nothing has followed yet can be taken back.

While a journal is open, every save and deletion of one of our rows puts down what the row was before and is after; what is
written in bulk says so itself (`wrote`). Taking back goes through it backwards and refuses as soon as a row is no longer as
the journal left it, or something else points to a row that would go.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

APPS = {"networks", "trainings", "reporting"}
UNTOLD = {"version"}  # counted up by everybody who saves
BULK = 500

Values = dict[str, object]


class Journal:
    """The entries of one act, in the order in which they were written; plain values that JSON can hold."""

    def __init__(self) -> None:
        self.entries: list[dict[str, object]] = []
        self.before: dict[tuple[type[models.Model], object], Values | None] = {}

    def add(self, row: models.Model, before: Values | None, after: Values | None) -> None:
        if before != after:
            self.entries.append({"model": row._meta.label_lower, "pk": row.pk, "before": before, "after": after})


_open: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextlib.contextmanager
def opened() -> Iterator[Journal]:
    journal = Journal()
    token = _open.set(journal)
    try:
        yield journal
    finally:
        _open.reset(token)


def wrote(model: type[models.Model], keys: Iterable[int], field: str, before: object, after: object) -> None:
    """Told by whoever writes one column of many rows at once."""
    if (journal := _open.get()) and (keys := list(keys)):
        journal.entries.append(
            {"model": model._meta.label_lower, "keys": keys, "field": field, "before": before, "after": after}
        )


# --- listening -----------------------------------------------------------------------------------------


def _kept(model: type[models.Model]) -> bool:
    return model._meta.app_label in APPS and not _is_history(model)


def _is_history(model: type[models.Model]) -> bool:
    return model._meta.model_name.startswith("historical")


def _stored(model: type[models.Model], pk: object) -> Values | None:
    row = model._base_manager.filter(pk=pk).first()
    return _values(row) if row else None


def _values(row: models.Model) -> Values:
    found = {name: field.value_from_object(row) for name, field in _fields(type(row)).items()}
    return json.loads(json.dumps(found, cls=DjangoJSONEncoder, default=str))


def _about_to_write(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    if (journal := _open.get()) and _kept(sender):
        journal.before[sender, instance.pk] = _stored(sender, instance.pk) if instance.pk else None


def _has_written(sender: type[models.Model], instance: models.Model, created: bool, **_: object) -> None:
    if (journal := _open.get()) and _kept(sender):
        before = None if created else journal.before.pop((sender, instance.pk), None)
        journal.add(instance, before, _stored(sender, instance.pk))


def _has_deleted(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    if (journal := _open.get()) and _kept(sender):
        journal.add(instance, journal.before.pop((sender, instance.pk), None), None)


def _has_linked(
    sender: type[models.Model], instance: models.Model, action: str, reverse: bool, pk_set: set | None, **_: object
) -> None:
    """Many-to-many links are no rows of ours: what was added, and what of that which is removed was there."""
    if not (journal := _open.get()) or reverse or action not in {"post_add", "pre_remove"}:
        return
    [field] = [field for field in instance._meta.many_to_many if field.remote_field.through is sender]
    keys = set(pk_set or ())
    if action == "pre_remove":
        keys &= set(getattr(instance, field.name).values_list("pk", flat=True))
    if keys:
        journal.entries.append(
            {"model": instance._meta.label_lower, "pk": instance.pk, "links": field.name, action: sorted(keys)}
        )


pre_save.connect(_about_to_write)
post_save.connect(_has_written)
pre_delete.connect(_about_to_write)
post_delete.connect(_has_deleted)
m2m_changed.connect(_has_linked)


# --- taking back ---------------------------------------------------------------------------------------


@transaction.atomic
def take_back(entries: list[dict], actor: models.Model, reason: str) -> None:
    """Everything as it was before. Raises ValidationError, and changes nothing, where something has followed."""
    made = {(entry["model"], str(entry["pk"])) for entry in entries if "after" in entry and "pk" in entry}
    for entry in reversed(entries):
        model = apps.get_model(entry["model"])
        if "keys" in entry:
            _write_back(model, entry, actor, reason)
        elif "links" in entry:
            _link_back(model, entry)
        elif entry["after"] is None:
            _save(_built(model, entry["before"]), actor, reason, force_insert=True)
        elif entry["before"] is None:
            row = _as_left(model, entry)
            _refuse_followed(row, made)
            row._history_user, row._change_reason = actor, reason
            row.delete()
        else:
            row, fields = _as_left(model, entry), _fields(model)
            for name in _told(entry):
                setattr(row, name, fields[name].to_python(entry["before"][name]))
            _save(row, actor, reason)


def _told(entry: dict) -> list[str]:
    """The fields that the act wrote."""
    before, after = entry["before"], entry["after"]
    return [name for name in after if name not in UNTOLD and (before is None or before[name] != after[name])]


def _as_left(model: type[models.Model], entry: dict) -> models.Model:
    row = model._base_manager.select_for_update(of=("self",)).filter(pk=entry["pk"]).first()
    now = _values(row) if row else {}
    if any(now.get(name) != entry["after"][name] for name in _told(entry)) or row is None:
        raise ValidationError(f"{model._meta.verbose_name}“{row or entry['pk']}”后来又有改动，不能撤销")
    return row


def _link_back(model: type[models.Model], entry: dict) -> None:
    row = model._base_manager.get(pk=entry["pk"])
    links = getattr(row, entry["links"])
    added, there = set(entry.get("post_add", ())), set(links.values_list("pk", flat=True))
    if not added <= there:
        raise ValidationError(f"{model._meta.verbose_name}“{row}”后来又有改动，不能撤销")
    links.remove(*added)
    links.add(*entry.get("pre_remove", ()))


def _fields(model: type[models.Model]) -> dict[str, models.Field]:
    return {field.attname: field for field in model._meta.concrete_fields}


def _built(model: type[models.Model], values: Values) -> models.Model:
    fields = _fields(model)
    return model(**{name: fields[name].to_python(value) for name, value in values.items()})


def _save(row: models.Model, actor: models.Model, reason: str, **how: bool) -> None:
    row._history_user, row._change_reason = actor, reason
    if hasattr(row, "version"):
        row.version += 1
    row.save(**how)


def _write_back(model: type[models.Model], entry: dict, actor: models.Model, reason: str) -> None:
    counted = {"version": F("version") + 1} if "version" in _fields(model) else {}
    for first in range(0, len(entry["keys"]), BULK):
        keys = entry["keys"][first : first + BULK]
        there = model._base_manager.filter(pk__in=keys, **{entry["field"]: entry["after"]})
        if there.update(**{entry["field"]: entry["before"]}, **counted) != len(keys):
            raise ValidationError(f"有的{model._meta.verbose_name}后来又有改动，不能撤销")
        if hasattr(model, "history"):
            rows = list(model._base_manager.filter(pk__in=keys))
            model.history.bulk_history_create(
                rows, batch_size=BULK, update=True, default_user=actor, default_change_reason=reason
            )


def _refuse_followed(row: models.Model, made: set[tuple[str, str]]) -> None:
    """Nothing that the act did not write itself may point to a row that would go."""
    for relation in row._meta.get_fields(include_hidden=True):
        if (
            not relation.auto_created
            or relation.concrete
            or relation.many_to_many
            or _is_history(relation.related_model)
        ):
            continue
        model = relation.related_model
        pointing = model._base_manager.filter(**{relation.field.name: row}).values_list("pk", flat=True)
        others = [pk for pk in pointing if (model._meta.label_lower, str(pk)) not in made]
        if others:
            name = model._meta.verbose_name
            raise ValidationError(f"已有 {len(others)} 条“{name}”记在{row}名下，不能撤销；请先改到别处，或另办一次变更")
