/** The log of a process, for a test. */
import { pino } from 'pino';
import { createLog, type Log } from '../../src/process/logger.js';

export const silentLog: Log = pino({ level: 'silent' });

/** A line as a machine reads it. */
interface LogLine {
  level: string;
  /** ISO 8601. */
  time: string;
  msg: string;
  exitId?: string;
  step?: string;
  system?: string;
  attempt?: number;
}

export function capturedLog() {
  const lines: LogLine[] = [];
  const log = createLog({ write: (text) => void lines.push(JSON.parse(text) as LogLine) });
  return { log, lines };
}
