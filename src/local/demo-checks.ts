/** Reads the results of the demo back from the servers, and checks them. The exit's own status proves nothing here. */
import type { Config } from '../config/config.js';
import type { Outcome as AnyOutcome } from '../exit/decision.js';
import { interviewUid } from '../exit/ids.js';
import type { ExitStatus } from '../exit/status.js';
import { hrPartner } from '../services/from-config.js';
import { createScimClient } from '../services/protocols/scim.js';
import type { Stack } from './stack.js';

type Outcome = Extract<AnyOutcome, 'retained' | 'leaving'>;

export interface Check {
  what: string;
  holds: boolean;
}

/** An account in a critical system. */
interface SeenAccount {
  system: string;
  /** Undefined where the employee has no account. */
  account?: { active: boolean; groups: string[] };
}

/** A mail in the inbox. */
interface SeenMail {
  to: string[];
  subject: string;
  messageId: string;
  calendar: string;
}

/** The interview in the calendar of an HR partner. */
export interface SeenCalendar {
  calendar: string;
  /** ISO 8601, UTC; undefined where the calendar has no entry. */
  start: string | undefined;
}

/** The groups that the hold on `production` takes; on the other systems it suspends the account (ems.config.yaml). */
const CRITICAL_GROUPS = ['production-operators', 'production-admins'];

export function readAccess(stack: Stack, employeeId: string): Promise<SeenAccount[]> {
  const signal = AbortSignal.timeout(10_000);
  return Promise.all(
    stack.systems.map(async ({ name, scimUrl, token }) => {
      const scim = createScimClient({ name, scimUrl, token, requestTimeoutMs: 5_000 });
      const [found] = await scim.findUsers('externalId', employeeId, signal);
      if (!found) return { system: name };
      const groups = await scim.groupsWith(found.user.id, signal);
      return {
        system: name,
        account: {
          active: found.user.active !== false,
          groups: groups.map(({ displayName }) => displayName).toSorted(),
        },
      };
    }),
  );
}

export async function readMail({ inboxUrl }: Stack, exitId: string): Promise<SeenMail[]> {
  if (inboxUrl === undefined)
    throw new Error('The demo cannot read the mail of an external server. Unset SMTP_HOST and try again');
  const response = await fetch(`${inboxUrl}/api/email`);
  const mails = (await response.json()) as {
    id: string;
    subject: string;
    to: { address: string }[];
    headers: Record<string, string>;
  }[];
  const ours = mails.filter(({ headers }) => headers['message-id']?.includes(exitId));
  return Promise.all(
    ours.map(async ({ id, subject, to, headers }) => ({
      to: to.map(({ address }) => address),
      subject,
      messageId: headers['message-id']!,
      calendar: calendarOf(await (await fetch(`${inboxUrl}/api/email/${id}/source`)).text()),
    })),
  );
}

/** @returns the interview in each configured calendar */
export async function readCalendars(config: Config, exitId: string): Promise<SeenCalendar[]> {
  const uid = interviewUid(exitId, config.organisation.domain);
  const partners = config.contacts.hrPartners.flatMap((partner) => hrPartner(config, partner).calendar ?? []);
  return Promise.all(
    partners.map(async (calendar) => {
      const entry = await calendar.find({ uid }, AbortSignal.timeout(10_000));
      const time = typeof entry?.time === 'string' ? undefined : entry?.time;
      return { calendar: calendar.name, start: time && new Date(time.start).toISOString() };
    }),
  );
}

export function verdictOf(seen: {
  employeeId: string;
  outcome: Outcome;
  before: SeenAccount[];
  during: SeenAccount[];
  after: SeenAccount[];
  mail: SeenMail[];
  calendars: { during: SeenCalendar[]; after: SeenCalendar[] };
  status: ExitStatus;
}): Check[] {
  const { employeeId, outcome, before, during, after, mail, calendars, status } = seen;
  const has = (accounts: SeenAccount[], system: string) =>
    accounts.find((each) => each.system === system)?.account;
  const check = (what: string, holds: boolean): Check => ({ what: `${employeeId} ${what}`, holds });
  const invited = mail.filter(({ calendar }) => calendar === 'REQUEST').flatMap(({ to }) => to);
  const withdrawn = mail.filter(({ calendar }) => calendar === 'CANCEL').flatMap(({ to }) => to);
  const toManager = mail.filter(({ messageId }) => messageId.includes('.notify-manager'));
  const toEmployee = mail.filter(({ messageId }) => messageId.includes('.notify-employee'));
  const sameTwo = (a: string[], b: string[]) => a.length === 2 && a.toSorted().join() === b.toSorted().join();

  const access = before
    .filter(({ account }) => account)
    .flatMap(({ system, account }) => {
      const blocked = has(during, system)!;
      const ended = has(after, system)!;
      const wasBlocked =
        system === 'production'
          ? !CRITICAL_GROUPS.some((group) => blocked.groups.includes(group))
          : !blocked.active;
      return [
        check(`was blocked on ${system} while the decision was open`, wasBlocked),
        outcome === 'retained'
          ? check(
              `has on ${system} exactly what was there before`,
              JSON.stringify(ended) === JSON.stringify(account),
            )
          : check(`is inactive on ${system} and in no group`, !ended.active && ended.groups.length === 0),
      ];
    });
  const start = status.interview && new Date(status.interview.start).toISOString();
  const interviews =
    calendars.during.length === 0
      ? []
      : [
          check(
            `had the interview in ${whose(calendars.during)} at the time of the invitation`,
            start !== undefined && startsIn(calendars.during).join() === start,
          ),
          check(
            outcome === 'retained' ? 'has no interview there any more' : 'still has the interview there',
            startsIn(calendars.after).join() === (outcome === 'retained' ? '' : start),
          ),
        ];
  return [
    ...access,
    check(
      'had the manager told twice: of the resignation and of the outcome',
      toManager.length === 2 && toManager[0]!.to.join() === toManager[1]!.to.join(),
    ),
    check('was told what is blocked and whom to ask', toEmployee.length === 1),
    check('was invited to the interview, with the HR partner', invited.length === 2),
    outcome === 'retained'
      ? check('had both invitations cancelled', sameTwo(withdrawn, invited))
      : check('kept the invitation', withdrawn.length === 0),
    ...interviews,
    check('got no mail twice', new Set(mail.map(({ messageId }) => messageId)).size === mail.length),
    check('has a closed exit without an open step', status.phase === 'closed' && !status.needsAttention),
  ];
}

const startsIn = (calendars: SeenCalendar[]): string[] => calendars.flatMap(({ start }) => start ?? []);
const whose = (calendars: SeenCalendar[]): string => calendars.map(({ calendar }) => calendar).join(' or ');

/** @returns the iTIP method of a mail's calendar part; '' where it has none */
function calendarOf(source: string): string {
  return /^Content-Type: text\/calendar;[^]*?method=(\w+)/im.exec(source)?.[1]?.toUpperCase() ?? '';
}
