/**
 * The facts of an exit, one after another, from its record: Temporal's history, or the stream of the choreographed form. evidence-of.ts
 * derives the evidence from them.
 */
import type { Amendment } from '../amendment.js';
import type { HandOver } from '../hand-over.js';
import type { AccountRef, HoldKind, Blocked, Capture, GroupRef, Restored, Revoked } from '../hold-facts.js';
import type { Interview } from '../interview.js';
import type { Employee } from '../people.js';
import type { PlannedSystem } from '../plan.js';
import type { Rejection } from '../proposals.js';
import type { Rescheduling } from '../rescheduling.js';
import type { Resignation } from '../resignation.js';
import type { Resolution } from '../resolution.js';
import type { ExitStatus, Phase, StepState } from '../status.js';

/** All times are of one clock, Temporal's or the broker's, so their differences are valid. */
export interface When {
  /** ISO 8601, UTC. */
  at: string;
  /** The run ID of an earlier run that a reset has replaced: the fact happened all the same. */
  earlierRun?: string | undefined;
}

export type Fact = What & When;

type What =
  | { kind: 'opened'; exitId: string; resignation?: Resignation | undefined; identity?: string | undefined }
  | { kind: 'planned'; systems: { name: string; hold: HoldKind; isManual: boolean }[] }
  | { kind: 'employee-known'; employee: Employee }
  | { kind: 'captured'; system: string; capture: Capture }
  /** Of these accounts, where they are named, and otherwise of all. */
  | { kind: 'blocked'; system: string; accounts?: readonly AccountRef[] | undefined; blocked: Blocked }
  /** As `blocked`. */
  | { kind: 'restored'; system: string; accounts?: readonly AccountRef[] | undefined; restored: Restored }
  | { kind: 'revoked'; system: string; revoked: Revoked }
  /** What failed attempts had set out to remove. */
  | { kind: 'revoking'; system: string; groups: GroupRef[] }
  | { kind: 'drifted'; system: string; what: string; seenAt: string }
  /** `mail`: the activity or event that sent it. A foreign service may omit the Message-ID. */
  | { kind: 'mail-accepted'; mail: string; to: string; messageId?: string | undefined }
  | { kind: 'rescheduling-requested'; id: string; request: Rescheduling }
  | { kind: 'invited'; interview: Interview }
  | { kind: 'interview-withdrawn'; interview?: Interview | undefined; sequence?: number | undefined }
  | { kind: 'decision-received'; received: Received }
  | { kind: 'effective-from'; instant: string }
  | { kind: 'amended'; id: string; amendment: Amendment }
  | { kind: 'proposal-rejected'; id: string; rejection: Rejection }
  | { kind: 'handed-over'; id: string; handOver: HandOver }
  | {
      kind: 'step-resolved';
      id: string;
      resolution: Resolution;
      identity?: string | undefined;
      result: Result<StepState>;
    }
  /** A step needs attention. `account`: the id of the one that it failed for, where the record tells. */
  | {
      kind: 'attention';
      step?: string | undefined;
      account?: string | undefined;
      why: string;
      type?: string | undefined;
    }
  /** No step needs attention any more. */
  | { kind: 'attention-over' }
  /** A step completed without a person; for one account, where its id is named. */
  | { kind: 'step-done'; step: string; account?: string | undefined }
  | { kind: 'phase'; phase: Phase }
  | { kind: 'cancel-requested'; identity?: string | undefined; reason?: string | undefined }
  /** A reset replaced the run `from`. */
  | { kind: 'reset'; from: string; identity?: string | undefined; reason?: string | undefined }
  | {
      kind: 'ended';
      how: 'closed' | 'cancelled' | 'failed' | 'terminated' | 'timed-out';
      status?: ExitStatus | undefined;
      why?: string | undefined;
      identity?: string | undefined;
    };

/** A message that was sent as a decision. */
export interface Received {
  /** Identifies the message: a reset reapplies the same signal or update to the new run. */
  id: string;
  via: 'signal' | 'update' | 'event';
  /** The name of the signal, the update or the event. */
  name: string;
  /** The identity of the client that sent it, which need not be the person who decided. */
  identity?: string | undefined;
  content: unknown;
  /** Absent where only the exit's status has it. */
  result?: Result<'accepted' | 'proposed'> | undefined;
}

type Result<T> = { ok: T } | { refused: string };

/** A fact without its run, and without a time where that is the time of its event. */
export type UntimedFact = Fact extends infer F
  ? F extends Fact
    ? Omit<F, 'at' | 'earlierRun'> & { at?: string }
    : never
  : never;

export const planned = (systems: readonly PlannedSystem[] = []): UntimedFact => ({
  kind: 'planned',
  systems: systems.map(({ name, hold, manual }) => ({ name, hold, isManual: manual !== undefined })),
});

/** @param mail the activity or the event that sent the mails */
export const mailsAccepted = (
  mail: string,
  sent: readonly { to: string; messageId?: string | undefined }[] = [],
): UntimedFact[] => sent.map(({ to, messageId }) => ({ kind: 'mail-accepted', mail, to, messageId }));

export type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
