"""Start training, close the laptop, and find the curve further along."""

import streamlit as st

from core import jobs
from core.settings import Settings
from core.ui import rooms, train_compare, train_form, train_live, train_views

rooms.enter()
settings = Settings.from_environment()

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title("Train", anchor=False, width="content")
    off = train_views.why_off(settings)
    view = "" if off else train_views.choose()
if off:
    st.info(
        f"Training is off here: {off}. To train at home, install Lightbox on a machine of your "
        "own (`git clone`, then `make run`) and open this page there, or type "
        "`python -m trainers.fracture --help`.",
        icon=":material/model_training:",
    )
    st.stop()

launcher = jobs.launcher(settings)
if view == train_views.NEW:
    train_form.show(settings, launcher)
elif view == train_views.COMPARE:
    train_compare.show(settings, launcher)
else:
    train_live.show(settings, launcher)
