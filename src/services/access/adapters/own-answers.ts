/** What the functions of your own adapter may answer. What no compiler has checked may be anything. */
import { z } from 'zod';
import { cannotTell, FailureType, FinalFailure } from '../../../exit/failures.js';
import { AccountFields, CostFields, GroupFields } from '../../../exit/hold-facts.js';
import { describeIssues } from '../../../exit/input.js';
import type { AccessPort, Account as Seen, Candidate, Key, Outcome as Answer } from '../access-port.js';
import { denies } from '../denial.js';

const optional = z.string().optional();
const Account = AccountFields.extend({
  identities: z.array(z.string()),
  active: z.boolean().optional(),
  version: optional,
  others: z.record(z.string(), z.unknown()).optional(),
});
const Outcome = z.union([
  z.object({ kind: z.enum(['written', 'unchanged', 'unknown', 'conflict', 'gone']) }),
  z.object({ kind: z.literal('refused'), why: z.string(), detail: z.string() }),
]);
const Members = z
  .object({
    ids: z.array(z.string()),
    isComplete: z.boolean(),
    mayBeCut: z.boolean().optional(),
    unlisted: z.array(z.string()).optional(),
    version: optional,
  })
  .optional();

const shapes: Record<Exclude<keyof AccessPort, 'system' | 'endSessions'>, z.ZodType> = {
  capabilities: CostFields.extend({ conditionalWrites: z.boolean(), settleMs: z.number().nonnegative() }),
  find: z.array(
    z.object({
      account: Account,
      value: z.string(),
      shown: z.record(z.string(), z.array(z.string())).optional(),
    }),
  ),
  hasKey: z.boolean(),
  read: Account.optional(),
  setActive: Outcome,
  groupsOf: z.array(
    z.object({
      group: GroupFields,
      via: z.enum(['direct', 'nested', 'primary']),
      changeable: z.union([z.literal(true), z.string()]),
      by: optional,
      version: optional,
    }),
  ),
  hasGroups: z.boolean(),
  showsInactive: z.boolean(),
  findGroup: z.array(GroupFields),
  membersOf: Members,
  standingIn: z.union([
    z.object({ is: z.enum(['direct', 'out', 'gone']), members: Members }),
    z.object({ is: z.literal('nested'), by: z.string(), members: Members }),
    z.object({ is: z.literal('cannot tell'), because: z.string(), members: Members }),
  ]),
  hasOtherActiveMember: z.enum(['yes', 'no', 'cannot tell']),
  removeFromGroup: Outcome,
  addToGroup: Outcome,
};

/** @returns the port, whose answers are of these shapes; any other one cannot tell, also after a write */
export function withCheckedAnswers(port: AccessPort): AccessPort {
  const functions = port as unknown as Record<string, ((...given: unknown[]) => unknown) | undefined>;
  const checked = Object.entries(shapes).flatMap(([name, shape]) => {
    if (!functions[name]) return [];
    const ask = async (...given: unknown[]): Promise<unknown> => {
      // What finds nothing answers null in some languages and databases.
      const answer = (await functions[name]!(...given)) ?? undefined;
      const { error } = shape.safeParse(answer);
      if (!error) return meant(name, answer, given[0], port.system);
      throw cannotTell(
        `the adapter of ${port.system} answered ${name} with something else than the port says (${describeIssues(error)}): mend the adapter`,
      );
    };
    return [[name, ask] as const];
  });
  const { system } = port;
  const endSessions =
    port.endSessions &&
    (async (...given: Parameters<typeof port.endSessions>): Promise<void> => {
      const answer: unknown = await port.endSessions!(...given);
      if (denies(answer))
        throw cannotTell(
          `the adapter of ${port.system} answered endSessions with ${JSON.stringify(answer)}: look whether ${given[0].userName} has sessions there, then settle the step`,
        );
    });
  return { system, ...(endSessions && { endSessions }), ...Object.fromEntries(checked) } as AccessPort;
}

/** @returns the answer, which is about what was asked @throws FinalFailure CannotTell */
function meant(name: string, answer: unknown, asked: unknown, system: string): unknown {
  if (name === 'find') return withValue(answer as Candidate[], asked as Key, system);
  if (name === 'read') return withId(answer as Seen | undefined, asked as { id: string }, system);
  const { kind, why, detail, because } = (answer ?? {}) as Partial<Extract<Answer, { why: 'form' }>>;
  if (kind !== 'refused' || why !== 'form' || (because as unknown) instanceof Error) return answer;
  const reason = `${system} does not understand ${name}: ${detail}`;
  return { kind, why, detail, because: new FinalFailure(FailureType.Refused, reason) };
}

/** A search that also finds parts of a value finds other people. */
function withValue(found: Candidate[], { attribute, value }: Key, system: string): Candidate[] {
  const plain = (text: string): string => text.normalize().trim().toLowerCase();
  const own = found.filter((each) => plain(each.value) === plain(value));
  if (own.length > 0 || found.length === 0) return own;
  const { account, value: other } = found[0]!;
  throw cannotTell(
    `${system} was asked for ${attribute} "${value}", and found ${account.userName} (${account.id}) by "${other}": look whose account it is, and mend the adapter`,
  );
}

function withId(account: Seen | undefined, { id }: { id: string }, system: string): Seen | undefined {
  if (!account || account.id === id) return account;
  throw cannotTell(
    `${system} was asked for the account ${id}, and answered with ${account.userName} (${account.id}): mend the adapter`,
  );
}
