"""What is seen of a Dask cluster that is in trouble; see tests/integration for one that is not."""

import pytest

from sn7fast.errors import InputError, WorkersError
from sn7fast.pipeline import cluster
from sn7fast.pipeline.cluster import dask_cluster


class Client:
    """As much of a client as is looked at."""

    def __init__(self, status="running", workers=1, version=None):
        self.status, self.workers, self._version = status, workers, version

    def scheduler_info(self, n_workers):
        return {"workers": {k: {} for k in range(self.workers)}}

    def run(self, function):
        if isinstance(self._version, Exception):
            raise self._version
        return {"tcp://one": self._version or function()}


def test_a_cluster_that_is_gone_or_alone_for_long(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(cluster, "monotonic", lambda: now[0])
    client = Client()
    look = cluster._Watch(client, "tcp://here")
    look()
    client.workers = 0
    look()
    now[0] += 119
    look()
    client.workers = 1
    look()
    client.workers = 0
    now[0] += 119
    look()
    now[0] += 121
    with pytest.raises(WorkersError, match="tcp://here has had no worker for 120 s"):
        look()
    client.status = "connecting"
    with pytest.raises(WorkersError, match="the cluster at tcp://here is gone"):
        look()


def test_workers_need_the_same_sn7fast():
    cluster._check_versions(Client(), "here")
    with pytest.raises(WorkersError, match=r"the worker tcp://one of here has sn7fast 0\.0\.0"):
        cluster._check_versions(Client(version="0.0.0"), "here")
    error = ImportError("No module named 'sn7fast'")
    with pytest.raises(WorkersError, match="a worker of here cannot import sn7fast: ImportError"):
        cluster._check_versions(Client(version=error), "here")


@pytest.mark.parametrize("where", ["", "localhost:1", "local:", "local:2 ", "local:x", "http://a"])
def test_refuses(where):
    with pytest.raises(InputError, match=f"dask: got {where!r}, wanted"), dask_cluster(where):
        pass


def test_refuses_a_number_of_local_workers():
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="dask: got 0, wanted"), dask_cluster("local:0"):
        pass
