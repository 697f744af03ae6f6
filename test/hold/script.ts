/**
 * What may happen to one hold: a random script of faults and of other administrators. The system under test adds its own requests; the
 * script says what happens at the n-th of them.
 */
import fc from 'fast-check';
import { manners, type Manner } from './manners.js';

/** The parts of an exit on one system, as the clock of a script. */
export const moments = [
  'capture',
  'block',
  /** Blocked, and not decided yet. No requests of ours. */
  'held',
  /** The hold is looked at again: whether access came back, or a new account appeared. */
  'sweep',
  'restore',
  /** The second look is waited for. No requests of ours. */
  'late',
  'second-look',
  'revoke',
] as const;
export type Moment = (typeof moments)[number];

/** What becomes of a write on its way. A read has no effect to lose: for it all of these are the same. */
export type Effect = 'none' | 'now' | 'late' | 'now-and-late';
/** What the sender of a request or a report, or the receiver of a result, gets to see. */
export type Outcome =
  /** A success is answered, whatever became of it: queued, forgotten, or done. */
  | 'answered'
  /** The answer to a read leaves out what was asked for. A write is answered. */
  | 'untold'
  /** A gateway answers a read with 404. A write is answered. */
  | 'not-found'
  | 'error'
  | 'broken'
  /** The worker dies. What it had not reported durably is forgotten. */
  | 'crash'
  /** The attempts have used up their time; the workflow begins a new activity. */
  | 'time-up'
  /** HR decides just now, while the block is still being tried. */
  | 'decided'
  /** The same, and how far the block was is not known. */
  | 'decided-and-lost';

/** Only of a read. */
export const isOfRead = (outcome: Outcome | undefined): boolean =>
  outcome === 'untold' || outcome === 'not-found';

export interface Fault {
  effect: Effect;
  outcome: Outcome;
}

export type AdminAction =
  | { does: 'activate' | 'suspend' | 'rename-account' | 'delete-account' }
  /** A second one of the same employee, active and in the first group. */
  | { does: 'new-account' }
  | { does: 'join' | 'leave' | 'rename-group' | 'delete-group' | 'recreate-group'; group: number }
  | { does: 'recreate-group-with-account'; group: number };

type What = { kind: 'fault'; fault: Fault } | { kind: 'admin'; action: AdminAction } | { kind: 'landing' };

export interface Happening {
  moment: Moment;
  /** Before the n-th of these in this moment, from 0. `any` is a request, a report or a result. */
  at: number;
  of: 'any' | 'write' | 'report';
  what: What;
}

export interface Script {
  hold: 'suspend' | 'groups';
  ending: 'retained' | 'leaving';
  /** The decision comes while a write of the block may still land. */
  soon: boolean;
  sweeps: boolean;
  server: Manner;
  active: boolean;
  /** Of two critical groups and a harmless one. */
  memberOf: [boolean, boolean, boolean];
  happenings: Happening[];
}

const outcomes: [number, Outcome][] = [
  [3, 'answered'],
  [2, 'untold'],
  [1, 'not-found'],
  [3, 'error'],
  [4, 'broken'],
  [4, 'crash'],
  [2, 'time-up'],
  [3, 'decided'],
  [1, 'decided-and-lost'],
];
const weighted = <T>(choices: [number, T][]) =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const effect = weighted<Effect>([
  [2, 'none'],
  [3, 'now'],
  [3, 'late'],
  [1, 'now-and-late'],
]);

const what: fc.Arbitrary<What> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.record({ effect, outcome: weighted(outcomes) }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('admin' as const),
      action: fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            does: weighted<'activate' | 'suspend'>([
              [1, 'activate'],
              [1, 'suspend'],
            ]),
          }),
        },
        {
          weight: 5,
          arbitrary: fc.record({
            does: weighted<'join' | 'leave'>([
              [1, 'join'],
              [1, 'leave'],
            ]),
            group: fc.nat(3),
          }),
        },
        {
          weight: 4,
          arbitrary: fc.record({
            does: weighted<
              'rename-group' | 'delete-group' | 'recreate-group' | 'recreate-group-with-account'
            >([
              [2, 'rename-group'],
              [2, 'delete-group'],
              [1, 'recreate-group'],
              [1, 'recreate-group-with-account'],
            ]),
            group: fc.nat(3),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            does: weighted<'rename-account' | 'delete-account' | 'new-account'>([
              [1, 'rename-account'],
              [1, 'delete-account'],
              [2, 'new-account'],
            ]),
          }),
        },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'landing' as const }) },
);

/** Where it is worth most: right before a write, or in its stead. */
const place = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      of: fc.constant('write' as const),
      at: weighted([
        [5, 0],
        [2, 1],
        [1, 2],
      ]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ of: fc.constant('report' as const), at: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ of: fc.constant('any' as const), at: fc.nat(14) }) },
);

const happening: fc.Arbitrary<Happening> = fc
  .tuple(
    weighted<Moment>([
      [1, 'capture'],
      [6, 'block'],
      [2, 'held'],
      [1, 'sweep'],
      [4, 'restore'],
      [1, 'late'],
      [2, 'second-look'],
    ]),
    place,
    what,
  )
  .map(([moment, place, what]) => ({ moment, ...place, what }));

export const script: fc.Arbitrary<Script> = fc
  .record({
    hold: weighted<Script['hold']>([
      [1, 'suspend'],
      [1, 'groups'],
    ]),
    ending: weighted<Script['ending']>([
      [3, 'retained'],
      [1, 'leaving'],
    ]),
    soon: fc.boolean(),
    sweeps: fc.boolean(),
    server: fc.oneof(
      { weight: 1, arbitrary: fc.constant<Manner>('plain') },
      { weight: 1, arbitrary: fc.constantFrom(...manners) },
    ),
    active: weighted([
      [5, true],
      [1, false],
    ]),
    memberOf: fc.tuple(
      weighted([
        [5, true],
        [1, false],
      ]),
      fc.boolean(),
      fc.boolean(),
    ),
    happenings: fc.array(happening, { minLength: 1, maxLength: 9, size: 'max' }),
  })
  .map((script) => ({
    ...script,
    // No script is wasted on a moment that does not come.
    happenings: script.happenings.map((happening) => ({
      ...happening,
      moment: script.ending === 'leaving' && isAfter(happening.moment) ? 'revoke' : happening.moment,
    })),
  }));

const isAfter = (moment: Moment): boolean => moments.indexOf(moment) > moments.indexOf('sweep');
