/** The facts of each event of a choreographed exit: a table. */
import type { EventType } from '../event-data.js';
import type { StoredEvent } from '../events.js';
import { mailsAccepted, planned, type Fact, type UntimedFact } from './facts.js';
import type { Exit } from '../exit.js';
import { unknownEmployee } from '../failures.js';
import { foldLog } from '../fold.js';
import { mergeTaken } from '../hold-facts.js';
import type { Interview } from '../interview.js';
import type { Resolution } from '../resolution.js';
import { settlementOf } from '../settlement.js';
import { keyOfStep } from '../status.js';

interface Standing {
  /** The exit as of the event. */
  exit: Exit;
  /** The exit as of its last event. */
  latest: Exit;
  /** Why the fold ignores the event. */
  problem: string | undefined;
}

type Readers = { [T in EventType]: (event: StoredEvent<T>, standing: Standing) => UntimedFact[] };

/** @param events every event of the employee in the stream, up to a time */
export function factsOfStream(events: readonly StoredEvent[], exit: Exit): Fact[] {
  const { rejected } = foldLog(events, exit.asOf, exit.trusted);
  const facts: Fact[] = [{ at: exit.openedAt, ...planned(exit.plan?.systems) }];
  const seen = new Set<string>();
  let before: Exit | undefined;
  for (const [index, event] of events.entries()) {
    if (event.exitId !== exit.exitId || seen.has(event.id)) continue;
    seen.add(event.id);
    const at = event.storedAt;
    const then = foldLog(events.slice(0, index + 1), at, exit.trusted).exits.get(exit.exitId);
    if (!then) continue;
    const problem = rejected.get(event.seq);
    const read = readers[event.type] as (event: StoredEvent, standing: Standing) => UntimedFact[];
    const settlement = settlementOf(event);
    const found = [
      ...read(event, { exit: then, latest: exit, problem }),
      ...(settlement ? [{ kind: 'step-done', step: keyOfStep(settlement) } as const] : []),
      ...changesBetween(before, then),
    ];
    facts.push(...found.map((fact) => ({ at, ...fact })));
    before = then;
  }
  if (exit.closedAt) facts.push({ kind: 'ended', ...howEnded(exit), at: exit.closedAt });
  return withoutRepeats(facts);
}

const howEnded = ({ phase, employeeId }: Exit) =>
  phase === 'failed'
    ? ({ how: 'failed', why: unknownEmployee(employeeId) } as const)
    : ({ how: 'closed' } as const);

const readers: Readers = {
  'employee.resigned': ({ exitId, source }, { exit, problem }) =>
    problem === undefined
      ? [{ kind: 'opened', exitId, resignation: exit.resignation, identity: source }]
      : [],
  'manager.notified': ({ type, employeeId, data }, { exit }) => {
    const { manager, employeeName: displayName, identities, to, messageId, also } = data;
    const employee = manager && {
      ...{ employeeId, displayName: displayName ?? employeeId, manager },
      identities: identities.length > 0 ? identities : [...exit.identities],
    };
    return [
      ...(employee ? [{ kind: 'employee-known', employee } as const] : []),
      ...mailsAccepted(`${type} of ${data.of}`, [{ to, messageId }]),
      ...mailsAccepted(`${type} of ${data.of}, to HR`, also),
    ];
  },
  'employee.notified': ({ type, data: { sent } }) => mailsAccepted(type, sent),
  'hr.reminded': ({ type, data }) => mailsAccepted(type, [data, ...(data.also ?? [])]),
  'decision.escalated': ({ type, data }) => mailsAccepted(type, [data, ...(data.also ?? [])]),
  'operator.notified': ({ type, data: { sent } }) => mailsAccepted(type, sent),
  'interview.scheduled': ({ type, data }) => invited(type, data),
  'interview.reschedule-requested': ({ id, data: request }, { problem }) =>
    problem === undefined ? [{ kind: 'rescheduling-requested', id, request }] : [],
  'interview.rescheduled': ({ type, data }) => invited(type, data),
  'interview.cancelled': ({ type, data: { withdrawn, interview, sequence, sent } }) => [
    ...(withdrawn ? [{ kind: 'interview-withdrawn', interview, sequence } as const] : []),
    ...mailsAccepted(type, sent),
  ],
  'access.blocked': ({ data, storedAt: blockedAt }) => {
    const { system, capture, taken = {}, notes } = data;
    const accounts = capture?.accounts.map(({ id, userName }) => ({ id, userName }));
    const blocked = { blockedAt, taken: mergeTaken(Object.values(taken)), uncaptured: [], notes };
    if (accounts?.length === 0) return captured(data);
    return [...captured(data), { kind: 'blocked', system, accounts, blocked }];
  },
  'access.drifted': ({ data: { system, what, seenAt } }) => [{ kind: 'drifted', system, what, seenAt }],
  'access.restored': ({ data, storedAt: restoredAt }) => {
    const { system, hold, givenBack, active, notes } = data;
    // A service that sends `hold` also sends `givenBack`, unless there was nothing to give back.
    const hadNothing = hold !== undefined && givenBack === undefined;
    const restored = {
      restoredAt,
      givenBack: mergeTaken(Object.values(givenBack ?? {})),
      active: active && Object.keys(active).length > 0 ? Object.values(active).some(Boolean) : undefined,
      notes,
    };
    return [...captured(data), ...(hadNothing ? [] : [{ kind: 'restored', system, restored } as const])];
  },
  'access.revoked': ({ data, storedAt: revokedAt }) => {
    const { system, removedGroups = [], groups, accounts, notes } = data;
    return [
      ...captured(data),
      { kind: 'revoked', system, revoked: { revokedAt, removedGroups, groups, accounts, notes } },
    ];
  },
  'exit.decision-finalised': ({ id, type, source, seq, data }, { exit, latest, problem }) => {
    const {
      effectiveAt: _,
      effectiveZone: __,
      actorIds: ___,
      proposerIds: ____,
      leaving: _____,
      ...content
    } = data;
    const result = problem === undefined ? ({ ok: 'accepted' } as const) : { refused: problem };
    const received = { id, via: 'event', name: type, identity: source, content } as const;
    // The exit accepts or refuses it once the employee is identified.
    if (latest.isDecisionPending(seq)) return [{ kind: 'decision-received', received }];
    return [
      { kind: 'decision-received', received: { ...received, result } },
      ...(problem === undefined ? effectOf(exit) : []),
    ];
  },
  'exit.proposed': ({ id, type: name, source: identity, seq, data }, { exit, latest, problem }) => {
    const { decision, resolution } = data;
    const result = problem === undefined ? ({ ok: 'proposed' } as const) : { refused: problem };
    if (decision) {
      const received = { id, via: 'event', name, identity, content: decision } as const;
      return [
        {
          kind: 'decision-received',
          received: latest.isDecisionPending(seq) ? received : { ...received, result },
        },
      ];
    }
    return resolution ? resolved(id, resolution, identity, exit, problem) : [];
  },
  'exit.proposal-rejected': ({ id, data: { number, by, asker, note } }, { problem }) =>
    problem === undefined ? [{ kind: 'proposal-rejected', id, rejection: { number, by, asker, note } }] : [],
  'second-person.asked': ({ type, data: { sent } }) => mailsAccepted(type, sent),
  'resignation.amended': ({ id, data }, { exit, problem }) => {
    const { effectiveAt: _, effectiveZone: __, actorIds: ___, ...amendment } = data;
    return problem === undefined ? [{ kind: 'amended', id, amendment }, ...effectOf(exit)] : [];
  },
  'exit.handed-over': ({ id, data: { to, by, asker } }, { problem }) =>
    problem === undefined ? [{ kind: 'handed-over', id, handOver: { to, by, asker } }] : [],
  'correction.sent': ({ type, data: { sent } }) => mailsAccepted(type, sent),
  'exit.planned': () => [],
  'step.completed': () => [],
  'task.requested': ({ data }) => mailsAccepted('task.requested', [data]),
  'step.needs-attention': ({ data }, { problem }) =>
    problem === undefined
      ? [{ kind: 'attention', step: keyOfStep(data), why: data.error, type: data.type }]
      : [],
  'step.resolved': ({ id, source, data }, { exit, problem }) => resolved(id, data, source, exit, problem),
};

function resolved(
  id: string,
  resolution: Resolution,
  identity: string,
  exit: Exit,
  problem: string | undefined,
): UntimedFact[] {
  const { state } = exit.step(resolution.step, resolution.system) ?? {};
  const result =
    problem === undefined && state ? { ok: state } : { refused: problem ?? 'there is no such step' };
  return [{ kind: 'step-resolved', id, resolution, identity, result }];
}

/** The decision waits for a day. */
const effectOf = ({ effectiveDay, effectiveAt: instant }: Exit): UntimedFact[] =>
  effectiveDay !== undefined && instant !== undefined ? [{ kind: 'effective-from', instant }] : [];

/** The facts that follow from the state after an event. */
function changesBetween(before: Exit | undefined, after: Exit): UntimedFact[] {
  return [
    ...(after.phase === before?.phase ? [] : [{ kind: 'phase', phase: after.phase } as const]),
    ...(before?.needsAttention && !after.needsAttention ? [{ kind: 'attention-over' } as const] : []),
  ];
}

const invited = (type: EventType, interview: Interview): UntimedFact[] => [
  { kind: 'invited', interview },
  ...mailsAccepted(type, interview.sent),
];

const captured = ({
  system,
  capture,
}: StoredEvent<'access.blocked' | 'access.restored' | 'access.revoked'>['data']): UntimedFact[] =>
  capture ? [{ kind: 'captured', system, capture }] : [];

/** Two events can report the same mail. */
function withoutRepeats(facts: readonly Fact[]): Fact[] {
  const seen = new Set<string>();
  return facts.filter((fact) => {
    if (fact.kind !== 'mail-accepted' || fact.messageId === undefined) return true;
    const isNew = !seen.has(fact.messageId);
    seen.add(fact.messageId);
    return isNew;
  });
}
