"""A browser without a screen: a session of a Streamlit app over its websocket.

What Streamlit 1.67's own page does is done here too, as far as the server can tell: the same
messages with the whole state of the widgets, its cache of messages, the timers of fragments that
run by themselves, and every picture fetched once.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

_MEDIA = re.compile(rb"/media/[0-9a-f]+\.\w+")
_FINISHED = ForwardMsg.FINISHED_SUCCESSFULLY
_FRAGMENT_FINISHED = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@dataclass
class Node:
    """An element on the page, and the run and fragment that put it there."""

    element: Element
    run: str
    fragment: str


class Session:
    """One visitor's page. Open it with `async with`; `at` is when the last run's elements and
    pictures were all there, by time.perf_counter."""

    def __init__(self, url: str, page: str, query: str) -> None:
        self.url, self.page, self.query = url, page, query
        self.nodes: dict[tuple[int, ...], Node] = {}
        self.runs = self.received = 0
        self.running = False  # from what is asked of the server until a run has ended
        self.at = 0.0
        self._widgets: dict[str, WidgetState] = {}
        self._listening: dict[str, Callable[[dict], None]] = {}
        self._cached: dict[str, ForwardMsg] = {}
        self._timers: dict[str, tuple[float, asyncio.Task]] = {}
        self._pictures: dict[str, asyncio.Task] = {}
        self._page_hash = self._run = ""
        self._changed = asyncio.Condition()
        self._broken: BaseException | None = None

    async def __aenter__(self) -> Session:
        where = urlsplit(self.url)
        self._socket: ClientConnection = await connect(
            f"ws://{where.netloc}/_stcore/stream",
            origin=self.url,
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],
            max_size=None,
            open_timeout=60,
        )
        self._reader = asyncio.create_task(self._read())
        await self._rerun()
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [self._reader, *(task for _, task in self._timers.values())]
        for task in [*tasks, *self._pictures.values()]:
            task.cancel()
        await asyncio.gather(*tasks, *self._pictures.values(), return_exceptions=True)
        await self._socket.close()

    async def until(self, there: Callable[[Session], bool], patience_s: float = 60) -> float:
        """Wait for a page with this on it, at the end of a run and with its pictures; returns
        `at`. Raises TimeoutError, which says what is on the page instead."""
        try:
            async with asyncio.timeout(patience_s), self._changed:
                while not there(self):
                    await self._changed.wait()
                    if self._broken:
                        raise self._broken
        except TimeoutError:
            raise TimeoutError(f"{self.query} still shows {self._described()}") from None
        return self.at

    def widget(self, key: str, kind: str = "") -> Node | None:
        """The widget with this key, of this kind ("button", "bidi_component" …)."""
        for node in self.nodes.values():
            what = node.element.WhichOneof("type")
            own = getattr(getattr(node.element, what), "id", "") if what else ""
            if isinstance(own, str) and own.endswith(f"-{key}") and kind in ("", what):
                return node
        return None

    def words(self) -> Iterator[str]:
        """The texts on the page."""
        for node in self.nodes.values():
            what = node.element.WhichOneof("type")
            if what in ("markdown", "alert", "heading", "text"):
                yield getattr(node.element, what).body

    def _described(self) -> str:
        """The texts and the buttons on the page, in short."""
        buttons = [
            node.element.button.label
            for node in self.nodes.values()
            if node.element.WhichOneof("type") == "button"
        ]
        return " / ".join([*self.words(), *(f"[{label}]" for label in buttons)])

    async def press(self, key: str, kind: str = "button") -> None:
        """Press the button with this key."""
        node = self._there(key, kind)
        await self._rerun(node.fragment, WidgetState(id=node.element.button.id, trigger_value=True))

    def type(self, key: str, text: str) -> None:
        """Type into the text input with this key of a form."""
        number = self._there(key, "text_input").element.text_input.id
        self._widgets[number] = WidgetState(id=number, string_value=text)

    async def tell(self, key: str, **state: object) -> None:
        """Let the component with this key set its state."""
        node = self._there(key, "bidi_component")
        number = node.element.bidi_component.id
        self._widgets[number] = WidgetState(id=number, json_value=json.dumps(state))
        await self._rerun(node.fragment)

    async def trigger(self, key: str, event: str, value: object) -> None:
        """Let the component with this key tell an event."""
        node = self._there(key, "bidi_component")
        number = f"$$STREAMLIT_INTERNAL_KEY_{node.element.bidi_component.id}__events"
        told = json.dumps([{"event": event, "value": value}])
        await self._rerun(node.fragment, WidgetState(id=number, json_trigger_value=told))

    def listen(self, key: str, hear: Callable[[dict], None]) -> None:
        """Call `hear` with the data of the component with this key, each time they come."""
        self._listening[key] = hear

    def _there(self, key: str, kind: str) -> Node:
        node = self.widget(key, kind)
        if node is None:
            raise LookupError(f"no {kind} {key!r} on the page")
        return node

    async def _rerun(
        self, fragment: str = "", trigger: WidgetState | None = None, by_timer: bool = False
    ) -> None:
        message = BackMsg()
        ask = message.rerun_script
        ask.query_string, ask.fragment_id, ask.is_auto_rerun = self.query, fragment, by_timer
        ask.page_script_hash = self._page_hash
        if not self._page_hash:
            ask.page_name = self.page
        ask.widget_states.widgets.extend(self._widgets.values())
        if trigger is not None:
            ask.widget_states.widgets.append(trigger)
        ask.cached_message_hashes.extend(self._cached)
        ask.context_info.url = f"{self.url}/{self.page}"
        ask.context_info.timezone, ask.context_info.locale = "UTC", "en"
        self.running = True
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                self.received += len(data)
                message = ForwardMsg.FromString(data)
                if message.WhichOneof("type") == "ref_hash":
                    whole = ForwardMsg()
                    whole.CopyFrom(self._cached[message.ref_hash])
                    whole.metadata.CopyFrom(message.metadata)
                    message = whole
                elif message.metadata.cacheable:
                    self._cached[message.hash] = message
                await self._take(message)
        except Exception as error:
            self._broken = error
            async with self._changed:
                self._changed.notify_all()
            raise

    async def _take(self, message: ForwardMsg) -> None:
        what, run = message.WhichOneof("type"), message.metadata.run
        if what == "new_session":
            self._run = run.script_run_id
            if not run.fragment_ids:
                self._stop(list(self._timers))
        elif what == "delta":
            path, delta = tuple(message.metadata.delta_path), message.delta
            if delta.WhichOneof("type") == "add_block":
                self.nodes.pop(path, None)
            elif delta.WhichOneof("type") == "new_element":
                node = Node(delta.new_element, self._run, delta.fragment_id)
                self.nodes[path] = node
                self._fetch(node)
                self._tell(delta.new_element)
        elif what == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif what == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif what == "auto_rerun":
            self._start(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif what == "stop_auto_rerun":
            self._stop(message.stop_auto_rerun.fragment_ids)
        elif what == "script_finished":
            await self._finish(message.script_finished, run.script_run_id, run.fragment_ids)

    async def _finish(self, how: int, run: str, fragments: list[str]) -> None:
        if how not in (_FINISHED, _FRAGMENT_FINISHED):
            return
        self.runs += 1
        self.running = False
        # What the run did not put on the page again is gone.
        self.nodes = {
            path: node
            for path, node in self.nodes.items()
            if node.run == run or (fragments and node.fragment not in fragments)
        }
        on_page = {
            getattr(getattr(node.element, node.element.WhichOneof("type")), "id", None)
            for node in self.nodes.values()
        }
        self._widgets = {own: state for own, state in self._widgets.items() if own in on_page}
        waiting = [task for task in self._pictures.values() if not task.done()]
        if waiting:
            await asyncio.gather(*waiting)
        self.at = time.perf_counter()
        async with self._changed:
            self._changed.notify_all()

    def _tell(self, element: Element) -> None:
        for key, hear in self._listening.items():
            if element.bidi_component.id.endswith(f"-{key}"):
                hear(json.loads(element.bidi_component.json))

    def _start(self, fragment: str, interval: float) -> None:
        if self._timers.get(fragment, (None,))[0] != interval:
            self._stop([fragment])
            task = asyncio.create_task(self._tick(fragment, interval))
            self._timers[fragment] = (interval, task)

    def _stop(self, fragments: list[str]) -> None:
        for fragment in fragments:
            if fragment in self._timers:
                self._timers.pop(fragment)[1].cancel()

    async def _tick(self, fragment: str, interval: float) -> None:
        due = time.monotonic()
        while True:
            due += interval
            await asyncio.sleep(max(0, due - time.monotonic()))
            await self._rerun(fragment, by_timer=True)

    def _fetch(self, node: Node) -> None:
        for found in _MEDIA.findall(node.element.SerializeToString()):
            path = found.decode()
            if path not in self._pictures:
                self._pictures[path] = asyncio.create_task(self._get(path))

    async def _get(self, path: str) -> None:
        """Fetch a file of the server, as an image on the page does. Raises OSError where it is not
        there."""
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        data = await reader.read(-1)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.received += len(data)
        status = data.partition(b"\r\n")[0].decode()
        if " 200 " not in status:
            raise OSError(f"{path}: {status}")
