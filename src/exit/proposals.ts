/** What counts only once a second person confirms it: *leaving*, or an override of a protection. Until then it changes nothing. */
import { z } from 'zod';
import { AskedFields, type ActedBy, type Asker } from './asker.js';
import type { Decision } from './decision.js';
import { parse, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';

/** What a plan may ask a second person for. */
export const confirmable = ['leaving', 'override'] as const;

/** `by`: the person who proposed it. */
export interface Proposal extends ActedBy {
  /** Counts from 1 within the exit. */
  number: number;
  /** ISO 8601, UTC. */
  at: string;
  decision?: Omit<Decision, 'asker'> | undefined;
  /** The system whose protected groups the hold may leave without an active member. */
  override?: string | undefined;
  /** `lapsed`: another decision or a cancellation came first, or the exit no longer needs it. */
  state: 'open' | 'confirmed' | 'rejected' | 'withdrawn' | 'lapsed';
  endedAt?: string | undefined;
  endedBy?: string | undefined;
  ender?: Asker | undefined;
  note?: string | undefined;
}

/** The argument of the update `rejectProposal`. The person who proposed it withdraws it so. */
export type Rejection = z.output<typeof RejectionFields>;

export const RejectionFields = z.object(
  {
    number: z.number('must be the number of the proposal').int().positive(),
    /** Mail address. Never the employee concerned. */
    by: MailAddress,
    note: z.string().max(2000, 'must be at most 2000 characters').optional(),
    ...AskedFields,
  },
  'must be an object such as {"number":1,"by":"hr@acme.example"}',
);

export const parseRejection = (
  input: unknown,
  problemWith: (rejection: Rejection) => string | undefined,
): Parsed<Rejection> => parse(RejectionFields, input, problemWith);

/** Whether two people decide the same. A note is each one's own. */
export const isSameDecision = (a: Decision, b: Decision): boolean =>
  a.outcome === b.outcome && a.effectiveOn === b.effectiveOn && Boolean(a.now) === Boolean(b.now);

/** "leaving, effective on 2026-12-01", "an override on production" */
export const describeProposal = ({ decision, override }: Proposal): string =>
  decision
    ? [
        `"${decision.outcome}"`,
        decision.effectiveOn && `effective on ${decision.effectiveOn}`,
        decision.now && 'at once',
      ]
        .filter(Boolean)
        .join(', ')
    : `an override of the protected groups on ${override}`;

/** Proposals can come without end; the status keeps the latest. */
const MOST_KEPT = 20;

export class Proposals {
  /** The latest ones. */
  readonly all: Proposal[] = [];
  private latest = 0;
  /** The numbers of those of which a second person was told. */
  private readonly asked = new Set<number>();

  get open(): Proposal[] {
    return this.all.filter(({ state }) => state === 'open');
  }

  /** @returns the one with this number, where it waits */
  openOf(number: number): Proposal | undefined {
    return this.open.find((each) => each.number === number);
  }

  /** The decision that waits for a second person. */
  get decision(): Proposal | undefined {
    return this.open.find(({ decision }) => decision !== undefined);
  }

  /** The override that waits for a second person. */
  overrideOf(system: string | undefined): Proposal | undefined {
    return this.open.find(({ override }) => override !== undefined && override === system);
  }

  /** Those of which no second person was told yet. */
  get due(): Proposal[] {
    return this.open.filter(({ number }) => !this.asked.has(number));
  }

  add(proposed: Pick<Proposal, 'by' | 'asker' | 'at' | 'decision' | 'override' | 'note'>): void {
    this.latest += 1;
    this.all.push({ number: this.latest, state: 'open', ...proposed });
    const ended = this.all.findIndex(({ state }) => state !== 'open');
    if (this.all.length > MOST_KEPT && ended >= 0) this.all.splice(ended, 1);
  }

  markAsked(numbers: readonly number[]): void {
    for (const number of numbers) this.asked.add(number);
  }
}
