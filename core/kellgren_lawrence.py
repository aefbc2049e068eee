"""The Kellgren-Lawrence scale of osteoarthritis of the knee.

Source: Kellgren & Lawrence 1957, Ann Rheum Dis 16(4):494-502, in the usual later wording.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Grade:
    """One grade and what a reader looks for in it."""

    number: int
    name: str
    osteophytes: str
    joint_space: str
    sclerosis: str
    deformity: str


GRADES = (
    Grade(0, "no osteoarthritis", "none", "normal width", "none", "none"),
    Grade(1, "doubtful", "possible lipping", "doubtful narrowing", "none", "none"),
    Grade(2, "mild", "definite", "possible narrowing", "none or slight", "none"),
    Grade(3, "moderate", "several, moderate", "definite narrowing", "some", "possible"),
    Grade(4, "severe", "large", "marked narrowing", "severe", "definite"),
)
