"""The train page as a student meets it: start a run, leave, and find the curve further along."""

import os
import re
import signal
import time

import pytest
from playwright.sync_api import expect

from core import jobs
from core.settings import CHECKOUT, Settings
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hands import press, settled
from tests.browser.server import free_port, serve
from tests.class_folders import write_films

NAME = "my-first"
VERDICT = re.compile("No fracture found|Fracture (possible|likely)")
FOR_EVER = 1000  # epochs: the run is to be stopped, not to end


@pytest.fixture
def lab(tmp_path):
    """Settings of a server of its own, with a folder of synthetic films to learn from."""
    write_films(tmp_path / "data" / "bones")
    env = {
        "LIGHTBOX_HOME": str(tmp_path / "home"),
        "LIGHTBOX_RUNS": str(tmp_path / "runs"),
        "LIGHTBOX_DATA": str(tmp_path / "data"),
        "LIGHTBOX_CHECKPOINTS": str(tmp_path / "checkpoints"),
        "OMP_NUM_THREADS": "1",
    }
    (tmp_path / "checkpoints").mkdir()
    yield env
    settings = Settings.from_environment(env)
    for job in jobs.read_jobs(settings.runs):
        if jobs.is_live(job):
            jobs.launcher(settings).stop(job)
            arrives(lambda job=job: not jobs.is_live(job))


def arrives(sought) -> None:
    """Wait until this is true."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while not sought():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.2)


def fill(page, label: str, text: object) -> None:
    settled(page)
    field = page.get_by_label(label, exact=True).first
    field.fill(str(text))
    field.press("Tab")
    settled(page)


def pick(page, label: str, option: str) -> None:
    """Choose from a list that one can type into."""
    settled(page)
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def test_a_run_outlives_tab_and_server_is_stopped_resumed_published_and_used(
    browser, page, lab, tmp_path
):
    port, job = free_port(), None
    with serve(CHECKOUT, tmp_path / "first.txt", lab, port=port) as server:
        page.goto(f"{server.url}/train")
        press(page, "New run")
        pick(page, "Pack", "bones")
        pick(page, "Backbone", "simple_cnn")
        for label, value in {
            "Epochs": FOR_EVER,
            "Batch size": 8,
            "Input size, px": 32,
            "Name of the run": NAME,
        }.items():
            fill(page, label, value)
        press(page, "Check data and estimate")
        expect(page.get_by_text("Training takes about")).to_be_visible()
        press(page, "Start training")
        expect(page).to_have_url(re.compile(f"run={NAME}"))
        job = jobs.read_job(tmp_path / "runs" / NAME)
        arrives(lambda: jobs.status(job).epoch >= 2)
        page.context.close()
        seen = jobs.status(job).epoch
        os.kill(server.pid, signal.SIGKILL)
    arrives(lambda: jobs.status(job).epoch > seen)

    with serve(CHECKOUT, tmp_path / "second.txt", lab, port=port) as server:
        tab, other = (browser.new_context().new_page() for _ in range(2))
        for each in (tab, other):
            each.set_default_timeout(PATIENCE_MS)
        other.goto(f"{server.url}/fracture?sample=worn-knee")
        expect(other.get_by_text("There is no fracture model")).to_be_visible()
        tab.goto(f"{server.url}/train?run={NAME}")
        expect(tab.get_by_text(re.compile(rf"epoch \d+ of {FOR_EVER}")).first).to_be_visible()
        expect(tab.locator(".js-plotly-plot").first).to_be_visible()

        press(tab, "Stop")
        tab.get_by_role("button", name="Stop this run").click()
        expect(tab.get_by_role("button", name="Resume")).to_be_visible()
        stopped = jobs.status(job)
        assert stopped.state == "stopped" and stopped.epoch > seen

        press(tab, "Resume")
        arrives(lambda: jobs.status(job).epoch > stopped.epoch)
        press(tab, "Stop")
        tab.get_by_role("button", name="Stop this run").click()
        press(tab, "Publish or compare")
        fill(tab, "Name", "bones")
        fill(tab, "Title", "Bones of mine")
        press(tab, "Publish")
        expect(tab.get_by_text("Published as Bones of mine")).to_be_visible()

        # The tab that was open all the time reads a film with it, without a reload.
        expect(other.get_by_text("Bones of mine").first).to_be_visible()
        expect(other.get_by_role("heading", name=VERDICT)).to_be_visible()
        tab.context.close()
        other.context.close()
    for log in ("first.txt", "second.txt"):
        assert "Traceback" not in (tmp_path / log).read_text()
