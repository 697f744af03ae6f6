/** Groups that an account reaches through its groups (RFC 7643 §4.2: a member may be a group). */
import type { ScimClient } from '../../protocols/scim.js';
import type { ScimGroup } from '../../protocols/scim-resource.js';
import type { Membership } from '../access-port.js';

/** An account with more groups is not walked up, for the number of requests. */
const MAX_WALKED = 1000;
/** How long an answer serves the attempts that resume after a rate limit, in milliseconds. */
const REMEMBERED_MS = 30_000;

type Known = Parameters<ScimClient['membersAmong']>[1];

/** @returns for the memberships of one account those that come by them; each group once */
export function groupsAbove(scim: ScimClient) {
  const remembered = new Map<string, { parents: ScimGroup[]; atMs: number }>();

  /** @returns by id, the groups that have it as a member */
  async function parentsOf(
    ids: string[],
    known: Known | undefined,
    signal: AbortSignal,
  ): Promise<Map<string, ScimGroup[]>> {
    for (const [id, { atMs }] of remembered) if (Date.now() - atMs > REMEMBERED_MS) remembered.delete(id);
    const parents = new Map(ids.map((id) => [id, remembered.get(id)?.parents]));
    const open = ids.filter((id) => !parents.get(id));
    const worth = new Set(known ? await scim.membersAmong(open, known, signal) : open);
    for (const id of open) {
      const asked = worth.has(id) ? await scim.groupsWith(id, signal) : [];
      remembered.set(id, { parents: asked, atMs: Date.now() });
      parents.set(id, asked);
    }
    return parents as Map<string, ScimGroup[]>;
  }

  /** @param known one of the memberships that a filter has found */
  return async (
    memberships: readonly Membership[],
    known: Known | undefined,
    signal: AbortSignal,
  ): Promise<Membership[]> => {
    const above = new Map<string, Membership>();
    if (memberships.length > MAX_WALKED) return [];
    for (let level = memberships.map(({ group }) => group); level.length > 0;) {
      const parents = await parentsOf(
        level.map(({ id }) => id),
        known,
        signal,
      );
      const next = new Map<string, ScimGroup>();
      for (const group of level) {
        for (const parent of parents.get(group.id)!) {
          if (above.has(parent.id)) continue;
          const { id, displayName } = parent;
          const changeable = `comes by way of ${group.displayName}, which is a member of it`;
          above.set(id, { group: { id, displayName }, via: 'nested', changeable });
          next.set(id, parent);
        }
      }
      level = [...next.values()];
    }
    return [...above.values()];
  };
}
