/** The facts in the result and in the heartbeat details of an activity. */
import { mailsAccepted, type UntimedFact } from '../exit/evidence/facts.js';
import type { AccountRef, Blocked, Capture, GroupRef, Restored, Revoked } from '../exit/hold-facts.js';
import type { Interview, InterviewProgress } from '../exit/interview.js';
import type { Employee, Sent } from '../exit/people.js';

export interface Call {
  /** The activity type. */
  type: string;
  /** As `stepKey` writes it. */
  step: string;
  input: { system?: string; account?: AccountRef; interview?: Interview };
}

interface Withdrawal {
  withdrawn: boolean;
  sequence?: number;
  sent?: Sent[];
}

const byType: Record<string, (result: never, call: Call) => UntimedFact[]> = {
  startOfDay: ({ instant }: { instant: string }) => [{ kind: 'effective-from', instant }],
  progressOf: () => [],
  whose: () => [],
  callStep: () => [],
  notifyManager: ({ also, ...sent }: Sent & { also?: Sent[] }, { type }) => [
    ...mailsAccepted(type, [sent]),
    ...mailsAccepted('notifyHr', also),
  ],
  lookUpEmployee: (employee: Employee) => [{ kind: 'employee-known', employee }],
  captureAccess: (capture: Capture) => [{ kind: 'captured', system: capture.system, capture }],
  blockAccess: (blocked: Blocked, { input: { system = '', account } }) => [
    { kind: 'blocked', system, accounts: only(account), blocked },
  ],
  restoreAccess: (restored: Restored, { input: { system = '', account } }) => [
    { kind: 'restored', system, accounts: only(account), restored },
  ],
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

/** An activity without an entry in the table is read by the shape of its result: an interview, or one or more mails. */
export function factsOfResult(call: Call, result: unknown): UntimedFact[] {
  const read = byType[call.type];
  if (read) return read(result as never, call);
  if (isInterview(result)) {
    return [{ kind: 'invited', interview: result }, ...mailsAccepted(call.type, result.sent)];
  }
  return mailsAccepted(call.type, (Array.isArray(result) ? result : [result]).filter(isSent));
}

/** The facts of failed attempts: what a revocation set out to remove, and which mails were sent. */
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

/** The input has more of the account than its name. */
const only = (account: AccountRef | undefined): AccountRef[] | undefined =>
  account && [{ id: account.id, userName: account.userName }];

const has = (value: unknown, ...keys: string[]): boolean =>
  typeof value === 'object' && value !== null && keys.every((key) => key in value);

const isSent = (value: unknown): value is Sent => has(value, 'to', 'messageId');
const isProgress = (value: unknown): value is InterviewProgress => has(value, 'interview', 'delivered');
const isInterview = (value: unknown): value is Interview =>
  has(value, 'uid', 'sequence', 'start', 'attendees');
