"""The same weights on Spark, for those who outgrow one machine: real pyspark on this machine.

It needs Java 17 and pyspark, half a gigabyte: `make test-spark` brings both.
"""

from collections.abc import Iterator

import msgspec
import pytest

from fieldsync.core.linkage import Scorer
from fieldsync.core.linkage_features import PERSON
from fieldsync.services.linkage_lists import shipped_model
from fieldsync.store.linkage_extract import Known
from fieldsync.store.linkage_splink import bench, scores, shares
from fieldsync.store.linkage_sql import SPARK
from tests.store.test_linkage_splink import persons, with_phones

SMALL = {
    **{"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1", "spark.driver.memory": "512m"},
    "spark.sql.codegen.wholeStage": "false",  # compiling takes longer than thirty persons
}


@pytest.fixture
def small_spark(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One core and little else, by the settings with which whoever runs Spark says where it is."""
    told = " ".join(f"--conf {name}={value}" for name, value in SMALL.items())
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[1] {told} pyspark-shell")
    yield
    from pyspark.sql import SparkSession

    SparkSession.builder.getOrCreate().stop()


@pytest.mark.long
@pytest.mark.usefixtures("small_spark")
def test_spark_gives_every_pair_the_weight_that_we_give_it() -> None:
    known = persons(30)
    with bench(PERSON, [[Known(*each) for each in known.items()]], SPARK) as on:
        model = msgspec.structs.replace(shipped_model(PERSON), frequencies=shares(on, 1e-4))
        scorer, by_phone = Scorer(model), with_phones(on, known)
        on.run(
            "CREATE OR REPLACE TEMP VIEW every_pair AS SELECT a.unique_id AS join_key_l, b.unique_id AS join_key_r,"
            " '0' AS match_key FROM people a JOIN people b ON a.unique_id < b.unique_id"
        )
        found = list(scores(on, model, "every_pair", -10_000))
    assert len(found) == 30 * 29 // 2
    for pair in found:
        assert abs(scorer.score(by_phone[pair.left_id], by_phone[pair.right_id]).raw - pair.weight) < 1e-6
