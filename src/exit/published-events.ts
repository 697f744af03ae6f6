/**
 * What subscribers outside EMS get of an exit, in both forms: CloudEvents 1.0. Of the data of an event, only these members leave EMS: no
 * name, address, reason, note or account.
 */
import type { EventData, EventType } from './event-data.js';
import type { ExitStatus } from './status.js';

const published = {
  'employee.resigned': ['lastWorkingDay'],
  'access.blocked': ['system'],
  'access.drifted': ['system'],
  'access.restored': ['system'],
  'access.revoked': ['system'],
  'manager.notified': ['of'],
  'employee.notified': [],
  'interview.scheduled': ['start', 'end', 'timeZone'],
  'interview.rescheduled': ['start', 'end', 'timeZone'],
  'interview.cancelled': [],
  'exit.proposed': [],
  'exit.proposal-rejected': ['number'],
  'exit.decision-finalised': ['outcome', 'effectiveOn', 'now'],
  'resignation.amended': ['lastWorkingDay', 'effectiveOn'],
  'exit.handed-over': [],
  'correction.sent': ['of'],
  'hr.reminded': ['number'],
  'decision.escalated': ['number'],
  'step.needs-attention': ['step', 'system', 'type'],
  'step.resolved': ['step', 'system', 'action'],
  'step.completed': ['step'],
} as const satisfies { [T in EventType]?: readonly (keyof EventData[T])[] };

type PublishedType = keyof typeof published;
export const publishedTypes = Object.keys(published) as PublishedType[];

/** In the JSON format of CloudEvents. */
export interface PublishedEvent {
  specversion: '1.0';
  /** The same at each delivery. */
  id: string;
  source: '/ems';
  type: PublishedType;
  /** The exit id. */
  subject: string;
  /** ISO 8601, UTC. */
  time: string;
  datacontenttype: 'application/json';
  data: { employeeId: string; form: ExitStatus['form'] } & Record<string, unknown>;
}

interface OfExit {
  employeeId: string;
  exitId: string;
  form: ExitStatus['form'];
}

/** @returns undefined for an event that stays inside */
export function publishedForm(
  { id, type, data, storedAt: time }: { id: string; type: string; data: object; storedAt: string },
  { employeeId, exitId, form }: OfExit,
): PublishedEvent | undefined {
  if (!isPublished(type)) return undefined;
  const members: readonly string[] = published[type];
  const told = Object.entries(data).filter(([name]) => members.includes(name));
  return {
    specversion: '1.0',
    // Another publisher's exit ids may be unique per employee only.
    id: `${employeeId}/${exitId}/${id}`,
    ...{ source: '/ems', type, subject: exitId, time, datacontenttype: 'application/json' },
    data: { employeeId, form, ...(Object.fromEntries(told) as object) },
  };
}

const isPublished = (type: string): type is PublishedType => Object.hasOwn(published, type);
