"""Which accounts a password opens, and which sign-ins go on."""

from django.contrib.auth.backends import ModelBackend

from .models import User


class AccountBackend(ModelBackend):
    """Django's own, but for accounts of the demonstration where it is off: they get the ordinary refusal, and whoever is
    still signed in with one is out with the next request (ID-1). Rights are no business of it: networks/access."""

    def user_can_authenticate(self, user: User) -> bool:
        return user.may_sign_in

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("person").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
