"""The document in Spark gives what NumPy gives, on a sample of documents."""

from __future__ import annotations

import gc
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from models.made import documents_with_rows

pytestmark = [
    pytest.mark.slow,
    # PySpark 4.0 and Ibis 12 use a keyword and an option that pandas 3 deprecates, and PySpark leaves its sockets to
    # the garbage collector.
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option:pandas.errors.Pandas4Warning"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated:pandas.errors.Pandas4Warning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark.sql", reason="PySpark is not installed: `make slow` does")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("there is no Java on this machine: Debian's default-jre-headless is enough")
    from early_id.district._spark_session import spark_session

    session = spark_session()
    yield session
    session.stop()
    gc.collect()


def scored(session, model: AdditiveModel, X: pd.DataFrame, reasons: int = 3) -> pd.DataFrame:
    from early_id.district._spark_session import spark_engine

    backend = spark_engine(session)
    types = {"string": "string", "float64": "double", "int64": "bigint"}
    layout = ", ".join(
        f"{name} {types['string' if X[name].dtype == 'str' else str(X[name].dtype)]}" for name in X
    )
    cells = [
        [None if isinstance(cell, float) and np.isnan(cell) and X[name].dtype == "str" else cell for name, cell in zip(X, row, strict=True)]
        for row in X.itertuples(index=False)
    ]  # fmt: skip
    backend.raw_sql("SELECT 1").sparkSession.createDataFrame(cells, layout).createOrReplaceTempView("rows")
    found = model.to_ibis(backend.table("rows"), reasons=reasons).order_by("place")
    return found.to_pyarrow().to_pandas()


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(made=documents_with_rows())
def test_scores_in_spark_are_those_of_numpy(spark, made):
    model, X = made
    if not len(X):
        return
    found = scored(spark, model, X.assign(place=np.arange(len(X))), reasons=0)
    np.testing.assert_allclose(found["score"].astype(float), model.decision_function(X), rtol=0, atol=1e-12)


def test_reasons_in_spark_are_those_of_duckdb(spark):
    days = Term("days", "step", (0.1,), (-1.0, 1.0), 0.0)
    mark = Term("mark", "linear", (0.0, 10.0), (2.0, 0.0), 0.0)
    model = AdditiveModel(
        "x", [FeatureInfo("days"), FeatureInfo("mark")], [Period(0, None, 0.0, (days, mark))]
    )
    X = pd.DataFrame({"days": [0.1, 0.0, np.nan], "mark": [0.0, 5.0, 10.0], "place": [0, 1, 2]})
    found = scored(spark, model, X, reasons=2)[["reason_1", "reason_2"]].astype(object)
    assert found.where(found.notna(), None).to_numpy().tolist() == [
        ["mark", "days"],
        ["mark", None],
        [None, None],
    ]
