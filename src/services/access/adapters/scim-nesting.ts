/** Groups that an account reaches through its groups (RFC 7643 §4.2: a member may be a group). */
import type { ScimClient } from '../../protocols/scim.js';
import type { ScimGroup } from '../../protocols/scim-resource.js';
import type { Membership } from '../access-port.js';

/** An account with more groups is not walked up: its groups would cost a request each. */
const MAX_WALKED = 50;
/** How long an answer serves the attempts that resume after a rate limit, in milliseconds. */
const REMEMBERED_MS = 30_000;

/** @returns for the memberships of one account those that come by them; each group once */
export function groupsAbove(scim: ScimClient) {
  const known = new Map<string, { parents: ScimGroup[]; atMs: number }>();

  async function parentsOf(id: string, signal: AbortSignal): Promise<ScimGroup[]> {
    for (const [each, { atMs }] of known) if (Date.now() - atMs > REMEMBERED_MS) known.delete(each);
    const parents = known.get(id)?.parents ?? (await scim.groupsWith(id, signal));
    known.set(id, { parents, atMs: known.get(id)?.atMs ?? Date.now() });
    return parents;
  }

  return async (memberships: readonly Membership[], signal: AbortSignal): Promise<Membership[]> => {
    const above = new Map<string, Membership>();
    const walked = new Set<string>();
    let level = memberships.map(({ group }) => group);
    if (level.length > MAX_WALKED) return [];
    while (level.length > 0 && walked.size < MAX_WALKED) {
      const next: ScimGroup[] = [];
      for (const group of level) {
        if (walked.has(group.id)) continue;
        walked.add(group.id);
        for (const parent of await parentsOf(group.id, signal)) {
          if (above.has(parent.id)) continue;
          const { id, displayName } = parent;
          const changeable = `comes by way of ${group.displayName}, which is a member of it`;
          above.set(id, { group: { id, displayName }, via: 'nested', changeable });
          next.push(parent);
        }
      }
      level = next;
    }
    return [...above.values()];
  };
}
