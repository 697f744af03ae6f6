/** The report as a page: one HTML file with everything in it, from templates/report.html.liquid. */
import { fileURLToPath } from 'node:url';
import { Liquid } from 'liquidjs';
import { describeAsker } from '../exit/asker.js';
import { describeMs } from '../exit/duration.js';
import type { Evidence, How } from '../exit/evidence/evidence.js';
import { words } from '../exit/evidence/timeline.js';
import type { GroupRef } from '../exit/hold-facts.js';
import { describeProposal } from '../exit/proposals.js';
import { standInOf, type StandIn } from '../exit/stand-in.js';
import { printableCopy } from './printable.js';

interface PageOptions {
  organisation: string;
  /** IANA: the company's. */
  timeZone: string;
}

const howWords: Record<How, string> = {
  observed: 'observed',
  'nothing-to-do': 'nothing to do',
  confirmed: 'confirmed by a person, not observed',
  'cannot-tell': 'could not be told',
  skipped: 'skipped by an operator',
  'given-up': 'given up: the decision came first',
  pending: 'not yet',
};

/** By activity and by event. A mail without a row is shown by its name. */
const mailWords = new Map(
  [
    ['resignation, to the manager', 'notifyManager', 'manager.notified of resignation'],
    ['resignation, to HR', 'notifyHr', 'manager.notified of resignation, to HR'],
    ['outcome, to the manager', 'notifyManagerOfOutcome', 'manager.notified of outcome'],
    ['what is blocked, to the employee', 'notifyEmployee', 'employee.notified'],
    ['attention, to the operator', 'notifyOperator', 'operator.notified'],
    ['invitation to the interview', 'scheduleHrInterview', 'interview.scheduled'],
    ['invitation, rescheduled', 'rescheduleHrInterview', 'interview.rescheduled'],
    ['withdrawal of the invitation', 'cancelHrInterview', 'interview.cancelled'],
    ['correction', 'sendCorrection', 'correction.sent'],
    ['reminder to decide', 'remindHrPartner', 'hr.reminded'],
    ['escalation: decision overdue', 'escalate', 'decision.escalated'],
  ].flatMap(([label, ...mails]) => mails.map((mail) => [mail, label!] as const)),
);

export async function reportPage(
  evidence: Evidence,
  { organisation, timeZone }: PageOptions,
): Promise<string> {
  // Names, notes and answers of mail servers are untrusted: everything is escaped.
  const liquid = new Liquid({
    root: fileURLToPath(new URL('../../../templates', import.meta.url)),
    outputEscape: 'escape',
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    ownPropertyOnly: true,
  });
  const time = timeIn(timeZone);
  liquid.registerFilter('time', (iso: string) => time(iso));
  liquid.registerFilter('time_ms', (iso: string) => time(iso, 3));
  liquid.registerFilter('ms', describeMs);
  liquid.registerFilter('mail', (mail: string) => mailWords.get(mail) ?? words(mail));
  liquid.registerFilter('proposal', describeProposal);
  liquid.registerFilter('asker', describeAsker);
  liquid.registerFilter('stand_in', (reasons: StandIn) => standInOf(reasons));
  liquid.registerFilter('how', (how: How) => howWords[how]);
  liquid.registerFilter(
    'groups',
    (groups: readonly GroupRef[]) => groups.map(({ displayName }) => displayName).join(', ') || 'none',
  );
  liquid.registerFilter('local', (text: string) =>
    text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (iso) => time(iso)),
  );
  return (await liquid.renderFile('report.html.liquid', {
    ...printableCopy(evidence),
    organisation,
    timeZone,
  })) as string;
}

/** "2026-11-24 09:05:12 +01:00" */
function timeIn(timeZone: string): (iso: string, fractionalSecondDigits?: 3) => string {
  return (iso, fractionalSecondDigits) => {
    const format = new Intl.DateTimeFormat('sv-SE', {
      ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset' },
      ...(fractionalSecondDigits && { fractionalSecondDigits }),
    });
    const part = Object.fromEntries(
      format.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]),
    );
    const fraction = part['fractionalSecond'] ? `.${part['fractionalSecond']}` : '';
    const offset = part['timeZoneName']!.replace('GMT', '').replace('−', '-') || '+00:00';
    return `${part['year']}-${part['month']}-${part['day']} ${part['hour']}:${part['minute']}:${part['second']}${fraction} ${offset}`;
  };
}
