/** The template data of the check: each mail with all optional values, and with as few as possible. */
import type { MailData } from './mails.js';

const hrPartner = { name: 'Acme HR', email: 'hr@acme.example' };
const operator = { name: 'Acme IT', email: 'it@acme.example' };
const systems = ['payroll', 'code', 'production'];
const openedAt = '2026-11-23T10:10:00Z';
const reviewBy = '2026-11-28T10:10:00Z';

const about = {
  organisation: 'Acme',
  to: { name: 'Ravi Menon', insteadOfManager: null },
  employee: { name: 'Dana Fox', nameAndId: 'Dana Fox (E-1002)' },
  link: null,
  whomToAsk: null,
};
const link = 'https://exits.acme.example/exits/4711';
const toManager = { ...about, link, whomToAsk: { hrPartner, operator }, systems };
const toStandIn = {
  ...toManager,
  link: null,
  to: { name: 'Acme HR', insteadOfManager: 'the directory names no manager' },
  systems: ['payroll'],
};
const settled = { ...toManager, observed: ['payroll'], unobserved: ['code', 'production'] };
const observed = { ...toStandIn, observed: ['payroll'], unobserved: null };
const decided = { ...settled, decidedBy: 'hr@acme.example' };
const undecided = { ...observed, decidedBy: null };
const status = 'ems status E-1002';
const open = {
  ...about,
  systems,
  openedAt,
  reviewBy,
  commands: {
    retained: 'ems decide E-1002 retained --by hr@acme.example',
    leaving: 'ems decide E-1002 leaving --by hr@acme.example',
    status,
  },
};
const asked = { askedBy: 'webhook hris', askedAt: openedAt, of: 3 };
const resolve = (step: string, action: string) => `ems resolve E-1002 ${step} ${action} --by it@acme.example`;
const cause = (step: string, error: string) => ({
  step,
  error,
  isNews: false,
  commands: {
    retry: resolve(step, 'retry'),
    doneByHand: resolve(step, 'done-by-hand'),
    skip: resolve(step, 'skip'),
  },
});
type Listed = MailData['weekly-digest']['exits'][number];
const listed = (more: Partial<Listed>): Listed => ({
  ...{ nameAndId: 'Dana Fox (E-1002)', awaits: 'hr', needsAttention: false, isOverdue: false },
  ...{ reviewBy: null, lastWorkingDay: null, ...more },
});
const task = {
  ...about,
  ...{ whomToAsk: { hrPartner, operator }, insteadOf: null },
  ask: 'Collect the laptop and the badge',
  command: `${resolve('collect-laptop', 'done-by-hand')} --evidence "…"`,
};
const access = {
  ...about,
  ...{ whomToAsk: task.whomToAsk, insteadOf: null, system: 'ledger', openedAt, reviewBy, reminders: 0 },
  ...{ dueAt: reviewBy, groups: null, ending: null, blocked: null },
  command: `${resolve('block-access:ledger', 'done-by-hand')} --evidence "…"`,
};
const blocked = { by: 'ida.berg@acme.example', at: openedAt, evidence: 'TICKET-42' };
const interview = {
  ...about,
  to: null,
  start: '2026-11-24T10:30:00Z',
  end: '2026-11-24T11:15:00Z',
  timeZone: 'Europe/Berlin',
  hrPartner,
};
const interviews = [
  { ...interview, isByWorkingHoursAlone: true, employeeTimeZone: null },
  { ...interview, link, isByWorkingHoursAlone: false, employeeTimeZone: 'America/New_York' },
];

const corrections = [
  { ...about, isEmployee: true, openedAt, systems },
  { ...about, link, isEmployee: false, openedAt, systems },
];

export const samples: { [K in keyof MailData]: MailData[K][] } = {
  'manager-resignation': [
    { ...toManager, lastWorkingDay: '2026-12-31' },
    { ...toStandIn, lastWorkingDay: null },
  ],
  'manager-resignations': [
    {
      ...{ ...toManager, link: null },
      exits: [
        { nameAndId: 'Dana Fox (E-1002)', lastWorkingDay: '2026-12-31', link },
        { nameAndId: 'E-1003', lastWorkingDay: null, link: 'https://exits.acme.example/exits/4712' },
      ],
    },
    {
      ...toStandIn,
      exits: [
        { nameAndId: 'Dana Fox (E-1002)', lastWorkingDay: null, link: null },
        { nameAndId: 'Eli Park (E-1003)', lastWorkingDay: '2026-12-31', link: null },
      ],
    },
  ],
  'hr-resignation': [
    {
      ...{ ...about, link, systems, openedAt, reviewBy, lastWorkingDay: '2026-12-31' },
      ...{ submittedBy: 'hris', commands: { status } },
    },
    {
      ...{ ...about, systems: ['payroll'], openedAt, reviewBy: null, lastWorkingDay: null },
      ...{ submittedBy: null, commands: { status } },
    },
  ],
  'manager-retained': [decided, undecided],
  'manager-leaving': [decided, undecided],
  'manager-cancelled': [settled, observed],
  'employee-access-blocked': [
    { ...toManager, openedAt, reviewBy },
    { ...toManager, systems: ['payroll'], openedAt, reviewBy: null },
  ],
  'correction-withdrawn': corrections,
  'correction-wrong-person': corrections,
  'decision-reminder': [
    { ...open, number: 2, of: 3 },
    { ...open, link, number: 3, of: 3 },
  ],
  'decision-escalation': [0, 1, 3].map((reminders) => ({
    ...{ ...open, link: reminders === 1 ? link : null },
    hrPartner,
    number: 1 + reminders,
    reminders,
    proposedBy: reminders === 3 ? 'hr@acme.example' : null,
  })),
  'second-person': [
    {
      ...{ ...about, link },
      ...{ systems, proposedBy: 'hr@acme.example', proposedAt: openedAt, outcome: 'leaving', override: null },
      ...{ effectiveOn: '2026-12-31', note: 'as agreed with the works council' },
      commands: {
        confirm: 'ems decide E-1002 --confirm --by head-of-hr@acme.example',
        reject: 'ems decide E-1002 --reject --by head-of-hr@acme.example',
        status,
      },
    },
    {
      ...about,
      ...{
        systems,
        proposedBy: 'it@acme.example',
        proposedAt: openedAt,
        outcome: null,
        override: 'production',
      },
      ...{ effectiveOn: null, note: null },
      commands: {
        confirm: 'ems decide E-1002 --confirm --proposal 1 --by hr@acme.example',
        reject: 'ems decide E-1002 --reject --proposal 1 --by hr@acme.example',
        status,
      },
    },
  ],
  'openings-wait': [
    { list: 'https://exits.acme.example/openings', reminder: null },
    { list: null, reminder: { ...asked, kind: 'remind' as const, number: 2, count: 1 } },
    { list: null, reminder: { ...asked, kind: 'escalate' as const, number: 1, count: 500 } },
    { list: null, reminder: { ...asked, kind: 'escalate' as const, number: 2, count: 1 } },
  ].map((each) => ({
    ...{ organisation: 'Acme', to: { name: 'Acme HR', insteadOfManager: null }, link: null, whomToAsk: null },
    ...{ askedBy: asked.askedBy, askedAt: openedAt, command: 'ems openings', ...each },
  })),
  'weekly-digest': [
    {
      ...{
        organisation: 'Acme',
        to: { name: 'Acme HR', insteadOfManager: null },
        link: null,
        whomToAsk: null,
      },
      ...{ open: 53, attention: 1, overdue: 2, left: 50, list: 'https://exits.acme.example/?show=open' },
      exits: [
        listed({ needsAttention: true, isOverdue: true, reviewBy, lastWorkingDay: '2026-12-31' }),
        listed({ awaits: 'second', reviewBy }),
        listed({ awaits: 'date', lastWorkingDay: '2026-12-31' }),
        listed({ awaits: 'ems' }),
      ],
    },
    {
      ...{
        organisation: 'Acme',
        to: { name: 'Acme HR', insteadOfManager: null },
        link: null,
        whomToAsk: null,
      },
      ...{ open: 1, attention: 0, overdue: 0, left: 0, list: null, exits: [listed({})] },
    },
  ],
  'operator-attention': [
    {
      ...about,
      commands: { status },
      ...{ isNews: false, isDrift: true },
      causes: [
        cause('notify-manager', 'Mail to ravi.menon@acme.example was refused: no such mailbox'),
        cause('block-access:payroll', '2 accounts on payroll have the externalId E-1002; none is changed'),
      ],
    },
    {
      ...about,
      commands: { status },
      ...{ isNews: false, isDrift: false },
      causes: [cause('schedule-hr-interview', 'no slot is free')],
    },
    {
      ...about,
      commands: { status },
      ...{ isNews: true, isDrift: true },
      causes: [{ ...cause('block-access:payroll', 'the account is active again'), isNews: true }],
    },
    {
      ...about,
      commands: { status },
      ...{ isNews: true, isDrift: false },
      causes: [
        {
          ...cause('schedule-hr-interview', 'the calendar of Acme HR answered 403 to "calendar-query"'),
          isNews: true,
        },
      ],
    },
  ],
  'operator-orphaned-hold': [
    {
      ...{ ...about, link },
      systems: ['payroll', 'code'],
      how: 'terminated',
      endedAt: openedAt,
      commands: { resign: 'ems resign E-1002' },
    },
  ],
  'task-request': [
    { ...task, dueAt: '2026-11-28T10:10:00Z', reminders: 0 },
    { ...task, dueAt: null, reminders: 2, insteadOf: 'Ida Berg' },
  ],
  'access-request': [
    access,
    { ...access, insteadOf: 'Ida Berg' },
    { ...access, reviewBy: null, dueAt: null, reminders: 2, groups: ['ledger-admins', 'ledger-users'] },
    { ...access, blocked },
    { ...access, ending: 'retained', blocked },
    { ...access, ending: 'cancelled', blocked: { ...blocked, evidence: null }, reminders: 1 },
    { ...access, ending: 'retained' },
    { ...access, ending: 'leaving', blocked },
    { ...access, ending: 'leaving' },
  ],
  'interview-invitation': interviews,
  'interview-rescheduled': interviews,
  'interview-handed-over': interviews.map((each, i) => ({ ...each, isMoved: i > 0 })),
  'interview-cancelled': interviews.flatMap((each) => [
    { ...each, heldBy: null },
    { ...each, heldBy: 'Ida Berg' },
  ]),
};
