"""A drawing can be taken back step by step, and forward again until something new is drawn."""

import numpy as np

from core.drawing import STEPS, Drawing
from core.masks import Stroke

A, B, C = (Stroke(np.array([[place, place]], float)) for place in (1, 2, 3))


def test_an_empty_drawing_has_nothing_to_undo_or_redo():
    empty = Drawing()
    assert not empty.can_undo and not empty.can_redo
    assert empty.undone() is empty and empty.redone() is empty


def test_strokes_are_added_in_order_and_undone_by_the_step():
    drawing = Drawing().added([A]).added([B, C])
    assert drawing.strokes == (A, B, C)
    assert drawing.undone().strokes == (A,)
    assert drawing.undone().undone().strokes == ()
    assert not drawing.undone().undone().can_undo


def test_replacing_is_one_step_and_clearing_too():
    drawing = Drawing().added([A]).added([B])
    assert drawing.replaced([C]).strokes == (C,)
    assert drawing.replaced([C]).undone().strokes == (A, B)
    assert drawing.replaced([]).strokes == ()
    assert drawing.replaced([]).undone().strokes == (A, B)


def test_undoing_and_redoing_go_there_and_back():
    drawing = Drawing().added([A]).added([B]).added([C])
    back = drawing.undone().undone()
    assert back.strokes == (A,) and back.can_redo
    assert back.redone().strokes == (A, B)
    assert back.redone().redone().strokes == (A, B, C)
    assert back.redone().redone().past == drawing.past
    assert not back.redone().redone().can_redo


def test_something_new_ends_what_could_be_redone():
    drawing = Drawing().added([A]).undone().added([B])
    assert not drawing.can_redo
    assert drawing.strokes == (B,)
    assert not Drawing().added([A]).undone().replaced([C]).can_redo


def test_what_changes_nothing_is_no_step():
    drawing = Drawing().added([A]).added([B]).undone()
    for same in (drawing.added([]), drawing.replaced(list(drawing.strokes))):
        assert same is drawing


def test_every_change_has_a_new_revision():
    drawing = Drawing().added([A])
    changes = [drawing, drawing.added([B]), drawing.undone(), drawing.undone().redone()]
    assert [change.revision for change in changes] == [1, 2, 2, 3]


def test_a_drawing_is_never_changed_itself():
    drawing = Drawing().added([A])
    drawing.added([B]), drawing.replaced([C]), drawing.undone()
    assert drawing.strokes == (A,) and drawing.past == ((),) and not drawing.can_redo


def test_a_long_history_forgets_its_beginning():
    drawing = Drawing()
    for _ in range(STEPS + 10):
        drawing = drawing.added([A])
    for _ in range(STEPS):
        drawing = drawing.undone()
    assert not drawing.can_undo
    assert len(drawing.strokes) == 10
