/** What a service does on an event, which event it then publishes, and what it promises. */
import { corrected, isStaying, outcomes, type Outcome as Decided } from '../../exit/decision.js';
import type { EventData, EventType, Outcome as OutcomeOf, StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { Plan } from '../../exit/plan.js';
import type { Beginning } from '../../exit/steps.js';
import type { Leased } from '../jetstream/records.js';

/** A service's promise: after one event, another one follows. The consumer's metadata declares it to observers. */
export interface Promised {
  on: EventType;
  /** Limits the promise to events with these data. */
  when?: { outcome: Decided | readonly Decided[] };
  event: EventType;
  step: string;
  system?: string | undefined;
  /** Milliseconds. */
  within: number;
}

const decision = 'exit.decision-finalised';
/** The event that begins a step. Steps that begin at a time have none, and promise nothing. */
const triggerOf: { [B in Beginning]?: Pick<Promised, 'on' | 'when'> } = {
  resigned: { on: 'employee.resigned' },
  proposed: { on: 'exit.proposed' },
  attention: { on: 'step.needs-attention' },
  requested: { on: 'interview.reschedule-requested' },
  retained: { on: decision, when: { outcome: outcomes.filter(isStaying) } },
  leaving: { on: decision, when: { outcome: 'leaving' } },
  corrected: { on: decision, when: { outcome: corrected } },
  decided: { on: decision },
  'access-settled': { on: decision },
};

/** @returns the promises of these steps, from the plan of an exit */
export const promisesOf = (
  { steps: table, systems, policy }: Pick<Plan, 'steps' | 'systems' | 'policy'>,
  steps: readonly Pick<Task<never>, 'step' | 'system'>[],
): Promised[] =>
  table.flatMap(({ name, begins, event, attentionAfterMs }) => {
    const trigger = triggerOf[begins];
    const of = steps.find(({ step }) => step === name);
    if (!trigger || !of) return [];
    const { system } = of;
    const { manual } = systems.find((each) => each.name === system) ?? {};
    const within = attentionAfterMs ?? manual?.withinMs ?? policy.attentionAfterMs;
    return { ...trigger, event: event as EventType, step: name, system, within };
  });

/** The events that a custom step may begin on, and an operator's resolution. */
export const stepTriggers: readonly EventType[] = [
  'employee.resigned',
  'exit.decision-finalised',
  'resignation.amended',
  'access.restored',
  'access.revoked',
  'step.resolved',
];

/** An event to publish, with its data. */
export type Outcome = OutcomeOf<EventType>;

/** One step that an event begins. */
export interface Task<T> {
  step: string;
  system?: string | undefined;
  /** The number of this run, from 1, where one event begins the step several times. */
  nth?: number | undefined;
  /** When it fell due, ISO 8601; default: when the exit's step began. */
  dueAt?: string | undefined;
  /** It saves its record before each thing that it does: the first save takes the lease. Else the lease is taken before it runs. */
  savesFirst?: boolean;
  /**
   * What a later task needs of the record, it saves: the record is not written after the outcome.
   * @returns the events to publish, if any
   */
  run: (record: Leased<T>, exit: Exit) => Promise<Outcome | Outcome[] | undefined>;
  /** What its record has for the status where it needs attention, and no outcome tells. */
  seen?: (value: T) => Pick<EventData['step.needs-attention'], 'cost'>;
}

/** Whether an open step began on this event, or an operator's retry restarts it. */
export const isTriggered = (
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

/**
 * Where an event is the owner's confirmation of a block: in how many milliseconds they are to look again. It is redelivered then, and
 * begins the block again.
 */
export function lookAgainAfter(system: string, { seq }: StoredEvent, exit: Exit): number | undefined {
  const again = exit.lookAgainAt(system);
  return again?.seq === seq ? Math.max(1, Date.parse(again.at) - Date.now()) : undefined;
}

/** Thrown where the task must wait: the message is redelivered after `ms`. The service logs one with a `cause`. */
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
