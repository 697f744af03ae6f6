/** Of whom a mail address is, by the directory: each service of a process asks about the same few people. */
import { withoutDetail } from '../../exit/mail-address.js';
import { askedTogether } from '../protocols/asked-together.js';
import type { ScimClient } from '../protocols/scim.js';
import { externalIdOf, type ScimUser } from '../protocols/scim-resource.js';

/** An address changes hands rarely. */
const REMEMBERED_MS = 60_000;
const REMEMBERED = 1_000;

type AddressBook = ReturnType<typeof newBook>;

const books = new WeakMap<ScimClient, AddressBook>();

export function addressBookOf(scim: ScimClient): AddressBook {
  const book = books.get(scim) ?? newBook(scim);
  books.set(scim, book);
  return book;
}

function newBook(scim: ScimClient) {
  const known = new Map<string, { ids: string[]; until: number }>();

  async function find(address: string, signal: AbortSignal): Promise<ScimUser[]> {
    const users = new Map<string, ScimUser>();
    const bare = withoutDetail(address);
    for (const spelling of new Set([address, bare, bare.toLowerCase()]))
      for (const attribute of ['emails.value', 'userName'])
        for (const { user } of await scim.findUsers(attribute, spelling, signal)) users.set(user.id, user);
    return [...users.values()];
  }

  /** Many who act at once are mostly a few people. */
  const usersWith = (address: string, signal: AbortSignal): Promise<ScimUser[]> =>
    askedTogether(scim, address, () => find(address, signal), signal);

  async function idsWith(address: string, signal: AbortSignal): Promise<string[]> {
    const ids = [...new Set((await usersWith(address, signal)).map(idOf))];
    known.delete(address);
    known.set(address, { ids, until: Date.now() + REMEMBERED_MS });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    return ids;
  }

  return {
    usersWith,

    /** The employee ids of the people with the address, or with it as their login. */
    idsWith,

    /** The same, as it was up to a minute ago. */
    async idsLately(address: string, signal: AbortSignal): Promise<string[]> {
      const { ids, until } = known.get(address) ?? { ids: [], until: 0 };
      return until > Date.now() ? ids : idsWith(address, signal);
    },
  };
}

export const idOf = (user: ScimUser): string => externalIdOf(user) ?? user.userName;
