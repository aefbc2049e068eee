"""Make the README's pictures: each page with a synthetic film, in the dark theme.

python -m docs.screenshot [FOLDER [PAGE ...]]
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from core.images import decode
from core.jobs.records import read_status
from core.preprocess import to_grey
from core.quiz_records import Answer, Case, Picture
from core.quizzes import Quizzes
from core.repair_samples import repair_gallery
from core.samples import Sample, gallery, knee_gallery, png
from core.settings import CHECKOUT
from tests.browser.hands import choose, drag, opened, press, settled
from tests.browser.server import Server, open_app
from tests.class_folders import write_films

SCREWS = (  # where they lie on the first film to annotate, in its pixels
    ((128, 95), (184, 85)),
    ((129, 110), (180, 100)),
    ((133, 130), (174, 135)),
    ((145, 153), (218, 147)),
)
WHOLE_FILM = (0, 0, 224, 224)


@dataclass(frozen=True)
class Sampled:
    """A page with the sample of that slug.

    last: words that appear last. film: how its picture's alternative text begins. presses: the
    buttons to press before that, each with words that tell it has answered.
    """

    page: str
    slug: str
    last: str
    film: str
    presses: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def opened(self, page: Page, server: Server) -> Iterator[None]:
        """Open it, and wait until all of it is there."""
        page.goto(f"{server.url}/{self.page}?sample={self.slug}")
        for button, answer in self.presses.items():
            page.get_by_role("button", name=button, exact=True).click()
            expect(page.get_by_text(answer)).to_be_visible()
        expect(page.get_by_text(self.last)).to_be_visible()
        expect(page.get_by_role("img", name=self.film).first).to_be_visible()
        yield


@dataclass(frozen=True)
class Annotated:
    """A page with a worklist, and strokes on its first film."""

    page: str = "annotate"

    @contextmanager
    def opened(self, page: Page, server: Server) -> Iterator[None]:
        """Introduce a reader, make the worklist, and draw."""
        page.set_viewport_size({"width": 1440, "height": 1000})  # the whole film
        page.goto(f"{server.url}/{self.page}")
        page.get_by_role("textbox", name="Your name or initials").fill("Dr. Ada")
        press(page, "Continue")
        press(page, "Try with sample films")
        opened(page)
        page.get_by_role("radio", name="Screw").click()
        settled(page)
        for revision, way in enumerate(SCREWS, 1):
            drag(page, *way, part=WHOLE_FILM)
            expect(page.get_by_text("Saved")).to_contain_text(f"revision {revision}")
        page.reload()  # lays the strokes into the picture, their numbers on top
        opened(page)
        expect(page.get_by_text("Saved")).to_be_visible()
        yield


@dataclass(frozen=True)
class Trained:
    """A page with a training under way, of a small network on synthetic films."""

    page: str = "train"

    @contextmanager
    def opened(self, page: Page, server: Server) -> Iterator[None]:
        """Start it, and wait until its curves have a shape."""
        folder = server.log.parent
        write_films(folder / "films", 360)
        run = folder / "runs" / "synthetic-bones"
        options = "--backbone plain_cnn --size 96 --epochs 30 --batch 16 --rate 0.001 --phantoms 0"
        command = [sys.executable, "-m", "trainers.fracture", *options.split()]
        command += ["--data", str(folder / "films"), "--run", str(run)]
        training = subprocess.Popen(command, cwd=CHECKOUT)
        try:
            while read_status(run).epoch < 18 and training.poll() is None:
                time.sleep(1)
            page.set_viewport_size({"width": 1440, "height": 1000})
            page.goto(f"{server.url}/train?run={run.name}")
            expect(page.locator(".js-plotly-plot")).to_have_count(2)
            expect(page.get_by_role("img", name=re.compile("Samples"))).to_be_visible()
            settled(page)
            yield
        finally:
            training.terminate()
            training.wait()


@dataclass(frozen=True)
class Quizzed:
    """A quiz as its teacher sees it, while a class answers."""

    page: str = "quiz"

    @contextmanager
    def opened(self, page: Page, server: Server) -> Iterator[None]:
        """Put a quiz and its students into the store, and open the teacher's screen."""
        quizzes = Quizzes.open(f"sqlite:///{server.log.parent}/annotations.sqlite")
        films = [(case(film, at), [picture(film)]) for at, film in enumerate(gallery()[:4])]
        quiz = quizzes.create("Bones on Monday", "led", films)
        for at, nickname in enumerate(("Fibula", "Talus", "Hamate", "Atlas", "Lunate")):
            student = quizzes.join(quiz.code, nickname)
            if at < 4:
                quizzes.answer(student, 0, "blind", Answer(int(at != 1)))
        page.goto(f"{server.url}/quiz?lead={quiz.key}")
        expect(page.get_by_text("4 of 5 have answered")).to_be_visible()
        choose(page, "Show the answers before all have given theirs")
        expect(page.get_by_role("img", name=re.compile("^Answers of the class"))).to_be_visible()
        settled(page)
        yield
        quizzes.close()


@dataclass(frozen=True)
class Addressed:
    """A page at an address, which is ready when these words appear."""

    page: str
    query: str
    last: str
    height: int = 900

    @contextmanager
    def opened(self, page: Page, server: Server) -> Iterator[None]:
        """Open it, and wait until all of it is there."""
        page.set_viewport_size({"width": 1360, "height": self.height})
        page.goto(f"{server.url}/{self.page}?{self.query}")
        expect(page.get_by_text(self.last).first).to_be_visible()
        settled(page)
        yield


def case(film: Sample, position: int) -> Case:
    """A question about a synthetic film."""
    answers = ("not fractured", "fractured")
    fractured = int(film.truth.startswith("fractured"))
    return Case(position, "fracture", f"Film {position + 1}", answers, fractured, 1)


def picture(film: Sample) -> Picture:
    """A synthetic film, as a quiz shows it."""
    image = decode(film.data(), film.filename)
    return Picture(png(to_grey(image.pixels, image.window)), "A film to read")


SHOTS = (
    Sampled(
        "fracture",
        next(sample for sample in gallery() if sample.truth.startswith("fractured")).slug,
        "What this threshold means",
        "X-ray film",
    ),
    Sampled(
        "severity",
        next(sample for sample in knee_gallery() if "grade 3" in sample.truth).slug,
        "What validation says",
        "Knee film",
    ),
    Sampled(
        "inpaint",
        repair_gallery()[0].slug,
        "What it cannot know",
        "with the mask filled in",
        {"Suggest metal": "Check it before you fill", "Fill": "Inside the mask"},
    ),
    Annotated(),
    Trained(),
    Sampled(
        "sketch",
        "notched",
        "agrees with",
        "Synthetic picture",
    ),
    Addressed(
        "compare",
        "task=fracture&sample=broken-thigh,screwed-bone",
        "Calibrated probabilities",
        1500,
    ),
    Quizzed(),
    Addressed("pitfalls", "exhibit=shortcut", "So what", 1300),
)


def main() -> None:
    """Start the app, and take the pictures of all pages or of those that are named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs"
    wanted = sys.argv[2:] or [shot.page for shot in SHOTS]
    expect.set_options(timeout=60_000)
    with open_app() as (server, browser):
        for shot in (shot for shot in SHOTS if shot.page in wanted):
            page = browser.new_page(viewport={"width": 1360, "height": 900}, color_scheme="dark")
            page.set_default_timeout(60_000)
            with shot.opened(page, server):
                page.wait_for_load_state("networkidle")
                expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
                page.screenshot(path=folder / f"{shot.page}.png")
            print(f"wrote {folder / shot.page}.png")


if __name__ == "__main__":
    main()
