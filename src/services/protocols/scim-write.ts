/** Writes of SCIM: a PATCH of one value (RFC 7644 §3.5.2), conditional where the server supports ETags (§3.14). */
import { FinalFailure } from '../../exit/failures.js';
import { WebPage } from './http-failure.js';
import type { ResourceType } from './scim-list.js';
import { attribute, textOf, type ScimResource } from './scim-resource.js';
import type { ScimWire } from './scim-wire.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/** How long a read, or another attempt, may not know of a write of ours. */
const REPETITION_MS = 10 * 60 * 1000;

/** One operation of a PATCH (RFC 7644 §3.5.2). */
export interface PatchOperation {
  op: 'add' | 'remove' | 'replace';
  path: string;
  value?: unknown;
}

/** `conflict`: the caller must read again, after a concurrent write, a deletion, or a repetition of ours. */
type Patched =
  /** `version`: the one that the write made, where the answer tells it. */
  | { kind: 'written'; version: string | undefined }
  /** `because`: the failure where nothing has changed. */
  | { kind: 'conflict'; because?: Error };

const opaque = (version: string): string => version.replace(/^W\//i, '').replaceAll('"', '');

/** How servers want a version back: some refuse the very one that they gave. The last sends none. */
const spellings: ((version: string) => string | undefined)[] = [
  (version) => version,
  (version) => `"${opaque(version)}"`,
  (version) => `W/"${opaque(version)}"`,
  () => undefined,
];

/** @param versionOf reads the version of a resource now; undefined where the resource is gone */
export function createScimWrites(
  { ask, failure }: ScimWire,
  versionOf: (type: ResourceType, id: string, signal: AbortSignal) => Promise<string | undefined>,
) {
  let etags: boolean | undefined;
  /** The first spelling that this server has not refused for nothing. */
  let spelling = 0;
  let unconditional = 0;
  /** It has taken a version once: a later refusal, perhaps of a gateway, is no custom of the server. */
  let takesVersions = false;
  /** When each operation was last sent, by resource and path, with its value. */
  const sent = new Map<string, { value: string; atMs: number }>();

  async function announcesEtags(signal: AbortSignal): Promise<boolean> {
    const what = 'read ServiceProviderConfig';
    const answer = await ask(what, 'GET', '/ServiceProviderConfig', signal);
    if (!answer.ok) throw failure(answer, what);
    return String(attribute(attribute(answer.json, 'etag'), 'supported')).toLowerCase() === 'true';
  }

  async function supportsEtags(signal: AbortSignal): Promise<boolean> {
    etags ??= await announcesEtags(signal).catch((error: unknown) => {
      // Without a ServiceProviderConfig (RFC 7644 §4) a server advertises no ETags.
      if (error instanceof FinalFailure) return false;
      // A proxy's page for an unknown address, or for an outage: asked again the next time.
      if (error instanceof WebPage) return undefined;
      throw error;
    });
    return etags === true && spelling < spellings.length - 1;
  }

  /** Forgets what is too old to arrive late, and remembers this one. @returns whether it repeats one of ours */
  function isRepetition(key: string, value: string): boolean {
    const now = Date.now();
    for (const [other, { atMs }] of sent) if (now - atMs > REPETITION_MS) sent.delete(other);
    const repeats = sent.get(key)?.value === value;
    sent.set(key, { value, atMs: now });
    return repeats;
  }

  return {
    supportsEtags,

    async patch(
      type: ResourceType,
      { id, version }: ScimResource,
      operation: PatchOperation,
      signal: AbortSignal,
    ): Promise<Patched> {
      const what = `${operation.op} ${operation.path} of ${type}/${id}`;
      const conditional = version !== undefined && (await supportsEtags(signal));
      const key = `${type}/${id} ${operation.path}`;
      const isRepeated = isRepetition(key, JSON.stringify(operation));
      const forget = (): void => {
        if (!isRepeated) sent.delete(key);
      };
      const refused = new Set<string>();
      for (let tried = spelling; tried < spellings.length; tried++) {
        const ifMatch = conditional ? spellings[tried]!(version) : undefined;
        if (ifMatch !== undefined && refused.has(ifMatch)) continue;
        const answer = await ask(what, 'PATCH', `/${type}/${encodeURIComponent(id)}`, signal, {
          body: { schemas: [PATCH_OP], Operations: [operation] },
          ifMatch,
        });
        if (answer.ok) {
          if (ifMatch !== undefined) {
            spelling = tried;
            takesVersions = true;
          } else if (conditional && !takesVersions && ++unconditional > 1) {
            // One such write proves little, since the read before may have been late.
            spelling = tried;
          }
          return {
            kind: 'written',
            version:
              answer.headers.get('etag') ?? textOf(attribute(attribute(answer.json, 'meta'), 'version')),
          };
        }
        if (answer.status === 404) return { kind: 'conflict' };
        if (answer.status === 409 || answer.status === 412) {
          forget();
          // Without versions only the caller's next look tells whether it was a race.
          if (!conditional)
            return {
              kind: 'conflict',
              ...(answer.status === 409 && { because: failure(answer, what) }),
            };
          const current = await versionOf(type, id, signal);
          if (current === undefined || opaque(current) !== opaque(version)) return { kind: 'conflict' };
          // The same version as before: it was no race.
          if (answer.status === 412 && ifMatch !== undefined) {
            refused.add(ifMatch);
            continue;
          }
        }
        const error = failure(answer, what);
        // What is done already may be refused: "no valid fields to update".
        if (error instanceof FinalFailure && (isRepeated || isNoTarget(answer.json)) && answer.status !== 401)
          return { kind: 'conflict', because: new Error(error.message, { cause: error }) };
        if (error instanceof FinalFailure) forget();
        throw error;
      }
      return { kind: 'conflict' };
    },
  };
}

/** The value to remove is not there (RFC 7644 §3.5.2.2). */
const isNoTarget = (json: unknown): boolean =>
  String(attribute(json, 'scimType')).toLowerCase() === 'notarget';
