"""The officer's form of what residents are told of a session."""

from django import forms

from networks.forms import VersionedForm
from networks.names import plain_phone

from .models import Announcement, TrainingSession


class AnnouncementForm(VersionedForm):
    class Meta:
        model = Announcement
        fields = ["is_public", "phone", "words", "takes_sign_ups", "capacity"]
        widgets = {
            "phone": forms.TextInput({"class": "w-half", "inputmode": "tel"}),
            "capacity": forms.NumberInput({"class": "w-figure", "inputmode": "numeric"}),
        }

    def clean_phone(self) -> str:
        phone = self.cleaned_data["phone"]
        try:
            return plain_phone(phone) if phone else ""
        except ValueError:
            raise forms.ValidationError("请填写电话号码，如 0771-6822020；分机写“转801”") from None


def proposed_for(session: TrainingSession) -> Announcement:
    """A new announcement with the number that its unit gave last."""
    earlier = Announcement.objects.filter(session__organiser=session.organiser_id).exclude(phone="")
    return Announcement(session=session, phone=earlier.order_by("-pk").values_list("phone", flat=True).first() or "")
