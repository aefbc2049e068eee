"""The hash-chained log (A1-A4), as the store writes it."""

import json
import threading

import numpy as np
import pytest

from core import events
from core.annotations import Fill, NewFilm, Reader
from core.artefacts import Annotation
from core.events import BrokenLog, replay, verify_events
from core.masks import Stroke

ONE, TWO = "1" * 64, "2" * 64
ADA, BOB = Reader("Ada", session="0123456789abcdef"), Reader("Bob", verified=True)
SAM = Reader("Sam", verified=True)


@pytest.fixture
def worklist(store):
    worklist = store.create_worklist("SECRET title", SAM)
    for sha256 in (ONE, TWO):
        film = NewFilm(sha256, "SECRET-1950.png", b"pixels", "png", (30, 40))
        store.add_film(worklist, film, ADA)
    return worklist


def stroke(at, source="manual"):
    return Stroke(np.array([[at, 1.5], [at, 1 / 3]]), 2, label="screw", source=source)


def drawn(*places, **said):
    return Annotation(tuple(stroke(at) for at in places), **said)


def lines(count=4):
    found = []
    for seq in range(1, count + 1):
        previous = events.digest(found[-1]) if found else ""
        now = events.datetime(2026, 1, seq, tzinfo=events.UTC)
        found.append(events.line(seq, previous, now, ADA, "open", {"films": seq}))
    return found


def edited(log, at, **changed):
    """The log with one line changed, and that line's own sum made right again."""
    told = {**json.loads(log[at]), **changed}
    told.pop("sha256")
    told["sha256"] = events.digest(json.dumps(told, separators=(",", ":")))
    return [*log[:at], json.dumps(told, separators=(",", ":")), *log[at + 1 :]]


def test_a1_a_whole_log_passes():
    verify_events([])
    verify_events(lines(), at_least=4)
    verify_events(lines(), at_least=3)


@pytest.mark.parametrize(
    ("broken", "seq"),
    [
        (lambda log: log[1:], 1),
        (lambda log: [log[0], *log[2:]], 2),
        (lambda log: log[:3], 4),
        (lambda log: [], 1),
        (lambda log: [log[1], log[0], *log[2:]], 1),
        (lambda log: [*log, log[3]], 5),
        (lambda log: [log[0].replace("Ada", "Eve"), *log[1:]], 1),
        (lambda log: [*log[:3], log[3].replace("Ada", "Eve")], 4),
        (lambda log: [*log[:3], log[3] + " "], 4),
        (lambda log: [*log[:3], log[3].replace('"Ada"', '"Eve","actor":"Ada"')], 4),
        (lambda log: edited(log, 1, actor="Eve"), 3),
        (lambda log: edited(log, 1, seq=7), 2),
        (lambda log: [*log[:2], "", *log[3:]], 3),
        (lambda log: [*log[:2], "[]", *log[3:]], 3),
        (lambda log: [*log[:2], "[" * 100_000, *log[3:]], 3),
    ],
)
def test_a1_a_line_that_was_removed_or_edited_is_found(broken, seq):
    with pytest.raises(BrokenLog, match=r"line .* of|Line \d") as wrong:
        verify_events(broken(lines()), at_least=4)
    assert wrong.value.seq == seq


def test_a1_the_stores_own_log_passes_and_knows_its_length(store, worklist):
    log = store.events(worklist)
    assert [json.loads(line)["action"] for line in log] == ["create", "add", "add"]
    found = store.worklist(worklist.code)
    verify_events(log, found.events, found.last_event)
    with pytest.raises(BrokenLog):
        verify_events(log[:-1], store.worklist(worklist.code).events)


def made_anew(log, seq, **changed):
    """The log with one line changed, and the chain from there on made right again."""
    told = [json.loads(line) for line in log[seq - 1 :]]
    told[0] |= changed
    log = list(log[: seq - 1])
    for one in told:
        one["previous"] = events.digest(log[-1]) if log else ""
        del one["sha256"]
        one["sha256"] = events.digest(json.dumps(one, separators=(",", ":")))
        log.append(json.dumps(one, separators=(",", ":")))
    return log


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a1_a_chain_that_was_made_anew_is_not_the_one_that_was_written(store, worklist, seq):
    log = store.events(worklist)
    forged = made_anew(log, seq, actor="Eve")
    then = store.worklist(worklist.code)
    verify_events(forged, then.events)  # of itself it is whole
    with pytest.raises(BrokenLog, match="made anew") as wrong:
        verify_events(forged, then.events, then.last_event)
    assert wrong.value.seq == 3
    store.record(worklist, BOB, "open")
    verify_events(store.events(worklist), then.events, then.last_event)


def test_a2_writers_at_once_leave_no_gap(store, worklist):
    def write():
        for at in range(8):
            store.record(worklist, BOB, "export", films=at)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = store.events(worklist)
    assert len(log) == 27
    verify_events(log, 27)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [1]),
        ([1], []),
        ([1, 2, 3], [1, 2, 3, 4]),
        ([1, 2, 3], [1, 3]),
        ([1, 2, 3], [1, 9, 3]),
        ([1, 1], [1, 1, 1]),
        ([1, 1, 1], [1]),
        ([1, 2], [2, 1]),
        ([1, 2], [1, 2]),
    ],
)
def test_a3_a_delta_makes_one_list_of_strokes_of_another(before, after):
    found = events.delta(before, after)
    stay = len(before) - found["last"]
    assert [*before[: found["first"]], *found["between"], *before[stay:]] == after


def test_a3_replaying_the_log_gives_what_is_stored(store, worklist):
    ada, bob = store.begin(worklist, ONE, ADA), store.begin(worklist, ONE, BOB)
    for said in (
        drawn(1),
        drawn(1, 2, 3, comment="hm"),
        drawn(1, 3),
        Annotation(nothing=True),
        drawn(4, 5),
    ):
        ada = store.save(ada, ada.revision, said, by=ADA)
    bob = store.save(bob, 0, drawn(7), by=BOB)
    second = store.begin(worklist, TWO, ADA)
    store.save(second, 0, drawn(8), by=ADA)
    first = store.revisions(ada)[-1]
    ada = store.save(ada, 5, first.annotation, restored_from=1, by=ADA)
    ada = store.save(ada, 6, drawn(1, 6, comment="done"), by=ADA)
    replayed = replay(store.events(worklist))
    assert set(replayed) == {(ONE, "Ada", False), (ONE, "Bob", True), (TWO, "Ada", False)}
    assert replayed[ONE, "Ada", False].same(drawn(1, 6))
    assert replayed[ONE, "Bob", True].same(bob.annotation)
    store.remove_film(worklist, ONE, SAM)
    store.add_film(worklist, NewFilm(ONE, "", b"", "png", (30, 40)), ADA)
    again = store.begin(worklist, ONE, ADA)
    store.save(again, 0, Annotation((stroke(2),), "x"), by=ADA)
    replayed = replay(store.events(worklist))
    assert set(replayed) == {(ONE, "Ada", False), (TWO, "Ada", False)}
    assert replayed[ONE, "Ada", False].same(drawn(2))


def test_a3_a_broken_log_is_not_replayed():
    with pytest.raises(BrokenLog):
        replay(lines()[1:])
    odd = events.line(1, "", events.datetime.now(events.UTC), ADA, "save", {"image": ONE})
    with pytest.raises(BrokenLog, match="not one that this version reads"):
        replay([odd])


def test_a4_a_suggestion_is_told_from_what_a_person_drew(store, worklist):
    reading = store.begin(worklist, ONE, ADA)
    for revision, sources in enumerate((["auto"], ["auto", "manual"], ["manual"], [])):
        strokes = tuple(stroke(3, source) for source in sources)
        store.save(reading, revision, Annotation(strokes, "hm"), by=ADA)
    saves = [json.loads(line) for line in store.events(worklist)][3:]
    assert [event["source"] for event in saves] == ["AUTO", "SEMI-AUTO", "MANUAL", "MANUAL"]
    assert saves[0]["delta"]["between"][0]["source"] == "auto"
    assert [(one["before"], one["after"]) for one in saves] == [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 4),
    ]


def test_a4_a_suggestion_names_its_program_where_that_is_known(store, worklist):
    reading = store.begin(worklist, ONE, ADA)
    for revision, (places, how) in enumerate(
        [
            ([("manual", 1)], {}),
            ([("auto", 2), ("manual", 1)], {}),
            ([("manual", 3), ("auto", 2), ("manual", 4)], {}),
            ([("auto", 5)], {"imported": True}),
            ([("manual", 1)], {"restored_from": 1}),
            ([("auto", 2), ("manual", 1)], {"restored_from": 2}),
        ]
    ):
        strokes = tuple(stroke(place, source) for source, place in places)
        store.save(reading, revision, Annotation(strokes, "hm"), by=ADA, **how)
    saves = [json.loads(line) for line in store.events(worklist)][3:]
    lightbox = f"Lightbox {saves[0]['app']}"
    assert [one.get("program") for one in saves] == [None, lightbox, None, None, None, None]
    assert [one.get("imported") for one in saves] == [None, None, None, True, None, None]


def test_p4_the_log_holds_no_name_of_a_film_no_comment_and_no_reason(store, worklist):
    reading = store.begin(worklist, ONE, ADA)
    store.save(reading, 0, drawn(3, comment="SECRET comment"), by=ADA)
    store.submit(reading, 1, ADA)
    store.submitted(worklist, ONE, BOB)
    store.review(reading, BOB, False, "SECRET reason")
    store.submit(reading, 1, ADA)
    store.review(reading, BOB, True)
    store.keep_consensus(worklist, ONE, "majority", drawn(comment="SECRET"), [(1, 1)], {}, BOB)
    store.give_back(worklist, Fill(ONE, "png", b"x", {"film": "SECRET"}, "SECRET"), BOB)
    store.remove_film(worklist, TWO, ADA)
    log = store.events(worklist)
    told = [json.loads(line) for line in log]
    assert [event["action"] for event in told[3:]] == [
        *("save", "submit", "look", "send back", "submit", "accept", "consensus", "fill"),
        "remove",
    ]
    assert "SECRET" not in "".join(log)
    assert {event["session"] for event in told if event["actor"] == "Ada"} == {"01234567"}
    assert all(event["ts"].endswith("+00:00") for event in told)


def test_what_the_store_logs_itself_is_logged_by_nobody_else(store, worklist):
    store.record(worklist, BOB, "export", formats=["coco"], films=2)
    assert json.loads(store.events(worklist)[-1])["formats"] == ["coco"]
    for action in ("save", "remove", "accept"):
        with pytest.raises(ValueError, match="itself"):
            store.record(worklist, BOB, action)


@pytest.mark.parametrize("name", sorted(events.RESERVED - {"action"}))
def test_a1_no_fact_stands_for_what_every_line_says(store, worklist, name):
    before = store.events(worklist)
    with pytest.raises(ValueError, match="every line"):
        store.record(worklist, BOB, "export", **{name: "x"})
    assert store.events(worklist) == before
