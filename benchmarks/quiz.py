"""A class of forty in one quiz: how long everybody waits, and whether every answer is counted.

    python -m benchmarks.quiz [--students 40] [--cases 10] [--spread 5] [--postgres]

Starts the app with a store of its own, makes a quiz of synthetic films with the readings of two
models, and lets a teacher and the students through it, each a session over a websocket of its own
that does what a browser does (see benchmarks/sessions.py). The students answer, and decide after
the model, at random moments within --spread seconds; the teacher goes on when all have. A time
runs from the press, the student's own or the teacher's, until the new screen is there with its
pictures; where it was the teacher's press it holds the wait for the student's next look at the
quiz. The sessions run on the same machine and take their share of it.
"""

import argparse
import asyncio
import contextlib
import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from benchmarks.sessions import Session
from core.phantoms import long_bone
from core.quiz_records import Answer, Case, ModelReading, Picture, Quiz
from core.quizzes import Quizzes
from core.samples import png
from core.settings import CHECKOUT
from core.ui import quiz_look
from tests.browser.server import serve
from tests.postgres import Cluster

BOUND_S = 2  # 95 % of the updates shall take less
ANSWERS = {"fracture": ("not fractured", "fractured"), "grade": tuple("01234")}
Taken = dict[str, list[float]]


def cases(count: int) -> list[tuple[Case, list[Picture]]]:
    """Films, every second of them fractured; of three cases the last asks for a grade."""
    made = []
    for at in range(count):
        truth, question = at % 2, "grade" if at % 3 == 2 else "fracture"
        film = Picture(png(long_bone(at, fractured=bool(truth)).pixels), "A film")
        heat = Picture(png(255 - long_bone(at, fractured=bool(truth)).pixels), "A heatmap")
        answers = ANSWERS[question]
        chances = tuple(np.full(len(answers), 1 / len(answers)).tolist())
        shown = ModelReading("one", "One model", Answer(truth), chances, heat=1)
        other = replace(shown, name="other", title="Another model", heat=None)
        boxes = ((0.4, 0.4, 0.6, 0.6),) if truth else ()
        case = Case(at, question, f"Film {at + 1}", answers, truth, 1, boxes, (shown, other))
        made.append((case, [film, heat]))
    return made


class Look:
    """What core.ui.quiz_look does in a browser."""

    def __init__(self, page: Session) -> None:
        self._page, self._run, self._asked, self._held = page, "", False, 0
        page.listen("quiz-look", self._hear)

    async def again_and_again(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(quiz_look.EVERY_S)
            if self._asked or self._page.running:
                self._held += 1
                if self._held <= quiz_look.PATIENCE:
                    continue
            if self._page.widget("quiz-look"):
                self._asked, self._held = True, 0
                await self._page.trigger("quiz-look", "look", self._run)

    def _hear(self, data: dict) -> None:
        self._run, self._asked = data["run"] or self._run, False


@contextlib.asynccontextmanager
async def opened(page: Session) -> AsyncIterator[Session]:
    """The page, which looks where the quiz stands while it is open."""
    async with page, asyncio.TaskGroup() as group:
        looking = group.create_task(Look(page).again_and_again())
        yield page
        looking.cancel()


class Student:
    """One student: what they answered, and how long each screen took to come."""

    def __init__(self, url: str, code: str, number: int, taken: Taken) -> None:
        self.name, self.said = f"Student {number}", {}
        self._page = Session(url, "quiz", f"quiz={code}")
        self._random, self._taken = random.Random(number), taken

    async def enter(self, stack: contextlib.AsyncExitStack, spread: float) -> None:
        """Open the link, and join."""
        await asyncio.sleep(self._random.uniform(0, spread))
        begun = time.perf_counter()
        await stack.enter_async_context(opened(self._page))
        await self._until("page opened", begun, lambda page: page.widget("quiz-join"))
        await asyncio.sleep(self._random.uniform(0.5, spread))
        self._page.type("quiz-nickname", self.name)
        await self._press("joined", "quiz-join", lambda page: _asks(page, 0))

    async def read(self, case: Case, spread: float) -> None:
        """Answer blind."""
        await asyncio.sleep(self._random.uniform(0, spread))
        value = self._random.randrange(len(case.answers))
        place = None
        if case.question == "fracture" and value == 1:
            place = (self._random.random(), self._random.random())
            await self._page.tell(f"quiz-place-blind-{case.position}", place=place)
            await asyncio.sleep(0.5)
        self.said[case.position, "blind"] = Answer(value, place)
        done = f"quiz-answer-{value}"
        await self._press("answered", done, lambda page: not page.widget("quiz-answer-0"))

    async def decide(self, case: Case, spread: float) -> None:
        """Keep the answer, or change it to another one without pointing anew."""
        await asyncio.sleep(self._random.uniform(0, spread))
        before = self.said[case.position, "blind"]
        others = [value for value in range(len(case.answers)) if value != before.value]
        value = self._random.choice(others)
        if self._random.random() < 0.7 or (case.question == "fracture" and value == 1):
            self.said[case.position, "changed"], key = before, "quiz-keep"
        else:
            self.said[case.position, "changed"], key = Answer(value), f"quiz-answer-{value}"
        await self._press("kept or changed", key, lambda page: not page.widget("quiz-keep"))

    async def follow(self, what: str, case: Case, begun: float) -> None:
        """Wait for the screen to which the teacher has led."""
        there = {
            "model shown": lambda page: page.widget("quiz-keep"),
            "truth shown": lambda page: page.widget(f"quiz-class-{case.position}"),
            "next case": lambda page: _asks(page, case.position),
            "quiz ended": lambda page: "The quiz has ended" in page.words(),
        }
        await self._until(what, begun, there[what])

    async def _press(self, what: str, key: str, there: object) -> None:
        begun = time.perf_counter()
        await self._page.press(key)
        await self._until(what, begun, there)

    async def _until(self, what: str, begun: float, there: object) -> None:
        self._taken[what].append(await self._page.until(there) - begun)


def _asks(page: Session, position: int) -> bool:
    """Whether the page asks the blind question of this case."""
    here = any(f"case {position + 1} of" in words for words in page.words())
    return here and bool(page.widget("quiz-answer-0")) and not page.widget("quiz-keep")


async def lesson(
    url: str, quiz: Quiz, asked: Sequence[Case], students: int, spread: float
) -> tuple[Taken, list[Student]]:
    """Go through the quiz; returns the seconds of every update by its kind, and the students."""
    taken: Taken = defaultdict(list)
    pupils = [Student(url, quiz.code, at + 1, taken) for at in range(students)]
    async with contextlib.AsyncExitStack() as stack:
        teacher = await stack.enter_async_context(opened(Session(url, "quiz", f"lead={quiz.key}")))
        await teacher.until(lambda page: page.widget("quiz-show-model"))
        await asyncio.gather(*(one.enter(stack, 2 * spread) for one in pupils))

        async def lead(what: str, key: str, case: Case) -> None:
            begun = time.perf_counter()
            waits = [asyncio.create_task(one.follow(what, case, begun)) for one in pupils]
            await teacher.press(key)
            await teacher.until(lambda page: not page.widget(key))
            taken["the teacher's own screen"].append(teacher.at - begun)
            await asyncio.gather(*waits)

        for case, following in zip(asked, [*asked[1:], None], strict=True):
            await asyncio.gather(*(one.read(case, spread) for one in pupils))
            await lead("model shown", "quiz-show-model", case)
            await asyncio.gather(*(one.decide(case, spread) for one in pupils))
            await lead("truth shown", "quiz-reveal", case)
            await asyncio.sleep(1)
            if following is not None:
                await lead("next case", "quiz-next", following)
            else:
                await lead("quiz ended", "quiz-end", case)
    return taken, pupils


def show(taken: Taken) -> None:
    """Print the seconds of all updates, by their kind and together."""
    everything = [seconds for found in taken.values() for seconds in found]
    print(f"  {'seconds':<26}{'n':>6}{'median':>9}{'95 %':>9}{'max':>9}{f'< {BOUND_S} s':>9}")
    for what, found in {**taken, "all updates": everything}.items():
        middle, high = np.median(found), np.percentile(found, 95)
        share = np.mean(np.array(found) < BOUND_S)
        print(
            f"  {what:<26}{len(found):>6}{middle:>9.2f}{high:>9.2f}{max(found):>9.2f}{share:>9.1%}"
        )


def check(quizzes: Quizzes, quiz: Quiz, pupils: Sequence[Student]) -> None:
    """Print how many answers were counted, as they were given. Raises SystemExit where not all."""
    names = {student.id: student.nickname for student in quizzes.students(quiz)}
    stored = {
        (names[one.student_id], one.position, one.stage): one.answer for one in quizzes.given(quiz)
    }
    given = {(one.name, *when): answer for one in pupils for when, answer in one.said.items()}
    right = sum(stored.get(key) == answer for key, answer in given.items())
    print(f"  answers                   {right} of {len(given)} counted as they were given")
    if stored != given:
        raise SystemExit("Answers were lost, or are not those that were given.")


@contextlib.contextmanager
def database(folder: str, postgres: bool) -> Iterator[str]:
    """The address of an empty database."""
    if not postgres:
        yield f"sqlite:///{folder}/annotations.sqlite"
        return
    cluster = Cluster()
    try:
        yield cluster.empty_database()
    finally:
        cluster.close()


async def watched(process: psutil.Process, peak: list[float]) -> None:
    """Note the most memory that the process takes, MB, until cancelled."""
    while True:
        peak.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(0.5)


async def measure(url: str, pid: int, quizzes: Quizzes, asked: argparse.Namespace) -> None:
    """Make the quiz, go through it, and print what was found."""
    made = cases(asked.cases)
    quiz = quizzes.create("Load", "led", made)
    process, peak = psutil.Process(pid), []
    watch = asyncio.create_task(watched(process, peak))
    before, mine, begun = process.cpu_times(), time.process_time(), time.perf_counter()
    taken, pupils = await lesson(
        url, quiz, [case for case, _ in made], asked.students, asked.spread
    )
    wall, after = time.perf_counter() - begun, process.cpu_times()
    watch.cancel()
    spent = after.user + after.system - before.user - before.system
    show(taken)
    check(quizzes, quiz, pupils)
    print(f"  server                    {spent / wall:.2f} cores, {max(peak):.0f} MB at most")
    print(f"  sessions                  {(time.process_time() - mine) / wall:.2f} cores")
    print(f"  load average              {os.getloadavg()[0]:.1f} after {wall:.0f} s")


def main() -> None:
    """Start the app, hold the lesson, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--spread", type=float, default=5, help="seconds within which all answer")
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(folder, asked.postgres) as where:
        env = {"LIGHTBOX_HOME": folder, "LIGHTBOX_DATABASE_URL": where}
        env["LIGHTBOX_RUNS"] = f"{folder}/runs"
        # A file that is edited meanwhile would be loaded anew amid the lesson.
        env["STREAMLIT_SERVER_FILE_WATCHER_TYPE"] = "none"
        log = Path(folder) / "log.txt"
        quizzes = Quizzes.open(where)
        with serve(CHECKOUT, log, env) as server:
            print(f"{asked.students} students, {asked.cases} cases, {where.partition(':')[0]}")
            asyncio.run(measure(server.url, server.pid, quizzes, asked))
        quizzes.close()


if __name__ == "__main__":
    main()
