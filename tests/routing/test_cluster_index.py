"""Fitting, opening and asking an index, on embedded Chroma and on a real Chroma server."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avengers_graph.embedding import embed_query
from avengers_graph.errors import (
    ClusterIndexError,
    ConfigError,
    EmbeddingError,
    IndexMismatchError,
    IndexNotFoundError,
    RecordsError,
)
from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex, RankingSettings, estimate, rank_experts
from avengers_graph.routing.clustering import few_threads
from avengers_graph.routing.fitting import knn_queries
from avengers_graph.settings.config import IndexPlace
from tests.routing.conftest import EXPERTS, TOPICS, TopicEmbeddings, planted


def best(index: ClusterIndex, vector: Any) -> str:
    hits = index.nearest(vector, k=index.settings.top_clusters)
    return rank_experts(index.evidence(vector, hits), candidates=index.experts)[0]["name"]


def test_each_topic_goes_to_its_expert(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    index = ClusterIndex.open(place, embeddings=embeddings)
    assert index.experts == EXPERTS
    assert (index.n_clusters, index.model.dim) == (4, embeddings.dim)
    assert index.n_queries == len(records)
    for number, topic in enumerate(TOPICS):
        vector = embed_query(embeddings, f"{topic} {topic} {topic} new question")
        (hit,) = index.nearest(vector)
        assert (hit["size"], hit["weight"]) == (30, 1.0)
        assert topic in hit["label"]
        scores = index.scores(hit["id"])
        assert scores[EXPERTS[number % 3]].mean == pytest.approx(0.9)
        assert scores["ada"].count == 30
        assert scores["ada"].cost == pytest.approx(0.001)
        assert scores["ada"].latency is None
        assert best(index, vector) == EXPERTS[number % 3]
    assert index.model.global_scores()["ada"].count == 120


@pytest.mark.parametrize("scorer", ["cluster", "reciprocal-rank", "knn", "ridge", "prior", "blend"])
def test_every_scorer_is_served_from_chroma(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings, scorer: str
) -> None:
    settings = RankingSettings(
        scorer=scorer, n_clusters=4, neighbours=10, blend={"cluster": 1, "knn": 1, "ridge": 1}
    )
    fitted = ClusterIndex.fit(records, embeddings, settings=settings, path=place)
    index = ClusterIndex.open(place)
    assert index.settings == fitted.settings
    for number, topic in enumerate(TOPICS):
        vector = embed_query(embeddings, f"{topic} {topic} {topic} new question")
        assert best(index, vector) == EXPERTS[number % 3]
        evidence = index.evidence(vector, index.nearest(vector))
        assert scorer.split("-")[0] in rank_experts(evidence, candidates=["ada"])[0]["why"].lower()


def test_chroma_finds_the_neighbours_that_an_exact_search_finds(
    place: IndexPlace, embeddings: TopicEmbeddings
) -> None:
    records = planted(60)
    settings = RankingSettings(scorer="knn", n_clusters=4, partitions=1)
    index = ClusterIndex.fit(records, embeddings, settings=settings, path=place)
    _, data, vectors = index.queries.training_data()
    exact = knn_queries(index.model, data, vectors)
    asked = np.concatenate([vectors + 0.01 * number for number in range(5)])
    # More neighbours in all than SQLite takes variables in one statement.
    for k in (7, 50):
        assert np.allclose(index.queries(asked, k).sum(axis=1), exact(asked, k).sum(axis=1))


def test_queries_it_was_fitted_on_are_known(place: IndexPlace, embeddings: TopicEmbeddings) -> None:
    records = planted(10)
    index = ClusterIndex.fit(records, embeddings, n_clusters=2, path=place)
    asked = [records[0].query, "new?", records[3].query, records[0].query]
    assert index.queries.count_stored(asked) == 3
    without_queries = ClusterIndex.from_model(index.model, embeddings, path=place)
    assert without_queries.queries.count_stored(asked) == 0


def test_nearest_is_what_kmeans_predicts(place: IndexPlace) -> None:
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(1500, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    records = [Record(f"query {at}", "d", {"a": float(at % 2)}) for at in range(len(vectors))]
    index = ClusterIndex.fit(records, None, vectors=vectors, n_clusters=300, path=place)
    with few_threads():  # sums depend on the number of threads in the last digit
        kmeans = KMeans(300, n_init=1, random_state=0).fit(vectors)
    assert np.array_equal(index.model.clusters.centroids[:300], kmeans.cluster_centers_)
    asked = rng.normal(size=(400, 32)).astype(np.float32)
    asked = np.concatenate([asked / np.linalg.norm(asked, axis=1, keepdims=True), vectors[:200]])
    found = [index.nearest(vector)[0] for vector in asked]
    assert [hit["id"] for hit in found] == kmeans.predict(asked).tolist()
    distances = kmeans.transform(asked).min(axis=1)
    assert [hit["distance"] for hit in found] == pytest.approx(distances.tolist(), abs=1e-5)


def test_clusters_far_apart_are_no_damage(tmp_path: Path) -> None:
    """Chroma's approximate search misses one stored centroid in ten of such."""
    vectors = np.random.default_rng(0).normal(size=(1200, 384)).astype(np.float32)
    records = [Record(f"query {at}", "d", {"a": float(at % 2)}) for at in range(len(vectors))]
    settings = RankingSettings(n_clusters=1000, partitions=1)
    index = ClusterIndex.fit(records, None, vectors=vectors, settings=settings, path=tmp_path)
    assert index.n_clusters == 1000


def test_several_nearest_come_in_order_and_share_the_weight(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    index = ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    hits = index.nearest(embed_query(embeddings, "algebra poetry"), k=9)
    assert len(hits) == 4
    distances = [hit["distance"] for hit in hits]
    assert distances == sorted(distances)
    assert sum(hit["weight"] for hit in hits) == pytest.approx(1)
    assert hits[0]["weight"] >= hits[-1]["weight"]


def test_one_query_and_a_batch_give_the_same_estimate(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    settings = RankingSettings(n_clusters=6, partitions=3, top_clusters=2, scorer="blend")
    index = ClusterIndex.fit(records, embeddings, settings=settings, path=place)
    vectors = np.stack([embed_query(embeddings, r.query + " more") for r in records[::17]])
    batch = estimate(index.model.evidence(vectors))
    for row, vector in enumerate(vectors):
        single = estimate(index.evidence(vector, index.nearest(vector, k=2)))
        assert single == pytest.approx(batch[row], abs=1e-6)


def test_the_same_input_and_seed_give_the_same_index(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    settings = RankingSettings(n_clusters=7, partitions=2)
    one = ClusterIndex.fit(records, embeddings, settings=settings, seed=3, path=place)
    two = ClusterIndex.fit(records, embeddings, settings=settings, seed=3, path=place)
    other = ClusterIndex.fit(records, embeddings, settings=settings, seed=4, path=place)
    assert one.generation != two.generation
    assert one.model.digest() == two.model.digest() != other.model.digest()
    assert np.array_equal(one.model.clusters.centroids, two.model.clusters.centroids)
    assert one.model.clusters.labels == two.model.clusters.labels
    vector = embed_query(embeddings, "poetry about chemistry")
    first, second = (index.evidence(vector, index.nearest(vector)) for index in (one, two))
    assert rank_experts(first, candidates=EXPERTS) == rank_experts(second, candidates=EXPERTS)


@pytest.mark.parametrize(
    ("scorer", "scores"),
    [
        ("cluster", {"bo": 0.628605, "ada": 0.536459, "cy": 0.317509}),
        ("reciprocal-rank", {"bo": 0.628605, "ada": 0.536459, "cy": 0.317509}),
        ("knn", {"ada": 0.588292, "bo": 0.607711, "cy": 0.361049}),
        ("ridge", {"ada": 0.568881, "bo": 0.599678, "cy": 0.3292}),
        ("prior", {"ada": 0.557939, "bo": 0.587983, "cy": 0.339654}),
        ("blend", {"bo": 0.603986, "ada": 0.55804, "cy": 0.328891}),
    ],
)
def test_seeded_records_give_the_scores_they_always_gave(
    tmp_path: Path,
    records: list[Record],
    embeddings: TopicEmbeddings,
    scorer: str,
    scores: dict[str, float],
) -> None:
    settings = RankingSettings(
        scorer=scorer,
        n_clusters=6,
        partitions=2,
        top_clusters=2,
        neighbours=10,
        back_off=False,
    )
    index = ClusterIndex.fit(records, embeddings, settings=settings, seed=1, path=tmp_path)
    vector = embed_query(embeddings, "poetry about algebra and travel")
    hits = index.nearest(vector, k=2)
    assert [hit["distance"] for hit in hits] == pytest.approx([0.884064, 0.893932], abs=2e-6)
    assert [hit["weight"] for hit in hits] == pytest.approx([0.524651, 0.475349], abs=2e-5)
    ranked = rank_experts(index.evidence(vector, hits), candidates=index.experts, alpha=0.8)
    assert [row["name"] for row in ranked] == list(scores)
    found = {row["name"]: row["score"] for row in ranked}
    assert found == pytest.approx(scores, abs=2e-5)


def test_another_embedder_is_refused(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    index = ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    with pytest.raises(IndexMismatchError, match="fitted with the embedder"):
        ClusterIndex.open(place, embeddings=TopicEmbeddings(salt=1))
    with pytest.raises(IndexMismatchError, match="12 dimensions"):
        ClusterIndex.open(place, embeddings=TopicEmbeddings(dim=12))
    with pytest.raises(IndexMismatchError, match=r"shape \(3,\)"):
        index.nearest([1, 0, 0])
    with pytest.raises(EmbeddingError, match="not finite"):
        index.nearest([float("nan")] * 24)
    with pytest.raises(EmbeddingError, match="does not know how to load"):
        index.load_embeddings()
    with pytest.raises(ConfigError, match="k is 0"):
        index.nearest([0.1] * 24, k=0)
    with pytest.raises(ClusterIndexError, match="no cluster 4"):
        index.scores(4)
    with pytest.raises(ClusterIndexError, match="no cluster was passed"):
        index.evidence([0.1] * 24, [])


def test_partial_scores_count_where_they_exist(
    place: IndexPlace, embeddings: TopicEmbeddings
) -> None:
    records = [
        Record(f"algebra {at}", "m", {"a": 1.0} if at % 2 else {"a": 0.0, "b": 1.0})
        for at in range(20)
    ]
    index = ClusterIndex.fit(records, embeddings, n_clusters=1, path=place)
    scores = index.scores(0)
    assert (scores["a"].mean, scores["a"].count) == (0.5, 20)
    assert (scores["b"].mean, scores["b"].count) == (1.0, 10)


def test_odd_but_legal_records_fit(place: IndexPlace, embeddings: TopicEmbeddings) -> None:
    zeros = [Record(f"algebra {at}", "m", {"a": 0.0, "b": 0}) for at in range(5)]
    index = ClusterIndex.fit(zeros, embeddings, n_clusters=2, path=place)
    vector = embed_query(embeddings, "algebra")
    ranked = rank_experts(index.evidence(vector, index.nearest(vector)), candidates=["b", "a"])
    assert [(row["name"], row["score"]) for row in ranked] == [("a", 0.0), ("b", 0.0)]
    one = [Record("数学 🧮 " + "x" * 100_000, "m", {"a": 1.0})]
    index = ClusterIndex.fit(one, embeddings, path=place)
    assert (index.n_clusters, index.nearest(vector)[0]["size"]) == (1, 1)


class ConstantEmbeddings(TopicEmbeddings):
    def embed_query(self, text: str) -> list[float]:
        return [1.0] * self.dim


@pytest.mark.parametrize(
    ("records", "n_clusters", "message"),
    [
        ([], 1, "no record"),
        ([Record("q", "d", {"a": 0.5})], 2, "1 queries cannot make 2 clusters"),
        ([Record("q", "d", {"a": 1.5})], 1, r"score of expert 'a' is 1\.5"),
        ([Record("q", "d", {"a": float("nan")})], 1, "score of expert 'a' is nan"),
        ([Record(f"q {at}", "d", {"a": 1}) for at in range(4)], 2, "only 1 different vectors"),
    ],
)
def test_bad_records_leave_the_index_as_it_was(
    place: IndexPlace,
    records: list[Record],
    embeddings: TopicEmbeddings,
    n_clusters: int,
    message: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(RecordsError, match=message):
        ClusterIndex.fit(records, ConstantEmbeddings(), n_clusters=n_clusters, path=place)
    with pytest.raises(IndexNotFoundError):
        ClusterIndex.open(place)
    assert list(tmp_path.iterdir()) == []


def test_constant_embeddings_make_one_cluster_by_default(place: IndexPlace) -> None:
    records = [Record(f"q {at}", "d", {"a": at / 100}) for at in range(100)]
    assert ClusterIndex.fit(records, ConstantEmbeddings(), path=place).n_clusters == 1
