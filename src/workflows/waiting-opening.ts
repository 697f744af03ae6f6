/** An opening that waits for a second person (temporal/opening-workflows.ts). It runs when it lapses, and has nothing to do. */
export const waitingOpening = (): Promise<void> => Promise.resolve();
