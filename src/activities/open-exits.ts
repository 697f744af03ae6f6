/** The open orchestrated exits, for a list of Temporal's visibility. */
export const OPEN_EXITS = `WorkflowType = 'exitEmployee' AND ExecutionStatus = 'Running'`;
