"""Which answers may be given again, and for how long. The job says by the rule's name which one applied.

| rule | what it is | life |
|---|---|---|
| `kept` | nothing speaks against it | `cache.ttl_s` |
| `asks_about_now` | the query is about the present: today, latest, current price | `cache.now_ttl_s` |
| `asks_about_own_data` | it is about the asker's own data: my balance, did I pay | `cache.own_data_ttl_s` |
| `truncated` | the model stopped at its token limit | none |
| `repaired` | the JSON had to be repaired or reshaped | none |
| `fell_back` | another model than the wanted one answered | none |
| `too_large` | larger than `cache.max_answer_bytes` | none |
| `too_hot` | the temperature is above `cache.max_temperature` (decided at submission) | none |
"""

from __future__ import annotations

from dataclasses import dataclass

from workers.cache.timeliness import about_now, about_own_data
from workers.contracts.caching import Kept
from workers.contracts.calls import Reply, StructuredAnswer
from workers.settings import CacheSettings
from workers.store.record import Claim


@dataclass(frozen=True, slots=True)
class Keeping:
    """Decides on each answer."""

    settings: CacheSettings

    def rule(self, claim: Claim, reply: Reply, answer: StructuredAnswer, size_bytes: int) -> Kept | None:
        """Name the rule for an answer; None when its job has nothing to do with the cache.

        Args:
            claim: the attempt that answered.
            reply: as it came from the model.
            answer: what was taken out of it.
            size_bytes: of the answer as JSON.
        """
        if not claim.cache_key:
            return None
        for rule, applies in (
            ("fell_back", claim.queue == "fallback"),
            ("truncated", reply.truncated),
            ("repaired", answer.repaired),
            ("too_large", size_bytes > self.settings.max_answer_bytes),
        ):
            if applies:
                return Kept(rule, 0.0)
        return self._by_query(claim.request.query)

    def _by_query(self, query: str) -> Kept:
        settings = self.settings
        if about_own_data(query):
            return Kept("asks_about_own_data", min(settings.own_data_ttl_s, settings.ttl_s))
        if about_now(query):
            return Kept("asks_about_now", min(settings.now_ttl_s, settings.ttl_s))
        return Kept("kept", settings.ttl_s)
