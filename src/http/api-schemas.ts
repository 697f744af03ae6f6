/** The shapes of the HTTP API: what clients send is what the exit checks, less what the server knows of the caller. */
import { z } from 'zod';
import { MOST_BYTES, MOST_ROWS, type PreviewedRow } from '../client/bulk.js';
import type { OpenedRow } from '../client/opened-row.js';
import { forms } from '../client/forms.js';
import type { EndedOpening, WaitingInForm } from '../client/openings.js';
import type { ListedExitOfForm } from '../client/application.js';
import type { PreviewedDecision } from '../client/decide-exits.js';
import type { HandedOverExit } from '../client/hand-over-exits.js';
import { AmendmentFields, type Amended } from '../exit/amendment.js';
import { AskedFields } from '../exit/asker.js';
import { DecisionFields, outcomes } from '../exit/decision.js';
import { DriftFields } from '../exit/drift.js';
import { listedPhases, type Decided } from '../exit/exits.js';
import type { HandedOver } from '../exit/hand-over.js';
import { CostFields, HoldFields } from '../exit/hold-facts.js';
import { EmployeeId } from '../exit/ids.js';
import { InterviewFields } from '../exit/interview.js';
import { MailAddress } from '../exit/mail-address.js';
import { publishedTypes, type PublishedEvent } from '../exit/published-events.js';
import { SearchText } from '../exit/spelling.js';
import { ContactFields, type PeopleNamed } from '../exit/people.js';
import { RejectionFields, type Proposal } from '../exit/proposals.js';
import { ReschedulingFields } from '../exit/rescheduling.js';
import { ResignationFields } from '../exit/resignation.js';
import { ResolutionFields } from '../exit/resolution.js';
import { phases, type ExitStatus, type Step, type StepState } from '../exit/status.js';
import { acts, roles } from './roles.js';

const LONGEST_PAGE = 200;
const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const Form = z.enum(forms, `must be one of ${forms.join(', ')}`);
const Time = z.iso.datetime();
const Text = z.string().optional();
const { asker } = AskedFields;

/** Unknown members are refused: a `decidedBy` or an `asker` in a body would otherwise seem to count. */
export const OpenBody = z.strictObject({
  ...ResignationFields.pick({
    ...{ employeeId: true, login: true, email: true, lastWorkingDay: true, reason: true },
  }).shape,
  form: Form.default('orchestrated'),
  override: z.boolean().optional(),
});
export const PeopleQuery = z.strictObject({ name: SearchText });
export const TableBody = z.strictObject({
  csv: z.string().max(MOST_BYTES),
  form: Form.default('orchestrated'),
});
export const ConfirmedTableBody = TableBody.extend({
  /** How many rows the table has. */
  confirm: z.number('must be how many rows the table has').int().positive(),
});
const { outcome, note, effectiveOn, now } = DecisionFields.shape;
export const DecisionBody = z.strictObject({ outcome, note, effectiveOn, now });
const { by: _by, asker: _asker, ...amendable } = AmendmentFields.shape;
export const AmendmentBody = z.strictObject(amendable);
export const HandOverBody = z.strictObject({ to: MailAddress });
export const HandOverAllBody = z.strictObject({ from: MailAddress, to: MailAddress, form: Form.optional() });
const { number, note: remark } = RejectionFields.shape;
/** Default: the decision that waits. */
const which = number.optional();
export const ConfirmationBody = z.strictObject({ number: which });
export const RejectionBody = z.strictObject({ number: which, note: remark });
export const ResolutionBody = z.strictObject(ResolutionFields.omit({ by: true, asker: true }).shape);
const { at, next } = ReschedulingFields.shape;
export const ReschedulingBody = z.strictObject({ at, next });

export const FindQuery = z.strictObject({
  employeeId: EmployeeId,
  form: Form.optional(),
  /** Default: the newest exit. */
  exitId: z.string().max(200).optional(),
});

export const ListQuery = z.strictObject({
  employeeId: EmployeeId.optional(),
  open: Flag.optional(),
  attention: Flag.optional(),
  overdue: Flag.optional(),
  phase: z.enum(listedPhases).optional(),
  form: Form.optional(),
  limit: z.coerce.number().int().min(1).max(LONGEST_PAGE).default(50),
  cursor: z.string().max(500).optional(),
});

const states = [
  'pending',
  'running',
  'done',
  'needs-attention',
  'cannot-tell',
  'done-by-hand',
  'skipped',
] as const satisfies StepState[];

export const StepAnswer = z.object({
  name: z.string(),
  system: Text,
  state: z.enum(states),
  error: Text,
  note: Text,
  startedAt: Time.optional(),
  finishedAt: Time.optional(),
  by: Text,
  asker,
  evidence: Text,
  attempt: z.number().optional(),
  nextAttemptAt: Time.optional(),
}) satisfies z.ZodType<Step>;

export const DecisionAnswer = z.object({
  outcome: z.enum(outcomes),
  decidedBy: z.string(),
  asker,
  note: Text,
  effectiveOn: Text,
  now: z.boolean().optional(),
  /** Absent where it waits for a second person. */
  decidedAt: Time.optional(),
  /** Since when it waits for a second person. */
  proposedAt: Time.optional(),
}) satisfies z.ZodType<Decided>;

export const PreviewedDecisionAnswer = z.object({
  decision: DecisionFields,
  /** In the order of the exit's table of steps. */
  setsOff: z.array(z.object({ name: z.string(), system: Text, isTask: z.boolean(), summary: z.string() })),
  /** Absent where it takes effect at once. */
  takesEffect: z
    .object({ day: z.iso.date(), at: Time, timeZone: z.string(), isEmployeeZone: z.boolean() })
    .optional(),
  needsSecond: z.boolean(),
}) satisfies z.ZodType<PreviewedDecision>;

export const ProposalAnswer = z.object({
  number: z.number().int(),
  by: z.string(),
  asker,
  at: Time,
  decision: DecisionAnswer.omit({ asker: true, decidedAt: true, proposedAt: true }).optional(),
  override: Text,
  state: z.enum(['open', 'confirmed', 'rejected', 'withdrawn', 'lapsed']),
  endedAt: Time.optional(),
  endedBy: Text,
  ender: asker,
  note: Text,
}) satisfies z.ZodType<Proposal>;

export const ConfirmationAnswer = z.object({
  decided: DecisionAnswer.optional(),
  step: StepAnswer.optional(),
});

const DatesAnswer = z.object({ lastWorkingDay: Text, effectiveOn: Text });

export const AmendmentAnswer = z.object({
  at: Time,
  by: z.string(),
  asker,
  note: Text,
  before: DatesAnswer,
  after: DatesAnswer,
}) satisfies z.ZodType<Amended>;

export const HandOverAnswer = z.object({
  at: Time,
  by: z.string(),
  asker,
  from: ContactFields,
  to: ContactFields,
}) satisfies z.ZodType<HandedOver>;

export const HandOverAllAnswer = z.object({
  rows: z.array(
    z.object({
      employeeId: z.string(),
      exitId: z.string(),
      form: z.enum(forms),
      /** Why the exit was not handed over. */
      problem: Text,
    }) satisfies z.ZodType<HandedOverExit>,
  ),
});

export const FoundAnswer = z.object({ employeeId: z.string(), exitId: z.string(), form: z.enum(forms) });

export const CompanyAnswer = z.object({ organisation: z.string(), timeZone: z.string() });

export const UserAnswer = z.object({
  name: z.string(),
  /** Absent for a program. */
  email: Text,
  roles: z.array(z.enum(roles)),
  acts: z.array(z.enum(acts)),
});
export type UserAnswer = z.output<typeof UserAnswer>;

export const StatusAnswer = z.object({
  exitId: z.string(),
  form: z.enum(forms),
  employeeId: z.string(),
  employeeName: Text,
  phase: z.enum(phases),
  steps: z.array(StepAnswer),
  needsAttention: z.boolean(),
  awaiting: z.string(),
  decision: DecisionAnswer.omit({ proposedAt: true })
    .extend({ decidedAt: Time, proposedBy: Text, proposer: asker })
    .optional(),
  proposals: z.array(ProposalAnswer),
  effectiveAt: Time.optional(),
  effectiveZone: Text,
  rejectedDecisions: z.array(z.object({ at: z.string(), reason: z.string(), received: z.string() })),
  hrPartner: ContactFields.optional(),
  decider: ContactFields.optional(),
  amendments: z.array(AmendmentAnswer),
  handOvers: z.array(HandOverAnswer),
  drifts: z.array(DriftFields),
  costs: z.array(CostFields.extend({ system: z.string(), tokensUntil: Time.optional() })),
  interview: z.object({ start: Time, end: Time, timeZone: z.string(), with: Text }).optional(),
  reviewBy: Time.optional(),
  lastWorkingDay: Text,
  overrideBy: Text,
  submittedBy: Text,
  asker,
  openedAt: Time,
  blockedAt: Time.optional(),
  cancelRequestedAt: Time.optional(),
  closedAt: Time.optional(),
}) satisfies z.ZodType<ExitStatus>;

export const ListAnswer = z.object({
  exits: z.array(
    z.object({
      employeeId: z.string(),
      exitId: z.string(),
      form: z.enum(forms),
      phase: z.enum(listedPhases),
      outcome: Text,
      needsAttention: z.boolean(),
      openedAt: z.string(),
      closedAt: Text,
      lastWorkingDay: Text,
      reviewBy: Text,
      stuckSteps: z.array(StepAnswer),
      deadLetters: z
        .array(z.object({ id: z.string(), event: z.string(), step: Text, reason: z.string() }))
        .optional(),
      statusProblem: Text,
    }) satisfies z.ZodType<ListedExitOfForm>,
  ),
  /** The cursor of the next page; absent on the last one. */
  next: Text,
  /** Why exits may be missing: a form that does not answer, for instance. */
  problems: z.array(z.string()),
});

export const OpenedAnswer = z.object({
  employeeId: z.string(),
  exitId: z.string(),
  form: z.enum(forms),
  /** What could not be looked up; the exit began all the same. */
  remarks: z.array(z.string()),
});

/** Of each system: what is held, and whether it answered. */
export const PreviewAnswer = z.looseObject({
  resignation: z.looseObject({ employeeId: z.string() }),
  employee: z.looseObject({ displayName: z.string() }).optional(),
  directoryProblem: Text,
  systems: z.array(z.looseObject({ name: z.string(), hold: HoldFields, problem: Text })),
  steps: z.array(z.looseObject({ name: z.string(), summary: z.string() })),
  hrPartners: z.array(z.string()),
});

export const PeopleAnswer = z.object({
  people: z.array(
    z.object({ employeeId: z.string(), name: z.string(), email: Text, isInactive: z.boolean() }),
  ),
  /** Otherwise there may be more. */
  isWhole: z.boolean(),
}) satisfies z.ZodType<PeopleNamed>;

export const PreviewedTableAnswer = z.object({
  /** How many of the rows that are not refused would open now; the others wait for a second person. */
  opensNow: z.number().int(),
  rows: z.array(
    z.object({
      line: z.number().int(),
      employeeId: z.string(),
      form: z.enum(forms),
      resignation: z.looseObject({}),
      name: Text,
      manager: Text,
      holds: z.array(z.object({ system: z.string(), hold: HoldFields })),
      /** What could not be told; the exit opens all the same. */
      remarks: z.array(z.object({ what: z.enum(['who', 'unknown', 'untold']), system: Text, why: Text })),
      refusal: z.object({ code: z.string(), message: z.string() }).optional(),
    }) satisfies z.ZodType<Omit<PreviewedRow, 'refusal'>>,
  ),
});

export const OpenedTableAnswer = z.object({
  rows: z.array(
    z.object({
      employeeId: z.string(),
      form: z.enum(forms),
      name: Text,
      state: z.enum(['opened', 'open-already', 'waiting', 'refused', 'unknown']),
      exitId: Text,
      code: Text,
      message: Text,
    }) satisfies z.ZodType<Omit<OpenedRow, 'code'>>,
  ),
});

const someEmployees = z.array(EmployeeId).min(1).max(MOST_ROWS);
export const ConfirmedOpeningsBody = z.strictObject({ employeeIds: someEmployees });
export const RejectedOpeningsBody = ConfirmedOpeningsBody.extend({ note: remark });

export const OpeningsAnswer = z.object({
  openings: z.array(
    z.object({
      resignation: z.looseObject({ ...ResignationFields.shape, submittedBy: z.string() }),
      form: z.enum(forms),
      /** The limit that it is beyond: of exits in an hour, or of rows in a table. */
      beyond: z.enum(['hour', 'table']),
      askedAt: Time,
    }) satisfies z.ZodType<WaitingInForm>,
  ),
});

export const EndedOpeningsAnswer = z.object({
  rows: z.array(
    z.object({
      employeeId: z.string(),
      form: z.enum(forms).optional(),
      name: Text,
      state: z.enum(['opened', 'open-already', 'waiting', 'rejected', 'refused', 'unknown']),
      exitId: Text,
      code: Text,
      message: Text,
    }) satisfies z.ZodType<Omit<EndedOpening, 'code'>>,
  ),
});

export const InterviewAnswer = InterviewFields;

/** What became of each event of a delivery. */
export const WebhookAnswer = z.object({
  outcomes: z.array(
    z.object({
      outcome: z.enum(['opened', 'waiting', 'withdrawn', 'repeated', 'ignored', 'refused']),
      employeeId: Text,
      exitId: Text,
      form: z.enum(forms).optional(),
      /** Of a refusal, for programs. */
      code: Text,
      detail: Text,
    }),
  ),
});

/** What a subscriber outside EMS gets. */
export const PublishedEventBody = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.literal('/ems'),
  type: z.enum(publishedTypes),
  subject: z.string(),
  time: Time,
  datacontenttype: z.literal('application/json'),
  data: z.looseObject({ employeeId: z.string(), form: z.enum(forms) }),
}) satisfies z.ZodType<PublishedEvent>;

/** The evidence has more members than these: see docs/auditor.md. */
export const ReportAnswer = z.looseObject({
  verdict: z.string(),
  exitId: z.string(),
  form: z.enum(forms),
  state: z.enum(['open', 'closed', 'cancelled', 'failed', 'terminated', 'timed-out']),
  decisions: z.array(z.looseObject({})),
  systems: z.array(z.looseObject({ system: z.string() })),
  missing: z.array(z.string()),
});

export const ProblemAnswer = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  facts: z.looseObject({}),
});
