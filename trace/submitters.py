"""Whose a captured event is: the key that submitted it, and every key of the same firm; a duplicate's sender too."""

from __future__ import annotations

from suyuan.base.identity import Actor

#: Condition on ``c``, a row of `capture`. Two comparisons, not one of a composed text, so that indexes may serve.
OURS = "(c.key_id = :key OR (c.party = :party AND c.party <> ''))"


def submitter(actor: Actor) -> dict[str, str]:
    """The values that `OURS` asks for."""
    return {"key": actor.key_id, "party": actor.party}
