"""Making a 上报件 ready from a form, and what the form says today compared with what was sent."""

import hashlib

from networks.models import User
from networks.uploads import Prepared

from .exports import XLSX, xlsx
from .forms import FORMS
from .forms.filling import Difference, differences, fill, frozen
from .forms.parts import Form
from .forms.sources import Sources
from .models import AssessmentYear, Submission


def prepare(
    form: Form, year: AssessmentYear, actor: User, *, to_whom: str, corrects: Submission | None = None, why: str = ""
) -> Submission:
    """Fills the form and freezes it with its workbook. Inside `uploads.atomic()`. Raises what `Submission.prepare` raises."""
    sources = Sources(year, actor)
    filled = fill(form, year, actor, sources)
    content = xlsx(filled.export())
    workbook = Prepared(f"{form.key}.xlsx", content, XLSX, hashlib.sha256(content).hexdigest())
    return Submission.prepare(
        year,
        actor=actor,
        form=form.key,
        to_whom=to_whom,
        as_of=sources.day,
        figures=frozen(filled),
        workbook=workbook,
        corrects=corrects,
        why=why,
    )


def changed_since(row: Submission, user: User) -> list[Difference] | None:
    """What the form says otherwise today; None where the form is no longer kept."""
    form = FORMS.get(row.form)
    return differences(row.content, frozen(fill(form, row.year, user))) if form else None
