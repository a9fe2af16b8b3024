"""The failures of comparable systems that have to be refused here, and which tests refuse each.

Most of these tests lie beside what they are about; this is where to look them up. A test that is renamed or taken away fails here.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings

TESTS = Path(__file__).resolve().parents[1]

WALK = "test_ac_1_a_page_answers_everybody_as_the_table_says"  # every address, method, sample and account
REFUSED_BY = {
    "download by id without a check of its owner": [
        WALK,
        "test_up_2_a_file_is_handed_out_as_a_download_in_a_sandbox_after_a_scope_check",
        "test_up_2_a_guarded_attachment_has_no_second_door",
    ],
    "a new endpoint wider than its caller": [
        "test_ac_1_every_address_of_the_site_stands_in_the_table",
        "test_sc_1_each_address_is_asked_for_by_a_test_of_its_own",
    ],
    "search unfiltered": [
        "test_ac_2_no_list_on_the_site_shows_more_than_the_oracle_says",
        "test_wb_4_no_query_string_breaks_a_page_or_widens_what_it_shows",
        "test_ac_3_filters_name_no_foreign_row_and_answer_no_question_about_hidden_columns",
    ],
    "a rule in the page but not in the list or API": [
        "test_ac_2_what_somebody_sees_is_what_the_oracle_says",
        "test_ac_2_no_list_on_the_site_shows_more_than_the_oracle_says",
        "test_pi_3_ac_6_names_stand_only_where_they_were_asked_for_and_minors_only_in_their_own_unit",
        "test_ac_6_full_names_and_telephones_stand_in_nobodys_pack",
        "test_ac_1_the_history_of_a_session_before_its_submission_is_shown_to_whom_its_drafts_are",
        "test_ac_4_the_screens_of_the_admin_and_the_revert_of_a_history",
    ],
    "ids in a body not resolved again": [
        "test_ac_3_foreign_keys_and_unasked_fields_in_a_body_change_nothing",
        "test_ac_3_ids_of_another_county_in_the_bulk_form_do_nothing",
        "test_ac_3_homes_and_people_of_another_county_are_refused",
        "test_ac_3_choices_offer_and_accept_only_the_own_county",
    ],
    "an id in the body that wins over the one in the address": [
        "test_ac_3_the_key_in_the_address_wins_over_every_key_in_the_body",
        "test_ac_3_a_sheet_is_decided_on_at_its_own_address_alone",
    ],
    "a formset outside its queryset": [
        "test_ac_3_rows_of_a_grid_that_are_not_the_pages_own_are_left_alone",
    ],
    "self-promotion and foreign invitation": [
        "test_ac_5_the_operator_promotes_nobody_to_the_bureau",
        "test_ac_5_nobody_changes_or_resets_their_own_account",
        "test_ac_5_nobody_manages_or_makes_an_account_of_their_own",
        "test_ac_3_persons_and_homes_of_another_county_or_nobody_are_not_taken",
    ],
    "injection through the row scope or the sort key": [
        "test_wb_4_no_sql_is_put_together_from_text",
        "test_wb_4_no_query_string_breaks_a_page_or_widens_what_it_shows",
        "test_wb_4_no_query_string_breaks_a_screen_of_the_admin",
        "test_sc_4_wb_3_wb_4_no_dangerous_call_and_no_client_of_other_hosts",
    ],
    "ORM keyword expansion from a request": [
        "test_sc_4_wb_3_wb_4_no_dangerous_call_and_no_client_of_other_hosts",
        "test_wb_4_no_query_string_breaks_a_page_or_widens_what_it_shows",
    ],
    "stored XSS through names on confirm, error, preview, conflict and print pages": [
        "test_wb_3_hostile_names_add_no_element_to_any_page",
        "test_wb_3_hostile_input_comes_back_as_text",
        "test_wb_3_hostile_names_are_shown_escaped_from_upload_to_result",
        "test_wb_3_no_template_switches_escaping_off",
        "test_wb_1_every_answer_carries_the_headers",  # the policy under which a script that got in would not run
    ],
    "wrong type and active content in uploads": [
        "test_up_1_whatever_else_is_refused_with_a_sentence_that_says_what_to_do",
        "test_up_1_nothing_hidden_behind_the_picture_is_kept",
        "test_xl_1_a_file_that_is_no_such_workbook_is_named_and_nothing_is_kept",
    ],
    "path traversal by absolute path, read and delete": [
        "test_up_2_a_file_lies_under_an_internal_name_readable_by_the_owner_alone",
        "test_up_2_a_row_that_names_a_path_outside_reads_and_removes_nothing_there",
    ],
    "private pages from a cache": [
        "test_wb_1_every_answer_carries_the_headers",
    ],
    "server-side request, template or pickle from input": [
        "test_sc_4_wb_3_wb_4_no_dangerous_call_and_no_client_of_other_hosts",
        "test_sc_4_only_the_files_that_have_a_reason_use_what_could_talk_to_others_or_run_a_text",
        "test_sc_4_starting_checking_and_serving_asks_no_other_machine",
        "test_sc_4_a_template_in_a_text_stays_a_text",
        "test_sc_4_what_a_session_of_a_browser_holds_is_never_unpickled",
    ],
    "default credentials": [
        "test_id_1_a_fresh_installation_has_no_account_at_all",
        "test_id_1_demo_accounts_cannot_be_entered_by_button_outside_the_demonstration",
        "test_id_1_accounts_of_the_demonstration_sign_in_nowhere_else_by_password_or_link",
        "test_id_1_a_demonstration_that_is_served_in_earnest_is_an_error_of_the_check",
        "test_id_1_secrets_are_written_once_at_random_and_for_the_owner_alone",
    ],
}


@pytest.fixture(scope="module")
def names():
    files = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")]
    return {name for text in files for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)}


def test_all_sixteen_are_here():
    assert len(REFUSED_BY) == 16


@pytest.mark.parametrize("failure", REFUSED_BY)
def test_each_failure_of_comparable_systems_is_refused_by_tests_that_exist(failure, names):
    assert REFUSED_BY[failure] and set(REFUSED_BY[failure]) <= names


def test_sc_4_what_a_session_of_a_browser_holds_is_never_unpickled():
    assert settings.SESSION_SERIALIZER.endswith("JSONSerializer")
