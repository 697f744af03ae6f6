/** One thing that exits need, and whether it is as it should be. An operator reads it. */
export interface Finding {
  about: 'server' | 'certificate' | 'workers' | 'workflow tasks' | 'consumer' | 'dead letters' | 'openings';
  name: string;
  isWell: 'yes' | 'no' | 'cannot tell';
  /** What was observed, or why not, and what to do. */
  remark?: string | undefined;
  /** Since when not, ISO 8601 in UTC; undefined where that is not told. */
  since?: string | undefined;
  /** How many open exits wait for it, as far as their engines tell. */
  exitsWaiting?: number | undefined;
  /** Of a server: a URL without a secret. */
  url?: string | undefined;
  /** Of a critical system; null: it has no limit. */
  requestsPerSecond?: number | null | undefined;
  /** Of a certificate. */
  endsAt?: string | undefined;
  /** Of a consumer: when the oldest message was stored that it has not acknowledged. A message may wait for a decision. */
  oldestUnacknowledged?: string | undefined;
  /** Of dead letters, and of openings. */
  count?: number | undefined;
}

/** What one form tells of its engine and of its open exits. */
export interface Inspection {
  findings: Finding[];
  waiting: WaitingStep[];
}

/** A step of an open exit that is tried again and again, or needs attention. */
export interface WaitingStep {
  employeeId: string;
  /** Its name in the table of steps. */
  step: string;
  system?: string | undefined;
  /** Of the last attempt. */
  error: string;
  /** Since when no attempt has succeeded, ISO 8601 in UTC; undefined where that is not told. */
  since?: string | undefined;
}
