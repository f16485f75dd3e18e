"""Every promise of docs/api.md has its tests, and every one of these is there."""

import re

import pytest

from app.settings import ROOT

API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
HOSTILE = "tests/hostile/test_hostile.py"
HEAVY = "tests/hostile/test_heavy.py"

SERVER = {
    "bytes": [
        (HOSTILE, "test_a_client_that_sends_too_much_can_read_why"),
        ("tests/app/test_refusals.py", "test_a_body_without_a_length_is_counted_as_it_comes"),
    ],
    "pixels": [
        ("tests/imaging/test_photo.py", "test_too_many_pixels_are_refused_on_the_header"),
        ("tests/app/test_contract.py", "test_what_is_beyond_a_limit_is_told_the_limit"),
        ("tests/app/test_contract.py", "test_what_is_at_the_limits_is_read"),
    ],
    "smallest": [
        (
            "tests/imaging/test_photo.py",
            "test_too_few_pixels_are_refused_with_the_least_that_is_read",
        )
    ],
    "formats": [
        (
            "tests/imaging/test_photo.py",
            "test_formats_that_are_not_promised_never_reach_a_decoder",
        ),
        (HOSTILE, "test_an_odd_but_good_photo_is_read"),
    ],
    "frames": [("tests/imaging/test_photo.py", "test_only_the_first_frame_is_seen")],
    "time": [
        (HOSTILE, "test_a_photo_that_decodes_for_ever_is_given_up_in_time"),
        (HOSTILE, "test_a_body_that_dribbles_is_answered_with_408"),
        ("tests/app/test_intake.py", "test_an_answer_that_is_not_there_in_time_is_given_up"),
        (HEAVY, "test_nobody_waits_for_work_that_takes_too_long"),
        (HEAVY, "test_an_answer_that_nobody_takes_is_cut_off_in_time"),
    ],
    "memory": [
        (
            HOSTILE,
            "test_a_thousand_hostile_requests_are_answered_with_sentences_in_bounded_memory",
        ),
        (
            "tests/app/test_decoding.py",
            "test_a_photo_that_needs_more_memory_than_there_is_is_refused",
        ),
        (HEAVY, "test_the_largest_morphs_all_at_once_take_bounded_memory"),
        (HEAVY, "test_answers_that_nobody_takes_make_room_for_others"),
    ],
    "concurrency": [
        (HOSTILE, "test_a_burst_is_queued_and_the_rest_is_asked_to_come_back"),
        (
            "tests/app/test_startup.py",
            "test_as_many_photos_are_decoded_at_once_as_there_are_cores",
        ),
        (HEAVY, "test_one_connection_too_many_is_closed"),
    ],
    "form": [
        ("tests/app/test_contract.py", "test_a_form_has_so_many_fields_of_so_many_bytes"),
        ("tests/app/test_refusals.py", "test_too_many_files_or_a_long_field_is_a_problem"),
    ],
    "metadata": [
        ("tests/imaging/test_photo.py", "test_nothing_that_the_file_says_about_the_photo_is_kept"),
        ("tests/imaging/test_photo.py", "test_no_change_inside_exif_costs_the_photo"),
        (HOSTILE, "test_nothing_of_anyone_is_in_the_log"),
    ],
    "storage": [("tests/app/test_startup.py", "test_no_upload_touches_the_disk")],
    "network": [("tests/app/test_contract.py", "test_no_address_is_ever_asked_for_anything")],
    "headers": [("tests/app/test_server.py", "test_every_answer_carries_the_headers")],
    "errors": [
        ("tests/app/test_refusals.py", "test_a_morph_that_cannot_be_made_says_why"),
        ("tests/app/test_refusals.py", "test_wrong_addresses_and_methods_are_problems_too"),
        ("tests/app/test_refusals.py", "test_a_mistake_of_ours_tells_nobody_how_we_work"),
    ],
    "no face": [("tests/app/test_faces.py", "test_landmarks_placed_by_hand_always_win")],
    "shutdown": [
        (HOSTILE, "test_requests_in_flight_are_answered_before_the_server_goes"),
        (HOSTILE, "test_the_server_goes_in_time_though_a_client_holds_on"),
    ],
    "survival": [(HOSTILE, "test_hundreds_that_dribble_keep_nobody_out")],
}

TRAINER = {
    "one is whole": [
        ("tests/test_training.py", "test_whenever_a_save_breaks_off_a_whole_state_is_left"),
        ("tests/commands/test_train.py", "test_what_a_killed_run_left_half_written_is_cleared"),
    ],
    "killed": [
        (
            "tests/commands/test_signals.py",
            "test_after_kills_at_any_moment_the_run_is_the_uninterrupted_one",
        ),
    ],
    "disk": [
        (
            "tests/test_checkpoint.py",
            "test_an_error_at_any_call_of_a_save_leaves_a_whole_file_and_no_other",
        ),
    ],
    "damage": [
        ("tests/test_checkpoint.py", "test_a_file_cut_anywhere_is_refused"),
        ("tests/test_checkpoint.py", "test_each_of_a_thousand_flipped_bits_is_refused"),
        ("tests/test_checkpoint.py", "test_a_pickle_is_refused_and_not_run"),
        ("tests/test_training.py", "test_instead_of_a_damaged_state_the_one_before_is_used"),
        (
            "tests/test_crafted_checkpoints.py",
            "test_tensors_that_lie_elsewhere_than_they_should_are_never_read",
        ),
    ],
    "signals": [
        (
            "tests/commands/test_signals.py",
            "test_a_signal_saves_and_leaves_and_a_second_one_leaves_at_once",
        ),
    ],
    "two": [
        (
            "tests/commands/test_train.py",
            "test_a_second_trainer_on_the_same_folder_is_refused_and_spoils_nothing",
        ),
    ],
    "half": [("tests/test_checkpoint.py", "test_there_is_never_half_a_file_to_be_seen")],
}


def promises(page, heading):
    """The first cells of the table below a heading."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| ([a-z][^|]*?) \|", section, re.MULTILINE)[1:]


def test_every_promise_to_strangers_is_tested():
    assert promises(API, "What strangers may rely on") == list(SERVER)


def test_every_promise_of_the_trainer_is_tested():
    assert promises(ARCHITECTURE, "What a training run may rely on") == list(TRAINER)


@pytest.mark.parametrize(("path", "test"), [t for ts in (SERVER | TRAINER).values() for t in ts])
def test_a_promises_test_is_there(path, test):
    assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")
