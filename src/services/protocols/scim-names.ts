/**
 * Users by a part of a name (RFC 7644 §3.4.2.2, `co`). The filter is doubted: what does not show the text is left out, and where nothing
 * is found, the list itself is read.
 */
import { searchable } from '../../exit/spelling.js';
import type { ScimLists } from './scim-list.js';
import { displayNameOf, externalIdOf, userOf, type ScimUser } from './scim-resource.js';

const ATTRIBUTES = ['displayName', 'name.familyName', 'userName', 'emails.value'];
/** Of one filter. */
const MOST_HITS = 100;
/** A server that finds nothing is read up to this size. */
const MAX_SCANNED = 2000;

export interface UsersNamed {
  users: ScimUser[];
  /** Otherwise there may be more. */
  isWhole: boolean;
}

export async function usersNamed(lists: ScimLists, text: string, signal: AbortSignal): Promise<UsersNamed> {
  const wanted = searchable(text);
  const found = new Map<string, ScimUser>();

  /** @returns whether these are all of them */
  async function read(query: Record<string, string>, atMost: number): Promise<boolean> {
    const listing = await lists.some('Users', query, signal, atMost);
    const users = listing?.elements.flatMap((element) => userOf(element) ?? []) ?? [];
    for (const user of users) if (shows(user, wanted)) found.set(user.id, user);
    return listing?.isComplete ?? false;
  }

  const filtered = ATTRIBUTES.map((attribute) =>
    read({ filter: `${attribute} co ${JSON.stringify(text)}` }, MOST_HITS),
  );
  const complete = await Promise.all(filtered);
  // An empty answer may mean that the filter, or the accent of a letter, was not understood.
  const isWhole = found.size > 0 ? complete.every(Boolean) : await read({}, MAX_SCANNED);
  return { users: [...found.values()], isWhole };
}

const shows = (user: ScimUser, wanted: string): boolean =>
  [
    displayNameOf(user),
    user.userName,
    externalIdOf(user) ?? '',
    ...user.emails.map(({ value }) => value),
  ].some((each) => searchable(each).includes(wanted));
