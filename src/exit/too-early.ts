/** A part of the failure of a query that came before a task: a worker gives it, and a client of Temporal asks again. */
export const TOO_EARLY = 'has events that no workflow task has had yet';
