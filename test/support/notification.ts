/** Every mail of the notification service, to be sent as in an exit, in any language. */
import type { Corrected, Uncorrected } from '../../src/exit/decision.js';
import { messageId } from '../../src/exit/ids.js';
import { tellingOf, type Employee, type Sent } from '../../src/exit/people.js';
import type { MailOf } from '../../src/exit/told.js';
import { loadTemplates, type MailTemplates } from '../../src/services/mails/templates.js';
import {
  createNotificationService,
  type NotificationService,
} from '../../src/services/notification/notification.js';
import { DANA, deliveries, mailer } from './message.js';
import { sampleConfig } from './sample-config.js';

const { organisation, contacts, interview } = sampleConfig;
const { operator, escalation } = contacts;
const { name, email } = contacts.hrPartners[0];
export const HR_PARTNER = { name, email };
export const RAVI = { name: 'Ravi Menon', email: 'ravi.menon@acme.example' };
const templates = loadTemplates(interview);
const signalOf = (): AbortSignal => new AbortController().signal;

export const serviceAt = (
  port: number,
  words: MailTemplates = templates,
  consoleUrl = '',
  mailOf?: MailOf,
): NotificationService =>
  createNotificationService({
    mailer: mailer(port),
    templates: words,
    organisation: { ...organisation, consoleUrl },
    operator,
    hrPartners: [HR_PARTNER],
    escalateTo: escalation,
    mailOf,
    whoIsLeaving: () =>
      Promise.resolve(
        new Map([...contacts.hrPartners, operator, escalation].map((each) => [each.email, false])),
      ),
  });

export const dana = (changes: Partial<Employee> = {}): Employee => ({
  employeeId: 'E-1002',
  displayName: 'Dana Fox',
  email: DANA,
  identities: [],
  manager: RAVI,
  ...changes,
});

/** Monday, 11:10 in Berlin: the interview is on Tuesday, 11:30 to 12:15. */
export const openedAt = '2026-11-23T10:10:00Z';
export const reviewBy = '2026-11-28T10:10:00Z';
const systems = ['payroll', 'code', 'production'];

/** What a mail that says something about Dana's exit is told. */
export const about = (changes: Partial<Employee> = {}) => ({
  exitId: 'exit-1',
  employee: dana(changes),
  systems,
  openedAt,
});

/** What a mail about the decision on it is told. */
export const open = (employee: Employee | undefined, language?: string) => ({
  exitId: 'exit-1',
  employeeId: 'E-1002',
  employee,
  to: [{ ...HR_PARTNER, language }] as const,
  systems,
  openedAt,
  reviewBy,
  of: 3,
});

/** What a mail is told that says it is overdue. */
export const overdue = (employee: Employee | undefined, language?: string) => ({
  ...open(employee, language),
  hrPartner: HR_PARTNER,
  to: [{ ...escalation, language }] as const,
});

export const attention = (employee: Employee | undefined, language?: string) => ({
  exitId: 'exit-1',
  employeeId: 'E-1002',
  employee,
  to: [{ ...operator, language }] as const,
  causes: [
    { step: 'notify-manager', error: 'Mail to ravi.menon@acme.example was refused' },
    { step: 'block-access:payroll', error: '2 accounts on payroll have the externalId E-1002' },
  ],
});

type Sending = (
  service: NotificationService,
  exitId: string,
  employee: Employee,
  language: string | undefined,
) => Promise<Sent | Sent[]>;

const outcome =
  (outcome: Uncorrected): Sending =>
  (service, exitId, employee) => {
    const decision = outcome === 'cancelled' ? undefined : { outcome, decidedBy: email };
    return service.notifyManagerOfOutcome({ ...about(employee), exitId, outcome, decision }, signalOf());
  };

const correction =
  (of: Corrected): Sending =>
  async (service, exitId, employee, language) => {
    const told = [{ email: DANA, name: employee.displayName, language, isEmployee: true, maySee: false }];
    const input = { ...about(employee), exitId, employeeId: 'E-1002', of, told };
    const { sent } = tellingOf(await service.sendCorrection(input, deliveries(), signalOf()));
    return sent[0]!;
  };

export const everyMail: Record<string, Sending> = {
  opened: async (service, exitId, employee, language) => {
    const resignation = { employeeId: 'E-1002', submittedBy: employee.displayName };
    const hr = [{ ...HR_PARTNER, language }] as const;
    const input = { ...about(employee), exitId, resignation, reviewBy, hr };
    const toldBefore = deliveries();
    await toldBefore.add(messageId(exitId, 'notify-manager', employee.manager.email, organisation.domain));
    const { also } = await service.notifyManager(input, toldBefore, signalOf());
    return also![0]!;
  },
  resignation: (service, exitId, employee) => {
    const resignation = { employeeId: 'E-1002', lastWorkingDay: '2026-12-31' };
    return service.notifyManager({ ...about(employee), exitId, resignation }, deliveries(), signalOf());
  },
  retained: outcome('retained'),
  leaving: outcome('leaving'),
  cancelled: outcome('cancelled'),
  blocked: async (service, exitId, employee) => {
    const input = { ...about(employee), exitId, reviewBy };
    const { sent } = tellingOf(await service.notifyEmployee(input, deliveries(), signalOf()));
    return sent[0]!;
  },
  withdrawn: correction('withdrawn'),
  wrongPerson: correction('wrong-person'),
  reminder: (service, exitId, employee, language) =>
    service.remindHrPartner({ ...open(employee, language), exitId, number: 2 }, signalOf()),
  escalation: (service, exitId, employee, language) =>
    service.escalate({ ...overdue(employee, language), exitId, number: 1 }, signalOf()),
  attention: (service, exitId, employee, language) => {
    const { causes, ...rest } = attention(employee, language);
    const named = causes.map((cause) => ({ ...cause, error: `${cause.error}: ${employee.displayName}` }));
    return service.notifyOperator({ ...rest, exitId, causes: named, number: 1 }, signalOf());
  },
};
