/** Which step each event settles, and with which notes: a table. */
import type { ExitEventType, RecordedEvent } from './events.js';

export interface Settlement {
  step: string;
  system?: string | undefined;
  /** For the status and for an auditor. */
  notes: string[];
  /** Names and addresses of the employee that the event brings. */
  identities?: readonly string[] | undefined;
  employeeName?: string | undefined;
}

const readers: { [T in ExitEventType]?: (data: RecordedEvent<T>['data']) => Settlement } = {
  'employee.found': ({ employee: { identities, displayName }, notes }) => ({
    ...{ step: 'look-up-employee', notes, identities, employeeName: displayName },
  }),
  'manager.notified': ({ of, to, also = [], notes, ...employee }) => ({
    step: of === 'resignation' ? 'notify-manager' : 'notify-manager-of-outcome',
    ...employee,
    notes: [`told ${to}`, ...(also.length > 0 ? [`HR was told at ${recipientsOf(also)}`] : []), ...notes],
  }),
  'employee.notified': ({ sent, notes, ...employee }) => ({
    step: 'notify-employee',
    ...employee,
    notes: [`told ${recipientsOf(sent)}`, ...notes],
  }),
  'hr.reminded': ({ number, of, also = [], ...first }) => ({
    step: 'remind-hr-partner',
    notes: [`${number} of ${of}, to ${recipientsOf([first, ...also])}`],
  }),
  'decision.escalated': ({ number, also = [], ...first }) => ({
    step: 'escalate-decision',
    notes: [`number ${number}, to ${recipientsOf([first, ...also])}`],
  }),
  'second-person.asked': ({ sent }) => ({
    step: 'ask-second-person',
    notes: [`asked ${recipientsOf(sent)}`],
  }),
  'operator.notified': ({ steps, sent }) => ({
    step: 'notify-operator',
    notes: [`told ${recipientsOf(sent)} of ${steps.join(', ')}`],
  }),
  'interview.scheduled': (data) => ({ ...data, step: 'schedule-hr-interview' }),
  'interview.rescheduled': (data) => ({ ...data, step: 'reschedule-hr-interview' }),
  'interview.cancelled': (data) => ({ ...data, step: 'cancel-hr-interview' }),
  'correction.sent': ({ sent, notes }) => ({
    step: 'send-correction',
    notes: [...(sent.length > 0 ? [`told ${recipientsOf(sent)}`] : []), ...notes],
  }),
  'access.blocked': (data) => ({ ...data, step: 'block-access' }),
  'access.restored': (data) => ({ ...data, step: 'restore-access' }),
  'access.revoked': (data) => ({ ...data, step: 'revoke-access' }),
  'step.completed': (data) => data,
};

/** @returns undefined where the event settles no step */
export const settlementOf = ({ type, data }: RecordedEvent): Settlement | undefined =>
  (readers[type] as ((data: unknown) => Settlement) | undefined)?.(data);

const recipientsOf = (sent: readonly { to: string }[]): string =>
  [...new Set(sent.map(({ to }) => to))].join(' and ');
