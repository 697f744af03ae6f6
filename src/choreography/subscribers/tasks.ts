/** What a service does because of an event, what it says when it is done, and what it promises. */
import type { EventType, Outcome, StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { Beginning, StepRow } from '../../exit/steps.js';
import type { Leased } from '../jetstream/records.js';

/** What a service promises: that because of one event, another follows. Written to its consumer, for those who observe. */
export interface Promised {
  on: EventType;
  /** Only where the data of that one say so. */
  when?: { outcome: 'retained' | 'leaving' };
  event: EventType;
  step: string;
  system?: string | undefined;
  /** Milliseconds. */
  within: number;
}

const decision = 'exit.decision-finalised';
/** By what a step begins on: the event, for those who observe. What time alone sets off is not promised. */
const setOffBy: { [B in Beginning]?: Pick<Promised, 'on' | 'when'> } = {
  resigned: { on: 'employee.resigned' },
  attention: { on: 'step.needs-attention' },
  requested: { on: 'interview.reschedule-requested' },
  retained: { on: decision, when: { outcome: 'retained' } },
  leaving: { on: decision, when: { outcome: 'leaving' } },
  decided: { on: decision },
  'access-settled': { on: decision },
};

/** What the table of steps promises of some of its steps. */
export const promisesOf = (
  table: readonly StepRow[],
  steps: readonly Pick<Task<never>, 'step' | 'system'>[],
  within: number,
): Promised[] =>
  table.flatMap(({ name, begins, event, attentionAfterMs }) => {
    const cause = setOffBy[begins];
    const of = steps.find(({ step }) => step === name);
    if (!cause || !of) return [];
    const { system } = of;
    return { ...cause, event: event as EventType, step: name, system, within: attentionAfterMs ?? within };
  });

/** Whatever a step of the configuration may begin on, and the operator's word on it. */
export const everyBeginning: readonly EventType[] = [
  'employee.resigned',
  'exit.decision-finalised',
  'access.restored',
  'access.revoked',
  'step.resolved',
];

export type Said = Outcome<EventType>;

/** One step that a message sets off. */
export interface Task<T> {
  step: string;
  system?: string | undefined;
  /** Where one event sets off the same step several times: which time it is, from 1. */
  nth?: number | undefined;
  /** When it fell due, ISO 8601; where it is left out, the exit's step says it. */
  dueAt?: string | undefined;
  /** @returns what is to be said; nothing where there is no news */
  run: (record: Leased<T>, exit: Exit) => Promise<Said | Said[] | undefined>;
}

/** Whether a step is to be done because of an event: it began with it, or an operator wants it to be tried again. */
export const isSetOff = (
  { step, system }: Pick<Task<never>, 'step' | 'system'>,
  event: StoredEvent,
  exit: Exit,
): boolean =>
  exit.isOpen(step, system) &&
  (exit.ledger.causeSeq(step, system) === event.seq ||
    (event.type === 'step.resolved' &&
      event.data.action === 'retry' &&
      event.data.step === step &&
      event.data.system === system));

/** Thrown where it is not yet time; the message comes again. One with a `cause` is logged. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  constructor(
    readonly ms: number,
    why: string,
    options?: ErrorOptions,
  ) {
    super(why, options);
  }
}
