"""What happens to tokens, for whoever keeps the record.

Both are sent inside the transaction that makes the change, with ``sender=AnalystToken``,
``token`` (the AnalystToken) and ``by`` (the User who did it, or None for a command). A receiver
that raises undoes the change: nothing happens to a token unrecorded.
"""

from django.dispatch import Signal

token_issued = Signal()
token_revoked = Signal()
