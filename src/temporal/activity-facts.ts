/** What the result of an activity says of an exit. */
import { mailsAccepted, type UntimedFact } from '../exit/evidence/facts.js';
import type { Blocked, Capture, GroupRef, Restored, Revoked } from '../exit/hold-facts.js';
import type { Interview, InterviewProgress } from '../exit/interview.js';
import type { Employee, Sent } from '../exit/people.js';

export interface Call {
  /** The activity type. */
  type: string;
  /** As `stepKey` writes it. */
  step: string;
  input: { system?: string; interview?: Interview };
}

interface Withdrawal {
  withdrawn: boolean;
  sequence?: number;
  sent?: Sent[];
}

const byType: Record<string, (result: never, call: Call) => UntimedFact[]> = {
  startOfDay: (instant: string) => [{ kind: 'effective-from', instant: new Date(instant).toISOString() }],
  progressOf: () => [],
  callStep: () => [],
  lookUpEmployee: (employee: Employee) => [{ kind: 'employee-known', employee }],
  captureAccess: (capture: Capture) => [{ kind: 'captured', system: capture.system, capture }],
  blockAccess: (blocked: Blocked, { input: { system = '' } }) => [{ kind: 'blocked', system, blocked }],
  restoreAccess: (restored: Restored, { input: { system = '' } }) => [{ kind: 'restored', system, restored }],
  revokeAccess: (revoked: Revoked, { input: { system = '' } }) => [{ kind: 'revoked', system, revoked }],
  cancelHrInterview: ({ withdrawn, sequence, sent }: Withdrawal, { type, input: { interview } }) =>
    withdrawn
      ? [
          {
            kind: 'interview-withdrawn',
            interview,
            sequence: sequence ?? (interview && interview.sequence + 1),
          },
          ...mailsAccepted(type, sent),
        ]
      : [],
};

/** An activity that is not listed says what it did by the shape of its result: an interview, a mail or several. */
export function factsOfResult(call: Call, result: unknown): UntimedFact[] {
  const read = byType[call.type];
  if (read) return read(result as never, call);
  if (isInterview(result)) {
    return [{ kind: 'invited', interview: result }, ...mailsAccepted(call.type, result.sent)];
  }
  return mailsAccepted(call.type, (Array.isArray(result) ? result : [result]).filter(isSent));
}

/** What attempts reported that came to nothing: what a revocation set out to remove, and who had been written to by then. */
export function factsOfReport(call: Call, reported: unknown): UntimedFact[] {
  if (call.type === 'revokeAccess' && Array.isArray(reported))
    return [{ kind: 'revoking', system: call.input.system ?? '', groups: reported as GroupRef[] }];
  const { interview } = isProgress(reported) ? reported : {};
  if (!interview?.sent?.length) return [];
  const isInvited = call.type !== 'cancelHrInterview';
  return [
    ...(isInvited ? [{ kind: 'invited', interview } as const] : []),
    ...mailsAccepted(call.type, interview.sent),
  ];
}

const has = (value: unknown, ...keys: string[]): boolean =>
  typeof value === 'object' && value !== null && keys.every((key) => key in value);

const isSent = (value: unknown): value is Sent => has(value, 'to', 'messageId');
const isProgress = (value: unknown): value is InterviewProgress => has(value, 'interview', 'delivered');
const isInterview = (value: unknown): value is Interview =>
  has(value, 'uid', 'sequence', 'start', 'attendees');
