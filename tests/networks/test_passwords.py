"""Two policies, and what is refused under both: words, names and numbers that somebody here would try first (ID-3)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from networks.models import Person, User
from networks.passwords import _pinyin, _rows, guessable_words, in_pinyin, unexplained

HOME = Path(settings.BASE_DIR)
TOWN = User(username="town-450124100")

RULES = ["networks.passwords.NotAboutTheAccount", "networks.passwords.NotGuessable"]
RULES.append("django.contrib.auth.password_validation.CommonPasswordValidator")
POLICIES = {
    name: [{"NAME": rule} for rule in [own, *RULES]]
    for name, own in {"dengbao": "networks.passwords.LengthAndKinds", "asvs": "networks.passwords.LengthAlone"}.items()
}


def refused(password, user=TOWN):
    try:
        validate_password(password, user)
    except ValidationError as problem:
        return {error.code for error in problem.error_list}
    return set()


@pytest.fixture(params=POLICIES)
def policy(request, settings):
    settings.AUTH_PASSWORD_VALIDATORS = POLICIES[request.param]
    return request.param


# --- the two policies ----------------------------------------------------------------------------------


def chosen(**environment):
    """What the settings make of this environment, in a process of its own."""
    words = "from django.conf import settings as s; print(s.AUTH_PASSWORD_VALIDATORS[0]['NAME'].split('.')[-1],"
    words += " s.PASSWORD_EXPIRES_AFTER_DAYS, s.MFA_REQUIRED, len(s.AUTH_PASSWORD_VALIDATORS))"
    base = {"DJANGO_SETTINGS_MODULE": "mashan_edu.settings", "SECRET_KEY": "x", "LEDGER_KEY": "x", "PYTHONUTF8": "1"}
    clean = {k: v for k, v in os.environ.items() if k not in {"DEMO", "MFA_REQUIRED", "PASSWORD_POLICY"}}
    told = subprocess.run(
        [sys.executable, "-c", words], cwd=HOME, env=clean | base | environment, capture_output=True, text=True
    )
    return told.stdout.split() or told.stderr


def test_id_3_dengbao_is_the_policy_of_an_installation_that_says_nothing_and_asks_for_a_second_factor():
    assert chosen() == ["LengthAndKinds", "365", "True", "4"]


def test_id_3_the_other_policy_asks_for_length_alone_and_never_expires():
    assert chosen(PASSWORD_POLICY="asvs", MFA_REQUIRED="off") == ["LengthAlone", "0", "False", "4"]
    assert chosen(PASSWORD_EXPIRES_AFTER_DAYS="90", DEMO="on") == ["LengthAndKinds", "90", "False", "4"]


def test_id_3_a_policy_that_nobody_knows_refuses_to_start():
    assert "PASSWORD_POLICY 只能是 dengbao 或 asvs，现在是 strict" in chosen(PASSWORD_POLICY="strict")


@pytest.mark.parametrize(
    ("password", "dengbao", "asvs"),
    [
        ("Brave-Otter-88", True, True),
        ("brave otter climbs", False, True),  # one kind and a sign: no digits, no capitals
        ("braveotterclimbs", False, True),
        ("Kx7-qVm2", True, False),  # short, of four kinds
        ("Brave-Otte", True, False),
        ("Kx7-qVm", False, False),
        ("ab 12 !? zq", True, False),
        ("织布机旁三只水獭爬山坡去", False, True),
    ],
)
def test_id_3_the_policies_differ_in_kinds_and_length(settings, password, dengbao, asvs):
    for name, good in [("dengbao", dengbao), ("asvs", asvs)]:
        settings.AUTH_PASSWORD_VALIDATORS = POLICIES[name]
        assert (refused(password) == set()) is good, name


def test_id_3_under_asvs_no_password_expires(world, client, settings):
    settings.PASSWORD_EXPIRES_AFTER_DAYS = 0
    User.objects.filter(pk=world.town.pk).update(password_changed_at="2001-01-01T00:00Z")
    client.force_login(world.town)
    assert client.get("/accounts/me/").status_code == 200
    settings.PASSWORD_EXPIRES_AFTER_DAYS = 365
    assert client.get("/accounts/me/")["Location"] == "/password/"


# --- what is refused under both ------------------------------------------------------------------------

WORDS = [  # each as somebody would write it to satisfy the rule about kinds
    "Mashan@2026!",
    "M4sh4n#19950312",
    "nahsaM-2026",
    "M.a.s.h.a.n.2026",
    "ＭａｓｈａｎＡ@２０２６",
    "Jiaoyuju123",
    "J1aoyuju@888",
    "Baishan-2026!",
    "B@1sh@nzh3n.1",
    "Linxu-Zhen-2019",
    "Linwei-Zhen-2019",  # the same place as the dictionary reads it
    "Yangshancun@2024",
    "羊山村Abc123!!",
    "白山镇专干Aa123456",
    "Msxjyj@20260101",
    "Wxgtj-wxgtj-77",
    "Woaini5201314!",
    "Zhangwei19900101!",
    "Iloveyou@1314520",
    "1qaz@WSX3edc4rfv",
    "1q2w3e4r5t6Y!",
    "Qwer1234!@#$",
    "Abcdefg1234567!",
    "Aa123456789@",
    "P@ssw0rd2026",
    "Admin@123456",
    "Welcome@20260101",
    "18277112345Aa!",
    "Peixun@taizhang1",
    "Spring-2026-Summer",
    "Town450124100!x",
]


@pytest.mark.parametrize("password", WORDS)
def test_id_3_what_an_acquaintance_would_try_is_refused_under_both_policies(policy, password):
    assert refused(password) & {"password_guessable", "password_about_account"}


@pytest.mark.parametrize("password", ["Brave-Otter-88", "tG4$wp9Zkq3c", "Luosifen-zhenhaochi-9", "Calm-Otter-99"])
def test_id_3_words_that_have_nothing_to_do_with_each_other_are_taken_under_both(policy, password):
    assert refused(password) == set()


def test_id_3_the_name_of_whoever_uses_the_account_is_a_word_too(policy):
    owner = User(username="town-1", person=Person(pk=1, name="金古乔"))
    for password in ["Jinguqiao-2026!", "金古乔Abc-20260101", "Qiaogujin@1", "Jinguqi@o2026"][:2]:
        assert "password_guessable" in refused(password, owner)
    assert "password_guessable" not in refused("Jinguqiao-2026!", TOWN)


def test_id_3_a_refusal_says_in_chinese_what_to_do(world, client):
    client.force_login(world.town)
    new = {"old_password": "Correct-Horse-7", "new_password1": "Baishan-2026!", "new_password2": "Baishan-2026!"}
    page = client.post("/password/", new).content.decode()
    assert "可以用三四个互不相干的词连起来" in page and "This password" not in page
    world.town.refresh_from_db()
    assert world.town.check_password("Correct-Horse-7")


# --- the list ------------------------------------------------------------------------------------------


def test_id_3_every_place_and_unit_of_the_county_is_in_the_list_in_characters_and_in_pinyin():
    words = guessable_words()
    names = {row["name"] for row in _rows("mashan_divisions.csv")}
    names |= {name for row in _rows("member_units.csv") for name in [row["name"], *row["aliases"].split("|")] if name}
    assert len(names) > 180
    missing = {sign for name in names for sign in name if sign not in _pinyin()}
    assert missing == set(), "add their readings to networks/data/pinyin.csv"
    for name in names:
        assert name in words and in_pinyin(name) <= words and in_pinyin(name), name
    assert {"baishan", "guling", "xinhancun", "jiaoyuju", "msxjyj", "wxgtj", "4321", "qaz"} <= words


def test_id_3_the_list_by_hand_holds_each_word_once_in_small_letters():
    lines = (HOME / "networks/data/guessable_by_hand.txt").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert len(words) > 300 and words == [word.lower() for word in words]
    assert sorted({word for word in words if words.count(word) > 1}) == []


@given(st.text(max_size=200))
def test_id_3_any_text_is_weighed_and_never_more_than_all_of_it_remains(text):
    assert 0 <= unexplained(text) <= sum(map(str.isalnum, text)) * 20  # NFKC writes one sign as up to eighteen


@given(st.lists(st.sampled_from(sorted(guessable_words())), min_size=1, max_size=3), st.sampled_from("-_.@# "))
def test_id_3_known_words_strung_together_leave_nothing(words, sign):
    assert unexplained(sign.join(words)) == 0
