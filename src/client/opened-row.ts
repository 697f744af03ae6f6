/** What became of one of several openings. */
import { Refusal, type RefusalCode } from '../exit/refusal.js';
import type { Form } from './forms.js';

export interface OpenedRow {
  employeeId: string;
  form: Form;
  name?: string | undefined;
  /**
   * `waiting`: a second person is to confirm it. `unknown`: no answer came, and the exit may be open; the same table again tells.
   */
  state: 'opened' | 'open-already' | 'waiting' | 'refused' | 'unknown';
  exitId?: string | undefined;
  /** Why it was not opened, or what could not be looked up. */
  message?: string | undefined;
}

const unanswered: ReadonlySet<RefusalCode> = new Set(['unreachable', 'no-answer', 'unconfirmed']);

export function notOpened(error: Error): Pick<OpenedRow, 'state' | 'message' | 'exitId'> {
  const { message } = error;
  // One row that fails keeps no other from being opened.
  if (!(error instanceof Refusal) || unanswered.has(error.code)) return { state: 'unknown', message };
  if (error.code === 'awaits-second-person') return { state: 'waiting', message };
  if (error.code !== 'already-open') return { state: 'refused', message };
  const { exitId } = error.facts;
  return { state: 'open-already', message, ...(typeof exitId === 'string' && { exitId }) };
}
