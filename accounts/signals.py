"""What happens to people, tokens, policies and the server, for whoever keeps the record.

Each is sent inside the transaction that makes the change, with the model as ``sender`` and ``by``
(the User who did it, or None for a command). A receiver that raises undoes the change: nothing
happens unrecorded. ``changes`` is {field: (before, after)}.

    person_saved                     user, created, changes
    person_activated                 user, reason
    person_deactivated               user, reason
    team_saved                       team, changes
    token_issued, token_revoked      token
    token_rotated                    old, token (the new one, for which token_issued is sent too)
    policy_saved                     policy, created, changes
    policy_assigned                  user, before, policy (each an AccessPolicy or None)
    column_denied, column_allowed    column (a DeniedColumn)
    server_paused                    pause, cancel_running
    server_resumed                   pause
    two_factor_reset                 user
    connection_made                  connection (``by`` is the person who agreed)
    connection_refreshed             connection, first (True for its first tokens)
    connection_revoked               connection
    replay_detected                  connection, what (came back; connection_revoked is sent too)
    application_switched             application, on
    applications_cleaned             count
"""

from django.dispatch import Signal

person_saved = Signal()
person_activated = Signal()
person_deactivated = Signal()
team_saved = Signal()
token_issued = Signal()
token_revoked = Signal()
token_rotated = Signal()
policy_saved = Signal()
policy_assigned = Signal()
column_denied = Signal()
column_allowed = Signal()
server_paused = Signal()
server_resumed = Signal()
two_factor_reset = Signal()
connection_made = Signal()
connection_refreshed = Signal()
connection_revoked = Signal()
replay_detected = Signal()
application_switched = Signal()
applications_cleaned = Signal()
