export const DAY_MS = 24 * 60 * 60 * 1000;

/** The date so many days from today, in UTC: `YYYY-MM-DD`. */
export const inDays = (days: number): string =>
  new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
