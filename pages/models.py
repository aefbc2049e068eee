"""Every published model's card, readably."""

import streamlit as st

from core.models import FEW, catalogue
from core.settings import Settings
from core.ui import cached, cards, charts, rooms
from core.ui.words import plain

TITLES = {
    "fracture": "Fracture",
    "severity": "Severity",
    "inpaint": "Inpaint",
    "artefact": "Artefacts, suggested",
    "sketch": "Sketch",
    "lesion": "Lesions, diagnosed",
    "segment": "Lesions, outlined",
}

rooms.enter()
settings = Settings.from_environment()
published = catalogue(settings.checkpoints)

st.title("Models", anchor=False)
for sentence in cached.broken(settings.checkpoints):
    st.error(sentence, icon=":material/error:")
if not published:
    st.info("No model is published here yet: restore the folder checkpoints, or train one.")
    st.stop()

st.markdown(
    "Each number is measured on films or pictures of skin that the model never learned from, with "
    "the code that reads yours. Intervals are drawn over groups that belong together. The best "
    "epoch, the calibration and the thresholds were chosen on these same validation data, so the "
    "numbers are somewhat favourable; a held-out test is scored separately. The best model "
    f"stands first; one that was measured on fewer than {FEW} stands after all others, as any "
    "number may come of so few."
)
for task, title in TITLES.items():
    of_task = [card for card in published if card.task == task]
    if not of_task:
        continue
    st.header(title, anchor=False)
    cards.overview(of_task, task)
    if task == "fracture":
        curves = [(card, cached.validation(card)) for card in of_task]
        curves = [(card, validation) for card, validation in curves if validation]
        if curves:
            charts.rocs(curves)
        else:
            st.info("No model here has readable validation predictions, so there is no ROC curve.")
    for card in of_task:
        with st.expander(plain(card.title), icon=":material/description:"):
            cards.full(card)
