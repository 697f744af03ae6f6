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
  /** Of a refusal, for programs. */
  code?: RefusalCode | undefined;
  /** Why it was not opened, or what could not be looked up. */
  message?: string | undefined;
}

const unanswered: ReadonlySet<RefusalCode> = new Set(['unreachable', 'no-answer', 'unconfirmed']);

export function notOpened(error: Error): Pick<OpenedRow, 'state' | 'code' | 'message' | 'exitId'> {
  const { message } = error;
  // One row that fails keeps no other from being opened.
  if (!(error instanceof Refusal)) return { state: 'unknown', message };
  const { code } = error;
  if (unanswered.has(code)) return { state: 'unknown', code, message };
  if (code === 'awaits-second-person') return { state: 'waiting', code, message };
  if (code !== 'already-open') return { state: 'refused', code, message };
  const { exitId } = error.facts;
  return { state: 'open-already', code, message, ...(typeof exitId === 'string' && { exitId }) };
}
