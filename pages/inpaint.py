"""Fill in what a mask hides on a film: metal first of all."""

import streamlit as st

from core.images import BadImage, display_name
from core.inpaint import BadHole
from core.models import BadModel, catalogue
from core.settings import Settings
from core.ui import (
    cached_fills,
    choices,
    fill_desk,
    fill_orders,
    fill_questions,
    gallery,
    origin,
    rooms,
    source,
    verdict,
)
from core.ui.fill_result import Result, show
from core.ui.words import plain

rooms.enter()
settings = Settings.from_environment()
methods = cached_fills.methods(catalogue(settings.checkpoints, "inpaint"))
exhibits = gallery.repairs(settings.data)

st.title("Inpaint", anchor=False)
st.markdown(
    "Draw a mask over hardware, and see the film without it. What you see there is made up."
)
choices.say(choices.prepare(list(methods.values()), exhibits, choices.INPAINT))

film_choice, method_choice = st.columns([3, 2], gap="medium")
with method_choice:
    method = fill_desk.choose_method(methods)
with film_choice:
    entries = source.choose(exhibits, choices.INPAINT)
choices.write_link(method, choices.INPAINT)

if not entries:
    st.info("Choose a film above, and it appears here to be drawn on.")
    st.stop()

(entry,) = entries
film, exhibit = entry.film(), exhibits.get(entry.key)
if isinstance(film, BadImage):
    st.error(film.reason, title=plain(display_name(entry.name)), icon=":material/broken_image:")
    st.stop()
try:
    image = cached_fills.image(entry, film.sha256)
    repair = gallery.repair(exhibit.slug, exhibit) if exhibit else None
except OSError:
    st.error(entry.gone)
    st.stop()

with method_choice, st.popover("About this film", icon=":material/info:"):
    inverted = verdict.invert(film)
    verdict.film_notes(film, inverted)
truth = repair.mask if repair and repair.mask.any() else None
fill_desk.desk(film, image, inverted, method, truth, entry.start)

order = fill_orders.last(film.sha256)
filler = order.filler(methods) if order else None
if filler is None:
    st.info("Mark what should go, press Fill, and the film without it appears here.")
    st.stop()
try:
    result = Result.of(film, image, order, filler, repair.clean if repair else None)
    data = entry.load()
except (BadHole, BadModel) as error:
    st.error(error.reason, icon=":material/error:")
    st.stop()
except OSError:
    st.error(entry.gone)
    st.stop()
show(result, data)
if entry.sha256:
    from core.ui import annotate_give_back  # only with a worklist's film

    annotate_give_back.offer(result, data, entry.start)

st.subheader("Question it", anchor=False)
graders = catalogue(settings.checkpoints, "severity")
fill_questions.ask(result, methods, graders, exhibit.knee if exhibit else None)

st.subheader("What it cannot know", anchor=False)
own = origin.learned(filler.card) if filler.card else None
learned = own or (
    "The networks learned that from standing frontal knees without metal, of one American study, "
    "so on other bones and views they invent worse."
)
st.markdown(
    "Metal lets no ray through, so nothing on the film tells what lies behind it: what is filled "
    f"in is invented from what surrounds it. {learned} A fracture or a "
    "loosening under the metal is not brought back. Not for diagnosis."
)
