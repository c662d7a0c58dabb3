"""Whose a captured event is: the key that submitted it, and every key of the same firm; a duplicate's sender too."""

from __future__ import annotations

from suyuan.base.identity import Actor

#: Condition on ``c``, a row of `capture`. Two comparisons, not one of a composed text, so that indexes may serve.
OURS = "(c.key_id = :scope_key OR (c.party = :scope_party AND c.party <> ''))"


def submitter(actor: Actor) -> dict[str, str]:
    """The values that `OURS` asks for."""
    return {"scope_key": actor.key_id, "scope_party": actor.party}
