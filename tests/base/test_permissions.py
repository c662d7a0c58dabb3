"""Who may do what: every pair of role and permission, written out once more as DESIGN section 13 has it."""

from __future__ import annotations

import itertools

import pytest

from suyuan.base.errors import Forbidden, Unauthenticated
from suyuan.base.identity import Actor, Role
from suyuan.base.permissions import GRANTS, Permission, decide

#: A letter for each permission, see LETTERS.
EXPECTED = {
    Role.PUBLIC: "P",
    Role.DEVICE: "PC",
    Role.PRODUCER: "PCETL",
    Role.LOGISTICS: "PCETL",
    Role.RETAILER: "PCETL",
    Role.LABORATORY: "P",
    Role.REGULATOR: "PETR",
    Role.WITNESS: "P",
    Role.ADMINISTRATOR: "PKM",
}
LETTERS = {
    Permission.READ_PUBLIC: "P", Permission.CAPTURE: "C", Permission.READ_EVENTS: "E", Permission.TRACE: "T",
    Permission.PRINT_LABELS: "L", Permission.RECALL: "R", Permission.MANAGE_KEYS: "K", Permission.EDIT_MASTER_DATA: "M",
}  # fmt: skip


def test_every_role_and_permission_is_in_the_table() -> None:
    assert set(GRANTS) == set(Role) == set(EXPECTED)
    assert set(LETTERS) == set(Permission)


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(Role, Permission)))
def test_each_pair_is_decided_as_written(role: Role, permission: Permission) -> None:
    actor = Actor(role, "k")
    if LETTERS[permission] in EXPECTED[role]:
        decide(actor, permission)
        return
    with pytest.raises(Unauthenticated if role is Role.PUBLIC else Forbidden) as refusal:
        decide(actor, permission)
    assert permission.value in refusal.value.detail
    assert refusal.value.remedy is not None
    allowed = {word for word, letters in EXPECTED.items() if LETTERS[permission] in letters}
    assert refusal.value.remedy.endswith(", ".join(sorted(allowed)))


def test_the_administrator_sees_nothing_of_the_goods() -> None:
    goods = {Permission.CAPTURE, Permission.READ_EVENTS, Permission.TRACE, Permission.RECALL, Permission.PRINT_LABELS}
    assert not GRANTS[Role.ADMINISTRATOR] & goods
