/** What the functions of your own adapter may answer. What no compiler has checked may be anything. */
import { z } from 'zod';
import { cannotTell } from '../../../exit/failures.js';
import { AccountFields, CostFields, GroupFields } from '../../../exit/hold-facts.js';
import { describeIssues } from '../../../exit/input.js';
import type { AccessPort } from '../access-port.js';

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
const Members = z.object({ ids: z.array(z.string()), isComplete: z.boolean(), version: optional }).optional();

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
      const answer = await functions[name]!(...given);
      const { error } = shape.safeParse(answer);
      if (!error) return answer;
      throw cannotTell(
        `the adapter of ${port.system} answered ${name} with something else than the port says (${describeIssues(error)}): mend the adapter`,
      );
    };
    return [[name, ask] as const];
  });
  const { system } = port;
  const endSessions =
    port.endSessions && ((...given: Parameters<typeof port.endSessions>) => port.endSessions!(...given));
  return { system, ...(endSessions && { endSessions }), ...Object.fromEntries(checked) } as AccessPort;
}
