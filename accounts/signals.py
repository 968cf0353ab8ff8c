"""What happens to tokens, policies and the deny-list, for whoever keeps the record.

Each is sent inside the transaction that makes the change, with the model as ``sender`` and ``by``
(the User who did it, or None for a command). A receiver that raises undoes the change: nothing
happens unrecorded.

    token_issued, token_revoked      token
    policy_saved                     policy, created, changes {field: (before, after)}
    policy_assigned                  user, before, policy (each an AccessPolicy or None)
    column_denied, column_allowed    column (a DeniedColumn)
"""

from django.dispatch import Signal

token_issued = Signal()
token_revoked = Signal()
policy_saved = Signal()
policy_assigned = Signal()
column_denied = Signal()
column_allowed = Signal()
