"""Starts all processes of one machine, waits until each is ready, keeps them running, and stops every one of them.

honcho's manager cannot do this: it starts everything at once through a shell and a helper process each, ends all
when one ends, and leaves them running when it is killed itself. Here a child that dies is started again, and dies
with us.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType

from workers.local.child import Child, how_it_ended
from workers.local.follow import Follower
from workers.local.screen import Screen
from workers.local.service import Service, StartFailed, check_port

TICK_S = 0.1
RESTARTS, RESTARTS_WITHIN_S = 5, 60.0


class Stopped(Exception):
    """The user asked to stop."""


class Supervisor:
    """The processes of one machine.

    Args:
        services: what to run; rank 0 is ready before the others start.
        logs: folder for one log each.
        screen: what the user sees.
    """

    def __init__(self, services: Sequence[Service], logs: Path, screen: Screen) -> None:
        self._services = sorted(services, key=lambda service: service.rank)
        self._logs = logs
        self._screen = screen
        self._follower = Follower(screen)
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, deque[float]] = {}
        self._signals = 0

    def run(self, when_ready: Callable[[], None]) -> int:
        """Run until the user stops it (0) or it cannot go on (1); no child is left either way.

        Args:
            when_ready: called once, when all services are.
        """
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._note)
        try:
            self._start()
            when_ready()
            self._keep_running()
        except Stopped:
            return 0
        except StartFailed as error:
            self._screen.failed(str(error))
            return 1
        finally:
            self._stop()
        return 0

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        for service in self._services:
            if service.port:
                check_port(service.port)
        for rank_0 in (True, False):
            these = [service for service in self._services if (service.rank == 0) is rank_0]
            for service in these:
                self._launch(service)
            self._wait_for(these)

    def _launch(self, service: Service) -> None:
        log = self._logs / f"{service.name}.log"
        try:
            child = Child(service, log, dict(os.environ))
        except OSError as error:
            raise StartFailed(f"{service.name} cannot be started: {service.command[0]}: {error.strerror}") from error
        self._children[service.name] = child
        self._follower.follow(service.name, log, child.log_begins)

    def _wait_for(self, services: Iterable[Service]) -> None:
        waiting = {service.name: service for service in services}
        while waiting:
            self._tick()
            for name, service in list(waiting.items()):
                child = self._children[name]
                took_s = time.monotonic() - child.started
                if child.returncode is not None:
                    raise StartFailed(self._account(child, how_it_ended(child.returncode)))
                if service.ready():
                    self._screen.ready(name, took_s, service.note)
                    del waiting[name]
                elif took_s > service.ready_within_s:
                    raise StartFailed(self._account(child, f"was not ready within {service.ready_within_s:.0f} s"))
            self._screen.waiting(waiting)

    def _keep_running(self) -> None:
        """A worker ends itself when its heartbeat fails: whoever supervises it must bring it back."""
        due: dict[str, float] = {}
        while True:
            self._tick()
            for name, child in self._children.items():
                if child.returncode is None:
                    continue
                if name not in due:
                    due[name] = time.monotonic() + self._mourn(name, child)
                elif time.monotonic() >= due[name]:
                    del due[name]
                    self._launch(child.service)

    def _mourn(self, name: str, dead: Child) -> float:
        """Tell that a child has ended and after how many seconds it is started again; too many deaths end all."""
        dead.reap()
        ended = how_it_ended(dead.returncode or 0)
        now, deaths = time.monotonic(), self._deaths.setdefault(name, deque(maxlen=RESTARTS))
        recent = sum(now - death < RESTARTS_WITHIN_S for death in deaths)
        if recent == RESTARTS:
            raise StartFailed(self._account(dead, f"{ended}, and keeps ending after it was started again"))
        deaths.append(now)
        self._screen.line(name, f"{ended}: starting it again (its log is {dead.log})")
        return 0.5 * 2.0**recent

    def _tick(self) -> None:
        if self._signals:
            raise Stopped
        self._follower.show_new()
        time.sleep(TICK_S)

    def _account(self, child: Child, what: str) -> str:
        said = "\n".join(f"    {line}" for line in child.last_lines())
        return f"{child.service.name} {what}; its log is {child.log}" + (f" and ends with\n{said}" if said else "")

    def _stop(self) -> None:
        """Stop the highest rank first: nobody loses what they work with before they had the time to end."""
        self._screen.stopping()
        asked = self._signals
        for rank in sorted({child.service.rank for child in self._children.values()}, reverse=True):
            these = [child for child in self._children.values() if child.service.rank == rank]
            for child in these:
                child.signal(signal.SIGTERM)
            within_s = max(child.service.stop_within_s for child in these)
            until = time.monotonic() + within_s
            while any(child.returncode is None for child in these) and time.monotonic() < until:
                if self._signals > asked:  # asked once more: at once, then
                    break
                time.sleep(TICK_S / 2)
            for child in these:
                if child.returncode is None:
                    self._screen.line(child.service.name, f"did not end within {within_s:.0f} s and was killed")
                child.reap()
        self._screen.stopped()
