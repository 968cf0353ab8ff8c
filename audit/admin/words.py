"""Closed vocabularies in the words of those who read them."""

from __future__ import annotations

from audit.models import Outcome

TOOLS = tuple(
    "query list_schemas list_tables describe_table list_functions sample_table search_catalog"
    " explain_query".split()
)

OUTCOMES = {
    Outcome.RUNNING: "Still running, or the server stopped before it ended.",
    Outcome.OK: "Answered.",
    Outcome.REFUSED: "Refused: it did not reach the data.",
    Outcome.FAILED: "The database, or the server, could not do it.",
    Outcome.TIMED_OUT: "It took too long and was stopped.",
    Outcome.CANCELLED: "Somebody stopped it.",
}

REASONS = {
    "abandoned": "The server stopped before it ended; the row was closed later.",
    "bad_arguments": "The client sent arguments that the tool does not take.",
    "busy": "Every connection was busy.",
    "cancelled": "The analyst, their client or a person in charge stopped it.",
    "catalog_not_readable": "It asked for the database's own catalogs, which are closed.",
    "client": "The client hung up or withdrew the call.",
    "concurrent_queries": "The person had as many queries running as their policy allows.",
    "database_error": "PostgreSQL refused it; the SQLSTATE says why.",
    "database_unavailable": "The analytics database could not be reached.",
    "empty": "There was no SQL in it.",
    "function_not_allowed": "It called a function that is not on the list of harmless ones.",
    "internal_error": "The server itself failed; its log says more.",
    "no_export": "The person's policy does not let them take results as files.",
    "not_recorded": "The app database did not answer in time, so it was not run.",
    "not_select": "It was no SELECT. Only SELECT is let through.",
    "not_text": "It held characters that are no text.",
    "operator_not_allowed": "It used an operator that is not on the list of harmless ones.",
    "parameter": "It held a placeholder such as $1 and no value for it.",
    "paused": "The server was paused.",
    "queries_per_minute": "The person asked more often than their policy allows.",
    "row_lock": "It would have locked rows, as FOR UPDATE does.",
    "rows_per_day": "The person's rows of the day were used up.",
    "sampling_not_allowed": "It used a way of sampling that is not allowed.",
    "schema_not_readable": "It named a schema that the person may not read.",
    "select_into": "It was a SELECT INTO, which writes a table.",
    "server_busy": "No connection became free in time.",
    "several_statements": "It was more than one statement.",
    "syntax_error": "PostgreSQL's grammar does not know it.",
    "timed_out": "It reached its time limit.",
    "too_complex": "It was too deeply nested to be judged.",
    "too_long": "It was longer than the server reads.",
    "type_not_allowed": "It used a type that is not on the list of harmless ones.",
    "unknown_function": "It called a function that is not there.",
    "unknown_relation": "It named a table or view that is not there.",
    "unknown_tool": "There is no tool of that name.",
    "unsafe_role": "The server's own database role could write, so nothing ran.",
    "unsupported_syntax": "It used a form of SQL that is not let through.",
}


def explained(outcome: str, reason: str) -> str:
    """Return what the outcome and our code for the reason mean, as one or two sentences."""
    first = OUTCOMES[Outcome(outcome)] if outcome in Outcome else ""
    return f"{first} {REASONS.get(reason, '')}".strip()
