"""Where runs, documents and sign-offs are kept: an MLflow store, by default one SQLite file in a folder."""

from __future__ import annotations

import os
import shlex
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from early_id.exceptions import ConfigError
from early_id.tracking._mlflow import quiet
from early_id.tracking._mlflow_run import Run
from early_id.tracking._names import without_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.tracking import MlflowClient

_SQLITE = "sqlite:///"
_LOCAL_PAGE = "http://127.0.0.1:5000"
# MLflow asks a server that does not answer again for minutes; on the first call a person is waiting.
_RETRIES, _FEW = "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1"
_SQLITE_HEADER = b"SQLite format 3\x00"


class Tracker:
    """An MLflow tracking store and model registry, opened on first use.

    Parameters
    ----------
    uri : str or Path
        A folder (the store is ``mlflow.db`` in it), a ``.db`` file, ``sqlite:///<file>``, or the address of a
        tracking server. Artifacts of a SQLite store are kept beside it in ``mlartifacts``.
    experiment : str
        Runs are grouped under this name.
    model : str
        Name of the registered model, whose aliases ``candidate``, ``champion`` and ``previous`` this library moves;
        see `registered_name`.

    Attributes
    ----------
    uri : str
        Absolute.
    database : Path or None
        The SQLite file; None for a server.

    Raises
    ------
    ConfigError
        If the database is a folder, not SQLite, or written by another MLflow version, or no server answers.

    Examples
    --------
    >>> Tracker("runs").uri.endswith("/runs/mlflow.db")
    True
    """

    def __init__(self, uri: str | Path, experiment: str = "early_id", *, model: str = "early-id") -> None:
        self.database = _database(uri)
        self.uri = str(uri) if self.database is None else f"{_SQLITE}{self.database.as_posix()}"
        self.experiment = experiment
        self.model = model
        self._client: MlflowClient | None = None
        self._experiment_id: str | None = None

    def __repr__(self) -> str:
        return f"Tracker({self.uri!r}, experiment={self.experiment!r}, model={self.model!r})"

    @property
    def exists(self) -> bool:
        """Whether there is anything to look up: False where the database file was never made."""
        return self._client is not None or self.database is None or self.database.exists()

    @property
    def client(self) -> MlflowClient:
        """MLflow's client for this store; a missing database is created (about 3 s, once)."""
        if self._client is None:
            if self.database is not None:
                _make_database(self.database)
            self._client = self._connected()
        return self._client

    def _connected(self) -> MlflowClient:
        with quiet():
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient

            try:
                with _soon() if self.database is None else nullcontext():
                    client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
                    client.search_experiments(max_results=1)
            except MlflowException as error:
                where = without_password(self.uri)
                step = (
                    "start it, or correct the address"
                    if self.database is None
                    else f"copy the file, then run 'mlflow db upgrade {where}', or name a new store"
                )
                what = "server" if self.database is None else "store"
                msg = (
                    f"Expected a tracking {what} of this MLflow version at {where!r}, got: {_first_line(error)}; "
                    f"{step}."
                )
                raise ConfigError(msg) from error
        return client

    def page(self, run_id: str) -> str:
        """Give the address of a run's page.

        Of a SQLite file it is the one at which `server_command` shows it, on this machine.

        Examples
        --------
        >>> tracker = Tracker("https://mlflow.county.example")
        >>> tracker._experiment_id = "3"  # a server would be asked
        >>> tracker.page("4f1c")
        'https://mlflow.county.example/#/experiments/3/runs/4f1c'
        """
        address = without_password(self.uri).rstrip("/") if self.uri.startswith("http") else _LOCAL_PAGE
        return f"{address}/#/experiments/{self.experiment_id}/runs/{run_id}"

    @property
    def server_command(self) -> str:
        """The command that shows a store without a server of its own at `page`; empty for a server."""
        if self.uri.startswith("http"):
            return ""
        return f"mlflow server --backend-store-uri {shlex.quote(without_password(self.uri))}"

    @property
    def experiment_id(self) -> str:
        """MLflow's id of the experiment; created, or restored if it was deleted."""
        if self._experiment_id is None:
            with quiet():
                found = self.client.get_experiment_by_name(self.experiment)
                if found is None:
                    self._experiment_id = self._create_experiment()
                else:
                    if found.lifecycle_stage == "deleted":
                        self.client.restore_experiment(found.experiment_id)
                    self._experiment_id = str(found.experiment_id)
        return self._experiment_id

    def _create_experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        place = None if self.database is None else (self.database.parent / "mlartifacts").as_uri()
        try:
            return str(self.client.create_experiment(self.experiment, artifact_location=place))
        except MlflowException:
            # Another process was faster; anything else shows again as a missing experiment.
            found = self.client.get_experiment_by_name(self.experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    def run(self, name: str, *, parent: Run | None = None, tags: Mapping[str, str] | None = None) -> Run:
        """Open a run.

        Parameters
        ----------
        name : str
            Shown in MLflow.
        parent : Run, optional
            The run of the training this learner belongs to.
        tags : mapping of str to str, optional

        Returns
        -------
        Run
            Use it in a `with` block.
        """
        all_tags = dict(tags or {})
        if parent is not None:
            all_tags["mlflow.parentRunId"] = parent.run_id
        with quiet():
            made = self.client.create_run(self.experiment_id, run_name=name, tags=all_tags)
        return Run(self, made.info.run_id)

    def reopen(self, run_id: str) -> Run:
        """Give a run that exists; its status stays as it is unless used in a `with` block.

        Raises
        ------
        ConfigError
            If there is no such run.
        """
        with quiet():
            from mlflow.exceptions import MlflowException

            try:
                self.client.get_run(run_id)
            except MlflowException as error:
                msg = f"Expected a run of {self.uri!r}, there is no run {run_id!r}; see its training log."
                raise ConfigError(msg) from error
        return Run(self, run_id)

    def params(self, run_id: str) -> dict[str, str]:
        """Give the settings logged to a run."""
        with quiet():
            return dict(self.client.get_run(run_id).data.params)

    def metrics(self, run_id: str) -> dict[str, float]:
        """Give the last value of every figure logged to a run."""
        with quiet():
            return dict(self.client.get_run(run_id).data.metrics)

    def read(self, run_id: str, path: str) -> bytes:
        """Read one file of a run.

        Raises
        ------
        ConfigError
            If the run has no such file.
        """
        with quiet(), tempfile.TemporaryDirectory() as scratch:
            from mlflow.exceptions import MlflowException

            try:
                return Path(self.client.download_artifacts(run_id, path, scratch)).read_bytes()
            except (MlflowException, OSError) as error:
                msg = (
                    f"Expected the file {path!r} in run {run_id}, found none; "
                    "the artifact folder beside the database may have been moved or deleted."
                )
                raise ConfigError(msg) from error


def _database(uri: str | Path) -> Path | None:
    """Resolve to the absolute path of a SQLite file, or None for a server."""
    text = str(uri)
    if text.startswith(_SQLITE):
        return Path(text.removeprefix(_SQLITE)).expanduser().resolve()
    if isinstance(uri, str) and "://" in text:
        return None
    path = Path(text).expanduser().resolve()
    return path if path.suffix in {".db", ".sqlite"} else path / "mlflow.db"


def _make_database(database: Path) -> None:
    """Create the database under a temporary name and link it into place.

    MLflow builds its tables in about 3 s and cannot resume when stopped half-way; a finished file that
    appears at once is never half made, and of two processes that start together the slower one finds the file
    of the faster.
    """
    if database.is_dir():
        msg = (
            f"Expected a database file at {str(database)!r}, got a folder; "
            "name the file, for example '.../mlflow.db'."
        )
        raise ConfigError(msg)
    if database.exists():
        with database.open("rb") as file:
            header = file.read(len(_SQLITE_HEADER))
        if header != _SQLITE_HEADER:
            msg = (
                f"Expected a SQLite database at {str(database)!r}, got another kind of file; name a new file."
            )
            raise ConfigError(msg)
        return
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=database.parent, prefix=".mlflow-") as scratch:
            draft = Path(scratch) / database.name
            with quiet():
                from mlflow.tracking import MlflowClient

                uri = f"{_SQLITE}{draft.as_posix()}"
                MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments(max_results=1)
            _publish(draft, database)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        msg = (
            f"Expected a folder that can be written for {str(database)!r}, got: {error}; name another folder."
        )
        raise ConfigError(msg) from error


def _publish(draft: Path, database: Path) -> None:
    try:
        os.link(draft, database)
    except FileExistsError:
        return
    except OSError:
        # A file system without links: the rename is whole too, but does not exclude two first users.
        draft.replace(database)


@contextmanager
def _soon() -> Iterator[None]:
    """Let a server that does not answer be an error soon, unless the environment already says how long to wait."""
    given = os.environ.get(_RETRIES)
    os.environ.setdefault(_RETRIES, _FEW)
    try:
        yield
    finally:
        if given is None:
            os.environ.pop(_RETRIES, None)


def _first_line(error: Exception) -> str:
    return without_password(str(error).strip().splitlines()[0].rstrip("."))
