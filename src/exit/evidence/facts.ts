/**
 * What happened in an exit, one fact after another, as its record tells: Temporal's history in the orchestrated form, the stream in the
 * choreographed one. What follows from the facts is for evidence-of.ts to say.
 */
import type { HoldKind, Blocked, Capture, GroupRef, Restored, Revoked } from '../hold-facts.js';
import type { Interview } from '../interview.js';
import type { Employee } from '../people.js';
import type { Rescheduling } from '../rescheduling.js';
import type { Resignation } from '../resignation.js';
import type { Resolution } from '../resolution.js';
import type { ExitStatus, Phase, StepState } from '../status.js';

/** Of facts that the history tells in order, the times are the engine's own clock: differences between them hold. */
export interface When {
  /** ISO 8601, UTC. */
  at: string;
  /** The run that it happened in, where the exit was reset since: it happened all the same. */
  earlierRun?: string | undefined;
}

export type Fact = What & When;

type What =
  | { kind: 'opened'; exitId: string; resignation?: Resignation | undefined; identity?: string | undefined }
  | { kind: 'planned'; systems: { name: string; hold?: HoldKind | undefined }[] }
  | { kind: 'employee-known'; employee: Employee }
  | { kind: 'captured'; system: string; capture: Capture }
  | { kind: 'blocked'; system: string; blocked: Blocked }
  | { kind: 'restored'; system: string; restored: Restored }
  | { kind: 'revoked'; system: string; revoked: Revoked }
  /** Attempts that came to nothing had set out to remove these. */
  | { kind: 'revoking'; system: string; groups: GroupRef[] }
  | { kind: 'drifted'; system: string; what: string; seenAt: string }
  /** From the activity or event `mail`. Without a Message-ID where a service of a stranger does not say. */
  | { kind: 'mail-accepted'; mail: string; to: string; messageId?: string | undefined }
  /** Another time for the interview was asked for. */
  | { kind: 'rescheduling-requested'; id: string; request: Rescheduling }
  | { kind: 'invited'; interview: Interview }
  | { kind: 'interview-withdrawn'; interview?: Interview | undefined; sequence?: number | undefined }
  | { kind: 'decision-received'; received: Received }
  | { kind: 'effective-from'; instant: string }
  | {
      kind: 'step-resolved';
      id: string;
      resolution: Resolution;
      identity?: string | undefined;
      result: Result<StepState>;
    }
  /** A step asked for a person. */
  | { kind: 'attention'; step?: string | undefined; why: string; type?: string | undefined }
  /** No step asks for a person any more. */
  | { kind: 'attention-over' }
  /** A step came to its end by itself. */
  | { kind: 'step-done'; step: string }
  | { kind: 'phase'; phase: Phase }
  | { kind: 'cancel-requested'; identity?: string | undefined; reason?: string | undefined }
  /** The run `from` was left. */
  | { kind: 'reset'; from: string; identity?: string | undefined; reason?: string | undefined }
  | {
      kind: 'ended';
      how: 'closed' | 'cancelled' | 'failed' | 'terminated' | 'timed-out';
      status?: ExitStatus | undefined;
      why?: string | undefined;
      identity?: string | undefined;
    };

/** Something that was sent to be a decision. */
export interface Received {
  /** What tells it from another: Temporal hands the same one to the next run when an exit is reset. */
  id: string;
  via: 'signal' | 'update' | 'event';
  /** The name of the signal or update. */
  name: string;
  /** Who sent it, as the engine knows the client. Not who decided. */
  identity?: string | undefined;
  content: unknown;
  /** Absent where the record itself does not say; the exit's status does. */
  result?: Result<'accepted'> | undefined;
}

type Result<T> = { ok: T } | { refused: string };

/** A fact whose time is that of the event that tells it, where it does not bring its own. */
export type UntimedFact = Fact extends infer F
  ? F extends Fact
    ? Omit<F, 'at' | 'earlierRun'> & { at?: string }
    : never
  : never;

/** @param mail the activity or the event that sent them */
export const mailsAccepted = (
  mail: string,
  sent: readonly { to: string; messageId?: string | undefined }[] = [],
): UntimedFact[] => sent.map(({ to, messageId }) => ({ kind: 'mail-accepted', mail, to, messageId }));

export type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
