"""Read films blind with a class, then see what a model said, and the truth."""

import streamlit as st

from core.settings import Settings
from core.ui import quiz_enter, quiz_kept, quiz_student, quiz_teacher, rooms

rooms.enter()
settings = Settings.from_environment()
asked = st.query_params

if not {"lead", "student", "quiz"} & asked.keys():
    st.title("Quiz", anchor=False)
with quiz_kept.told():
    quizzes = quiz_kept.store(settings)
    if key := asked.get("lead"):
        quiz_teacher.show(quizzes, key)
    elif key := asked.get("student"):
        quiz_student.show(quizzes, key)
    else:
        quiz_enter.show(settings, quizzes, asked.get("quiz", ""))
