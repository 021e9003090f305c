"""A wandb run for the length of a run of ours, which never waits for it and never fails with it.

Every call to wandb is made by one thread of its own, in order.  wandb's own process writes all of it to disk
before it sends it, so that what a server did not take can be sent later: `wandb sync`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracking.artifacts import describe
from tracking.config import Tracking, TrackingError, check_mode
from tracking.identity import environment, experiment, flatten

log = logging.getLogger(__name__)
GRACE = 5.0  # seconds beyond `tracking.timeout` for wandb to keep to it


class Tracker:
    """Passes what happens on to a wandb run, or to nothing."""

    def __init__(self, run: Any | None = None, tracking: Tracking | None = None) -> None:
        self.tracking = tracking or Tracking()
        self._run = run
        self._failed: set[str] = set()
        self._tasks: queue.SimpleQueue[tuple[str, Callable[[Any], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True, name="wandb")
        if run is not None:
            self._thread.start()

    @property
    def active(self) -> bool:
        """Whether there is a wandb run to tell."""
        return self._run is not None

    def do(self, what: str, call: Callable[[Any], Any]) -> None:
        """Have `call(run)` made after all calls before it; if it fails, say so, the first time for each `what`."""
        if self._run is not None:
            self._tasks.put((what, call))

    def log(self, values: Mapping[str, Any], step: int) -> None:
        """Log figures of one step; those of a step that the run has already, having been resumed, are left out."""
        kept = dict(values)
        self.do("figures", lambda run: run.log(kept, step=step) if kept and step >= run.step else None)

    def summarise(self, values: Mapping[str, Any]) -> None:
        """Set figures of the whole run."""
        kept = dict(values)
        self.do("summary", lambda run: run.summary.update(kept))

    def use(self, kind: str, source: Path | str, digest: str, aliases: Sequence[str] = ()) -> None:
        """Name an artifact that the run starts from: a folder, or something that is elsewhere, by name."""
        self._artifact(kind, source, digest, aliases, used=True)

    def make(self, kind: str, folder: Path, digest: str, **metadata: Any) -> None:
        """Log a folder as an artifact that the run has made."""
        self._artifact(kind, folder, digest, ["latest", *self.tracking.aliases], used=False, **metadata)

    def attach(self, file: Path) -> None:
        """Keep a file with the run."""
        self.do(file.name, lambda run: run.save(str(file), base_path=str(file.parent), policy="now"))

    def _artifact(
        self, kind: str, source: Path | str, digest: str, aliases: Sequence[str], *, used: bool, **metadata: Any
    ) -> None:
        def send(run: Any) -> None:
            artifact = describe(kind, source, {"hash": digest, **metadata})
            artifact.finalize()
            # The public calls ask the server first and wait for it, and offline they note no lineage.
            run._interface.publish_artifact(
                run, artifact, [*aliases, f"sha-{digest}"], tags=None,
                finalize=True, is_user_created=True, use_after_commit=used,
            )  # fmt: skip

        self.do(f"artifact {kind}", send)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            what, call = task
            try:
                call(self._run)
            except Exception as error:
                if what not in self._failed:
                    log.warning("wandb did not take the %s (%s); the run goes on", what, error)
                self._failed.add(what)

    def close(self, exit_code: int) -> None:
        """Finish the wandb run, within `tracking.timeout` seconds and some grace."""
        if self._run is None:
            return
        self.do("end of the run", lambda run: run.finish(exit_code))
        self._tasks.put(None)
        self._thread.join(self.tracking.timeout + GRACE)
        if self._thread.is_alive():
            _stop_service()
            self._failed.add("end of the run")
        if self._failed or self._run.settings.mode == "offline" or getattr(self._run, "_finish_timed_out", False):
            log.info("to upload this run: wandb sync %s", Path(self._run.settings.sync_dir))


def _stop_service() -> None:
    """End a wandb process that no longer answers: it would keep ours from ending.  The next run starts another."""
    import wandb

    with contextlib.suppress(Exception):
        wandb.setup()._connection._proc._process.kill()  # there is no public way
    with contextlib.suppress(Exception, SystemExit):
        wandb.teardown()


def sweep_of(tracking: Tracking) -> str | None:
    """The sweep that a run is a point of: as configured, or wandb's, or the folder of Hydra's multirun."""
    if named := tracking.sweep or os.environ.get("WANDB_SWEEP_ID"):
        return named
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    if HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN:
        return Path(HydraConfig.get().sweep.dir).name
    return None


def _run_id(folder: Path) -> str:
    """The wandb id of the run in a folder: a run that is resumed goes on there too."""
    if given := os.environ.get("WANDB_RUN_ID"):  # by the agent of a sweep
        return given
    kept = folder / "wandb-id"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(secrets.token_hex(4), "utf-8")
    return kept.read_text("utf-8")


def _open(tracking: Tracking, settings: dict[str, Any]) -> Any:
    """A wandb run, online if that is asked for and can be had, else offline; None if not even that."""
    import wandb

    # wandb's capture of the console would have our own prints wait for it; without its flushes a kill loses seconds.
    always = {"console": "off", "finish_timeout": tracking.timeout, "x_transaction_log_flush_interval": 1.0}
    why = None
    if tracking.mode == "online":
        try:
            wandb.setup(wandb.Settings(x_disable_viewer=True))  # it would ask, for a line of output, who the key is of
            if wandb.login(prompt=False, verify=False):
                limits = wandb.Settings(init_timeout=tracking.timeout, **always)
                return wandb.init(mode="online", resume="allow", settings=limits, **settings)
            why = "no key: `wandb login` keeps one, or WANDB_API_KEY gives it"
        except Exception as error:
            why = str(error) or type(error).__name__
            _stop_service()  # else it would take the run below for the one that it could not open
    try:
        wandb.setup(wandb.Settings(x_disable_viewer=True))
        run = wandb.init(mode="offline", settings=wandb.Settings(silent=True, **always), **settings)
    except Exception as error:
        log.warning("wandb cannot be used (%s); the run goes on without", why or error)
        return None
    if why:
        log.warning(
            "wandb is not reached (%s); the run goes on offline, and later: wandb sync %s",
            " ".join(why.split()), run.settings.sync_dir,
        )  # fmt: skip
    return run


@contextmanager
def track(
    tracking: Tracking, job_type: str, config: Mapping[str, Any], folder: Path, record: Mapping[str, Any]
) -> Iterator[Tracker]:
    """Open a wandb run for the length of a run.

    Args:
        tracking: what is asked for.
        job_type: pretrain, finetune or evaluate.
        config: the whole resolved configuration, nested.
        folder: the run's own; its name is the run's, and wandb's files are kept in it.
        record: facts of the run that are no configuration: `provenance/…` in wandb.

    Raises:
        TrackingError: `tracking.mode` is none that there is, or wandb is not installed.
    """
    check_mode(tracking)
    if tracking.mode == "disabled":
        yield Tracker()
        return
    flat = flatten(config)
    sweep = sweep_of(tracking)
    facts = {"experiment": record.get("experiment") or experiment(job_type, flat), "sweep": sweep}
    provenance = {name: value for name, value in record.items() if name not in facts}
    marks = {"seed": flat.get("seed"), "fold": flat.get("data/fold"), "sweep": sweep}
    tags = [*tracking.tags, *(f"{name}-{value}" for name, value in marks.items() if value is not None)]
    settings = {
        "entity": tracking.entity, "project": tracking.project, "dir": str(folder), "id": _run_id(folder),
        "name": folder.name, "job_type": job_type, "group": tracking.group or facts["experiment"],
        "tags": tags, "reinit": "finish_previous",
        "config": {**flat, **facts, **flatten({"provenance": provenance}), **environment()},
    }  # fmt: skip
    try:
        import wandb  # noqa: F401
    except ImportError:
        raise TrackingError(
            f"tracking.mode={tracking.mode} needs wandb: pip install 'isnad[train]', or tracking.mode=disabled"
        ) from None
    tracker = Tracker(_open(tracking, settings), tracking)
    try:
        yield tracker
    except BaseException:
        tracker.close(exit_code=1)
        raise
    tracker.close(exit_code=0)
