/** An LDAPv3 client (RFC 4511) for the requests of the hold. A result code does not prove the effect of a write: the caller reads it back. */
import { once } from 'node:events';
import { isIP } from 'node:net';
import {
  AndFilter,
  Attribute,
  Change,
  Client,
  Control,
  EqualityFilter,
  ExtensibleFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  ResultCodeError,
  type BerWriter,
  type Filter,
} from 'ldapts';
import { cannotTell, FailureType, FinalFailure } from '../../exit/failures.js';
import { deadlineIn } from './deadline.js';
import { assertTimeLeft } from './commit-point.js';
import { reasonOf } from './fetch-failure.js';
import type { Pace } from './pace.js';

export type { Change, Filter };

/** Result codes (RFC 4511 §A.2; 122: RFC 4528 §4) that the hold tells apart. */
export const ResultCode = {
  success: 0,
  noSuchAttribute: 16,
  undefinedAttributeType: 17,
  attributeOrValueExists: 20,
  noSuchObject: 32,
  insufficientAccessRights: 50,
  objectClassViolation: 65,
  entryAlreadyExists: 68,
  assertionFailed: 122,
} as const;

/** A retry may succeed: operationsError, timeLimitExceeded, adminLimitExceeded, busy, unavailable, other. */
const OUTAGES: ReadonlySet<number> = new Set([1, 3, 11, 51, 52, 80]);
const SIZE_LIMIT_EXCEEDED = 4;
const PAGE_SIZE = 500;
const BINARY = ['objectGUID', 'objectSid'];

const ONLY_SIMPLE =
  'EMS logs in by a simple bind alone, with no SASL mechanism and no client certificate: let the server take that';
/** The server wants TLS, or another login: authMethodNotSupported, strongerAuthRequired, confidentialityRequired, inappropriateAuthentication. */
const OTHER_LOGIN: ReadonlySet<number> = new Set([7, 8, 13, 48]);
const UNWILLING_TO_PERFORM = 53;
const ADVICE: Readonly<Record<number, string>> = {
  4: 'raise the size limit of bindDn',
  10: 'give the address of the server that this one refers to',
  32: 'check userBase and groupBase, and what bindDn may read',
  49: 'check bindDn and its password',
  50: 'check the rights of bindDn',
};

interface LdapOptions {
  /** For error messages: "payroll". */
  name: string;
  /** `ldaps://host`, or `ldap://host`, which uses StartTLS unless the host is this machine. */
  url: string;
  bindDn: string;
  password: string;
  /** The certificates (PEM) that the server's is verified with; default: those of Node.js. */
  ca?: string | undefined;
  requestTimeoutMs: number;
  /** The server's rate limit, if any: one session counts as one request. */
  pace?: Pace | undefined;
}

/** An entry by attribute, whatever the case of its name. */
export interface Entry {
  dn: string;
  all: (attribute: string) => string[];
  one: (attribute: string) => string | undefined;
  bytes: (attribute: string) => Buffer | undefined;
  /** Whether the server gave only a range of the values (MS-ADTS §3.1.1.3.1.3.3). */
  isPartial: (attribute: string) => boolean;
}

/** What the server says to a write. */
interface Written {
  code: number;
  /** In the server's words. */
  reason: string;
}

/** Asks for no attribute (RFC 4511 §4.5.1.8). */
export const NONE = ['1.1'];

/** One bound connection. */
export interface LdapSession {
  /** @throws FinalFailure CannotTell where another server has a part of the answer, Refused */
  search(
    base: string,
    filter: Filter,
    attributes: readonly string[],
    options?: {
      sizeLimit?: number;
      /** Whether the part of the answer that another server has is left out. */
      ignoresReferences?: boolean;
      /** Shows the entries that refer to another server as entries (RFC 3296). */
      showsReferring?: boolean;
    },
  ): Promise<Entry[]>;
  /** @returns the entry of this name, if it passes the filter; undefined where there is none */
  read(dn: string, attributes: readonly string[], filter?: Filter): Promise<Entry | undefined>;
  /** Asks Active Directory for a tombstone (MS-ADTS §3.1.1.3.4.1.14). @returns the entry of this name, also where it was deleted */
  readDeleted(dn: string, attributes: readonly string[]): Promise<Entry | undefined>;
  /**
   * @param condition the server refuses the write where the entry does not pass it (RFC 4528)
   * @throws Error on an outage; any other result code is returned
   */
  modify(dn: string, changes: Change[], condition?: Filter): Promise<Written>;
}

export type LdapClient = ReturnType<typeof createLdapClient>;

export function createLdapClient({ name, url, bindDn, password, ca, requestTimeoutMs, pace }: LdapOptions) {
  const { protocol, hostname } = new URL(url);
  // With StartTLS ldapts names no host, so that Node.js would look for "localhost" in the certificate.
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const tls = {
    host,
    ...(ca !== undefined && { ca }),
    ...(isIP(host) === 0 && { servername: host }),
  };
  const isSecure = protocol === 'ldaps:';
  const startsTls = !isSecure && (ca !== undefined || !isLoopback(hostname));
  const isEncrypted = isSecure || startsTls;

  function adviceOn(code: number, isBind: boolean): string | undefined {
    if (OTHER_LOGIN.has(code) && !isEncrypted) return 'give an ldaps:// address, or caFile for StartTLS';
    if (OTHER_LOGIN.has(code) || (isBind && code === UNWILLING_TO_PERFORM)) return ONLY_SIMPLE;
    return ADVICE[code];
  }

  function failure(error: unknown, what: string, isBind = false): Error {
    if (error instanceof ResultCodeError) {
      const words = wordsOf(error);
      const sentence = `${name} answered ${error.code} to "${what}"${words && ` (${words})`}`;
      if (OUTAGES.has(error.code)) return new Error(sentence, { cause: error });
      const advice = adviceOn(error.code, isBind);
      return new FinalFailure(FailureType.Refused, advice ? `${sentence}: ${advice}` : sentence, {
        cause: error,
      });
    }
    const why = reasonOf(error);
    // By an alert the server refuses us (RFC 8446 §6.2).
    const isAlert = /ALERT/i.test(why);
    // Our own check of the certificate would fail again.
    if (/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/.test(why) && !isAlert)
      return new FinalFailure(
        FailureType.Refused,
        `the certificate of ${name} at ${url} is not trusted (${why}): check caFile and the host name in url`,
        { cause: error },
      );
    // With TLS 1.3 a server closes the connection only once it has looked for a certificate of ours.
    const hint =
      isBind && isEncrypted && (isAlert || / closed /.test(why))
        ? `. Does it want another login? ${ONLY_SIMPLE}`
        : '';
    return new Error(`${name} cannot be reached at ${url}: ${why.split('\n')[0]}${hint}`, { cause: error });
  }

  function sessionOf(client: Client, signal: AbortSignal): LdapSession {
    async function request<T>(what: string, make: () => Promise<T>): Promise<T> {
      assertTimeLeft(signal, 0);
      // ldapts would silently connect again, as an anonymous user who sees less.
      if (!client.isBound) throw new Error(`${name} has closed the connection`);
      try {
        return await make();
      } catch (error) {
        throw failure(error, what);
      }
    }
    const codeOf = (error: unknown): number | undefined =>
      error instanceof FinalFailure && error.cause instanceof ResultCodeError ? error.cause.code : undefined;

    const search: LdapSession['search'] = async (
      base,
      filter,
      attributes,
      { sizeLimit = 0, ignoresReferences = false, showsReferring = false } = {},
    ) => {
      const what = `search ${base} where ${filter.toString()}`;
      const options = {
        scope: 'sub' as const,
        filter,
        attributes: [...attributes],
        explicitBufferAttributes: BINARY,
        sizeLimit,
      };
      const ask = (paged: boolean) =>
        request(what, () =>
          client.search(
            base,
            { ...options, ...(paged && { paged: { pageSize: PAGE_SIZE } }) },
            showsReferring ? [new ManageDsaIT()] : [],
          ),
        );
      // A search in one piece is all or an error. Only one that is too long for it is read in pages.
      const { searchEntries, searchReferences } = await ask(false).catch((error: unknown) => {
        if (codeOf(error) === SIZE_LIMIT_EXCEEDED) return ask(true);
        throw error;
      });
      const elsewhere = searchReferences.find((uri) => !isOfForest(uri));
      if (elsewhere !== undefined && !ignoresReferences)
        throw cannotTell(
          `${name} answered "${what}" with a part of it, and refers to ${elsewhere} for the rest: configure that server as a system of its own, and a base without it here`,
        );
      return searchEntries.map(entryOf);
    };

    async function readOne(
      dn: string,
      attributes: readonly string[],
      filter: Filter,
      controls: Control[],
    ): Promise<Entry | undefined> {
      const options = {
        scope: 'base' as const,
        filter,
        attributes: [...attributes],
        explicitBufferAttributes: BINARY,
      };
      try {
        const { searchEntries } = await request(`read ${dn}`, () => client.search(dn, options, controls));
        return searchEntries.map(entryOf)[0];
      } catch (error) {
        if (codeOf(error) === ResultCode.noSuchObject) return undefined;
        throw error;
      }
    }

    return {
      search,

      read: (dn, attributes, filter = present('objectClass')) => readOne(dn, attributes, filter, []),

      readDeleted: (dn, attributes) => readOne(dn, attributes, present('objectClass'), [new ShowDeleted()]),

      async modify(dn, changes, condition) {
        try {
          await request(`modify ${dn}`, () =>
            client.modify(dn, changes, condition && new Assertion(condition)),
          );
          return { code: ResultCode.success, reason: '' };
        } catch (error) {
          const { cause } = error as Error;
          if (error instanceof FinalFailure && cause instanceof ResultCodeError)
            return { code: cause.code, reason: error.message };
          throw error;
        }
      },
    };
  }

  return {
    name,

    /** Opens a connection, and closes it when the work is done, failed or aborted. */
    async session<T>(signal: AbortSignal, work: (session: LdapSession) => Promise<T>): Promise<T> {
      await pace?.(signal);
      signal.throwIfAborted();
      const client = new Client({
        url,
        timeout: requestTimeoutMs,
        connectTimeout: requestTimeoutMs,
        ...(isSecure && { tlsOptions: tls }),
      });
      const over = new AbortController();
      const aborting = async (by: AbortSignal, why: () => unknown): Promise<never> => {
        await once(by, 'abort', { signal: over.signal });
        throw why();
      };
      const aborted = aborting(signal, () => signal.reason);
      const open = async (): Promise<void> => {
        try {
          if (startsTls) await client.startTLS(tls);
          await client.bind(bindDn, password);
        } catch (error) {
          throw failure(error, `bind as ${bindDn}`, true);
        }
      };
      const deadline = deadlineIn(requestTimeoutMs);
      const late = () => failure(new Error(`no answer within ${requestTimeoutMs} ms`), 'connect');
      try {
        await Promise.race([open(), aborted, aborting(deadline.signal, late)]);
        return await Promise.race([work(sessionOf(client, signal)), aborted]);
      } finally {
        deadline.clear();
        over.abort();
        // Without it the socket of a failed bind keeps the process alive.
        await client.unbind().catch(() => undefined);
      }
    },
  };
}

export const equals = (attribute: string, value: string | Buffer): Filter =>
  new EqualityFilter({ attribute, value });
/** By another matching rule than that of the attribute (RFC 4511 §4.5.1.7.7); Undefined where the rule does not fit the attribute. */
export const matches = (attribute: string, rule: string, value: string): Filter =>
  new ExtensibleFilter({ matchType: attribute, rule, value });
export const present = (attribute: string): Filter => new PresenceFilter({ attribute });
/** Undefined, and so no hit, where the server does not show the attribute (RFC 4511 §4.5.1.7). */
export const isTold = (attribute: string): Filter => or(present(attribute), not(present(attribute)));
export const not = (filter: Filter): Filter => new NotFilter({ filter });
export const and = (...filters: Filter[]): Filter => new AndFilter({ filters });
export const or = (...filters: Filter[]): Filter => new OrFilter({ filters });

const change =
  (operation: 'add' | 'delete') =>
  (type: string, value: string): Change =>
    new Change({ operation, modification: new Attribute({ type, values: [value] }) });
export const addValue = change('add');
/** Fails where the entry does not have the value. */
export const deleteValue = change('delete');

/** The assertion control (RFC 4528). */
class Assertion extends Control {
  constructor(private readonly filter: Filter) {
    super('1.3.6.1.1.12', { critical: true });
  }

  protected override writeControl(writer: BerWriter): void {
    const inner = new (writer.constructor as new () => BerWriter)();
    this.filter.write(inner);
    writer.writeBuffer(inner.buffer, 0x04);
  }
}

class ManageDsaIT extends Control {
  constructor() {
    super('2.16.840.1.113730.3.4.2', { critical: true });
  }
}

class ShowDeleted extends Control {
  constructor() {
    super('1.2.840.113556.1.4.417', { critical: true });
  }
}

type Values = string | string[] | Buffer | Buffer[];

function entryOf({ dn, ...attributes }: { dn: string; [attribute: string]: Values }): Entry {
  // A server gives the names in the case of its schema, and with options: `member;range=0-1499`.
  const named = Object.entries(attributes).map(([type, values]) => {
    const [attribute = '', ...options] = type.toLowerCase().split(';');
    return { attribute, options, values: [values].flat() };
  });
  const of = (attribute: string) => named.filter((each) => each.attribute === attribute.toLowerCase());
  const all = (attribute: string): string[] =>
    of(attribute).flatMap(({ values }) => values.map((value) => value.toString()));
  return {
    dn,
    all,
    one: (attribute) => all(attribute)[0],
    bytes: (attribute) =>
      of(attribute)
        .flatMap(({ values }) => values)
        .map((value) => Buffer.from(value))[0],
    isPartial: (attribute) =>
      of(attribute).some(({ options }) => options.some((option) => /^range=\d+-\d/.test(option))),
  };
}

/** The server's own words, without those that ldapts adds. */
const wordsOf = ({ message, code }: ResultCodeError): string =>
  message
    .replace(` Code: 0x${code.toString(16)}`, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 200)
    .trim();

/** Active Directory always refers to these partitions of the forest, which have no accounts. */
const isOfForest = (uri: string): boolean =>
  /\/(CN=Configuration|DC=ForestDnsZones|DC=DomainDnsZones),/i.test(decodeURIComponent(uri));

const isLoopback = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
