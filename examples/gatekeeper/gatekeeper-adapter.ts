/** EMS reaches Gatekeeper by this adapter: `adapter` of the system in ems.config.yaml. */
import type { Account, MakeAdapter, Outcome } from 'exit-management-system/adapter';
import type { Badge, Zone } from './gatekeeper.js';

/** The attributes of a badge that `match` may name. */
const keys = ['personnel', 'formerly'] as const;

const makeAdapter: MakeAdapter = ({ system, options, secret, requestTimeoutMs, pace, failures }) => {
  const { FinalFailure, RetryAfter } = failures;
  const { url } = options;
  if (typeof url !== 'string') throw new Error('options.url: must be the address of Gatekeeper');
  const token = secret('GATEKEEPER_TOKEN');

  interface Asked {
    method?: string;
    body?: object;
    /** The statuses, besides 200, that the caller understands. */
    expected?: number[];
  }

  /** @throws Error on an outage, which is retried, and FinalFailure where no retry helps */
  async function ask<T>(
    path: string,
    signal: AbortSignal,
    { method = 'GET', body, expected = [] }: Asked = {},
  ) {
    await pace(signal);
    const what = `${system} answered`;
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      ...(body && { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
      throw new Error(`${system} does not answer: ${error.message}`, { cause: error });
    });
    const { status, headers } = response;
    const text = await response.text();
    if (status === 200) return { status, answer: JSON.parse(text) as T };
    if (expected.includes(status)) return { status, answer: undefined };
    // An answer may quote the token, and an operator reads the failure.
    const reason = text.replaceAll(token, '(the token)').slice(0, 200);
    if (status === 401 || status === 403)
      throw new FinalFailure(
        'Refused',
        `${what} ${status}: ${reason}. Check the token of ${system}, and retry`,
      );
    const seconds = Number(headers.get('retry-after'));
    if (seconds > 0) throw new RetryAfter(`${what} ${status}: ${reason}`, seconds * 1000);
    throw new Error(`${what} ${status} to ${method} ${path}: ${reason}`);
  }

  async function change(path: string, body: object, signal: AbortSignal): Promise<Outcome> {
    // 409: the badge was changed meanwhile. 410 is Gatekeeper's own word for a deletion; 404 may be a gateway's, so it is an outage.
    const { status, answer } = await ask<{ isChanged?: boolean }>(path, signal, {
      ...{ method: 'PATCH', body, expected: [409, 410, 412] },
    });
    if (status === 410) return { kind: 'gone' };
    if (!answer) return { kind: 'conflict' };
    if (answer.isChanged === undefined) return { kind: 'unknown' };
    return { kind: answer.isChanged ? 'written' : 'unchanged' };
  }

  const badgeAt = (serial: string) => `/badges/${encodeURIComponent(serial)}`;
  const zoneAt = (id: string) => `/zones/${encodeURIComponent(id)}`;
  const read = async (serial: string, signal: AbortSignal): Promise<Account | undefined> => {
    const { answer } = await ask<Badge>(badgeAt(serial), signal, { expected: [410] });
    return answer && accountOf(answer);
  };

  return {
    system,

    capabilities: () => Promise.resolve({ conditionalWrites: true, settleMs: 0, restore: 'exact' }),

    async find({ attribute, value }, signal, others = []) {
      const key = keys.find((each) => each === attribute);
      if (!key) throw new FinalFailure('Refused', `match of ${system} must name ${keys.join(' or ')}`);
      const query = new URLSearchParams({ [key]: value });
      const { answer } = await ask<{ badges: Badge[] }>(`/badges?${query.toString()}`, signal);
      return answer!.badges.map((badge) => ({
        account: accountOf(badge),
        value: badge[key],
        shown: Object.fromEntries(
          keys.filter((each) => others.includes(each)).map((each) => [each, [badge[each]]]),
        ),
      }));
    },

    read: ({ id }, signal) => read(id, signal),

    setActive: ({ id, version }, active, signal) =>
      change(badgeAt(id), { locked: !active, revision: Number(version) }, signal),

    async groupsOf(id, signal) {
      const { answer } = await ask<{ zones: Zone[] }>(`${badgeAt(id)}/zones`, signal, { expected: [410] });
      return (answer?.zones ?? []).map((zone) => ({ group: refOf(zone), via: 'direct', changeable: true }));
    },

    async findGroup(name, signal) {
      const query = new URLSearchParams({ name });
      const { answer } = await ask<{ zones: Zone[] }>(`/zones?${query.toString()}`, signal);
      return answer!.zones.map(refOf);
    },

    async hasOtherActiveMember(zone, id, signal) {
      const { answer } = await ask<{ serials: string[] }>(`${zoneAt(zone)}/badges`, signal);
      for (const serial of answer!.serials)
        if (serial !== id && (await read(serial, signal))?.active) return 'yes';
      return 'no';
    },

    removeFromGroup: (id, { group }, signal) => change(zoneAt(group.id), { expel: id }, signal),

    addToGroup: (id, group, signal) => change(zoneAt(group.id), { admit: id }, signal),
  };
};

export default makeAdapter;

const accountOf = ({ serial, holder, mail, locked, revision }: Badge): Account => ({
  ...{ id: serial, userName: holder, identities: [holder, mail] },
  ...{ active: !locked, version: String(revision) },
});

const refOf = ({ id, name }: Zone) => ({ id, displayName: name });
