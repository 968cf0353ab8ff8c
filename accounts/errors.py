"""What this app refuses, as one tree.

    AccountsError
    ├── TokenNotDeletable   token_not_deletable
    ├── ConnectionNotDeletable connection_not_deletable
    ├── IssueRefused        issue_refused
    ├── AlreadyIssued       already_issued
    ├── TokenNotFound       token_not_found
    ├── RevokeRefused       revoke_refused
    ├── ImportRefused       import_refused
    ├── DefaultNotDeletable default_not_deletable
    ├── PolicyRefused       policy_refused
    ├── DenyRefused         deny_refused
    ├── PersonRefused       person_refused
    ├── PauseRefused        pause_refused
    └── ScopeMissing        insufficient_scope

Every text is written for the person who asked, and none of them ever carries a token or a digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class AccountsError(Exception):
    """A request to this app was refused; ``str(error)`` says what to do instead."""

    code: ClassVar[str]


class TokenNotDeletable(AccountsError):
    """Somebody tried to delete tokens."""

    code = "token_not_deletable"

    def __init__(self) -> None:
        super().__init__(
            "Analyst tokens are never deleted, because the audit history points at them: "
            "revoke the token instead."
        )


class ConnectionNotDeletable(AccountsError):
    """Somebody tried to delete connections."""

    code = "connection_not_deletable"

    def __init__(self) -> None:
        super().__init__(
            "Connections are never deleted, because the audit history points at them: "
            "revoke the connection instead."
        )


class IssueRefused(AccountsError):
    """A token can't be issued as asked."""

    code = "issue_refused"


class AlreadyIssued(AccountsError):
    """The form was sent before, and its token shown then."""

    code = "already_issued"

    def __init__(self, token_id: int, prefix: str) -> None:
        self.token_id = token_id
        super().__init__(
            f"This form was sent before: it issued the token {prefix}…, which was shown then and "
            "can't be shown again. If it did not reach you, revoke it and issue another one."
        )


class TokenNotFound(AccountsError):
    """No token, or more than one, answers to that name."""

    code = "token_not_found"


class RevokeRefused(AccountsError):
    """A token can't be revoked as asked."""

    code = "revoke_refused"


@dataclass(frozen=True)
class RefusedEntry:
    """Why one entry of an import was refused; ``position`` counts from 1."""

    position: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"entry {self.position} ({self.name}) {self.reason}"


class ImportRefused(AccountsError):
    """An import was refused as a whole; ``entries`` holds one reason for each bad entry."""

    code = "import_refused"

    def __init__(self, message: str, entries: tuple[RefusedEntry, ...] = ()) -> None:
        self.entries = entries
        super().__init__("\n".join([message, *(f"- {entry}." for entry in entries)]))


class DefaultNotDeletable(AccountsError):
    """Somebody tried to delete the default policy."""

    code = "default_not_deletable"

    def __init__(self) -> None:
        super().__init__("The default policy can't be deleted: make another one the default first.")


class PolicyRefused(AccountsError):
    """A policy can't be stored as asked."""

    code = "policy_refused"


class DenyRefused(AccountsError):
    """A column can't be put on the deny-list as asked."""

    code = "deny_refused"


class PersonRefused(AccountsError):
    """A person can't be added or changed as asked."""

    code = "person_refused"


class PauseRefused(AccountsError):
    """The server can't be paused as asked."""

    code = "pause_refused"


class ScopeMissing(AccountsError):
    """A valid token was not issued for what is asked."""

    code = "insufficient_scope"

    def __init__(self) -> None:
        super().__init__("This connection was not allowed to read analytics: connect again.")
