/** What a service does because of an event, and what it says when it is done. */
import type { Outcome } from '../../exit/decision.js';
import type { EventData, EventType, StoredEvent } from '../../exit/events.js';
import type { FoldedExit } from '../../exit/folded-exit.js';
import type { StepName } from '../../exit/status.js';
import type { Leased } from '../jetstream/records.js';

/** What a service promises: that because of one event, another follows. Written to its consumer, for whoever observes. */
export interface Promised {
  on: EventType;
  /** Only where the data of that one say so. */
  when?: { outcome: Outcome };
  event: EventType;
  step: StepName;
  system?: string | undefined;
  /** Milliseconds. */
  within: number;
}

const decision = 'exit.decision-finalised';
export const ifRetained = { on: decision, when: { outcome: 'retained' } } as const;
export const ifLeaving = { on: decision, when: { outcome: 'leaving' } } as const;

export type Said = { [T in EventType]: { type: T; data: EventData[T] } }[EventType];

/** One step that a message sets off. */
export interface Task<T> {
  step: StepName;
  system?: string | undefined;
  /** Where one event sets off the same step several times: which time it is, from 1. */
  nth?: number | undefined;
  /** When it fell due, ISO 8601; where it is left out, the exit's step says it. */
  dueAt?: string | undefined;
  /** @returns what is to be said; undefined where there is no news */
  run: (record: Leased<T>, exit: FoldedExit) => Promise<Said | undefined>;
}

/** Whether an operator wants this step to be tried again. */
export const isRetryOf = ({ step, system }: Task<never>, event: StoredEvent): boolean =>
  event.type === 'step.resolved' &&
  event.data.action === 'retry' &&
  event.data.step === step &&
  event.data.system === system;
