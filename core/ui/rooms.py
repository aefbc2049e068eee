"""The list of rooms, and the way into them."""

import streamlit as st


def navigation():
    """Show the list of rooms and return the one that was asked for."""
    return st.navigation(
        {
            "": [st.Page("pages/start.py", title="Start", icon=":material/home:", default=True)],
            "Read": [
                st.Page(
                    "pages/fracture.py",
                    title="Fracture",
                    icon=":material/orthopedics:",
                    help="Is there a fracture on this bone X-ray, and where?",
                ),
                st.Page(
                    "pages/severity.py",
                    title="Severity",
                    icon=":material/stairs:",
                    help="How worn is this knee, and is the grade to be trusted?",
                ),
            ],
            "Repair": [
                st.Page(
                    "pages/inpaint.py",
                    title="Inpaint",
                    icon=":material/healing:",
                    help="Draw a mask over hardware, and see the film without it.",
                )
            ],
            "Annotate": [
                st.Page(
                    "pages/annotate.py",
                    title="Annotate",
                    icon=":material/edit_note:",
                    help="Mark artefacts on many films, with other readers, and lose nothing.",
                )
            ],
            "Create": [
                st.Page(
                    "pages/sketch.py",
                    title="Sketch",
                    icon=":material/draw:",
                    help="Draw the outline of a skin lesion, and see it painted with a diagnosis.",
                )
            ],
            "Teach": [
                st.Page(
                    "pages/compare.py",
                    title="Compare",
                    icon=":material/compare:",
                    help="Where do the models disagree, and is one of them really better?",
                ),
                st.Page(
                    "pages/quiz.py",
                    title="Quiz",
                    icon=":material/quiz:",
                    help="Read films blind, then see what a model said, and the truth.",
                ),
                st.Page(
                    "pages/pitfalls.py",
                    title="Pitfalls",
                    icon=":material/warning:",
                    help="Eight ways in which a good score is worth nothing, to try yourself.",
                ),
                st.Page(
                    "pages/audit.py",
                    title="Audit",
                    icon=":material/fact_check:",
                    help="What is wrong with a folder of films, before anything learns from it.",
                ),
            ],
            "Train": [
                st.Page(
                    "pages/train.py",
                    title="Train",
                    icon=":material/model_training:",
                    help="Let a network learn from films, and watch it while it does.",
                )
            ],
            "About": [
                st.Page(
                    "pages/models.py",
                    title="Models",
                    icon=":material/description:",
                    help="What each network is, what it learned from, and how good it is.",
                )
            ],
        }
    )


def enter() -> None:
    """Send a visitor who came straight to a page's address in through Home.py.

    Until `st.navigation` has run once in a server's life, Streamlit runs what it discovers in a
    folder named pages on its own. Home.py marks that it ran before the page did.
    """
    if not st.session_state.pop("entered", False):
        navigation()
        st.rerun()
