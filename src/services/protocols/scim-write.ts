/** Writes of SCIM: a PATCH of one value (RFC 7644 §3.5.2), conditional where the server supports ETags (§3.14). */
import { FinalFailure } from '../../exit/failures.js';
import { WebPage } from './http-failure.js';
import { scimTypeIn, unquoted } from './http-reason.js';
import { isPage } from './http-answer.js';
import { RetryAfter } from './retry-after.js';
import { opaque } from './resource-version.js';
import type { ResourceType } from './scim-list.js';
import { attribute, textOf, type ScimResource } from './scim-resource.js';
import type { ScimAnswer, ScimWire } from './scim-wire.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** One operation of a PATCH (RFC 7644 §3.5.2). */
export interface PatchOperation {
  op: 'add' | 'remove' | 'replace';
  /** Without one, the value is an object of attributes. */
  path?: string;
  value?: unknown;
}

/** `conflict`: the caller must read again, after a concurrent write, a deletion, or a repetition of ours. */
type Patched =
  /** `version`: the one that the write made, where the answer tells it. */
  | { kind: 'written'; version: string | undefined }
  /** `because`: the failure where nothing has changed. `isAbsent`: whether SCIM says that the target in it is absent; false for the resource. */
  | { kind: 'conflict'; because?: Error; isAbsent?: boolean }
  | { kind: 'refused'; why: 'form'; detail: string; because: FinalFailure };

/** How servers want a version back: some refuse the very one that they gave. The last sends none. */
const spellings: ((version: string) => string | undefined)[] = [
  (version) => version,
  (version) => `"${opaque(version)}"`,
  (version) => `W/"${opaque(version)}"`,
  () => undefined,
];

/** A server that fails so often to describe itself may do so for ever, and be well otherwise. */
const MOST_UNDESCRIBED = 3;
/** The server does not take this form of the request. Another may be understood. */
const OTHER_FORM = /^invalid(Path|Syntax)$/i;
/** Also that the member itself does not exist: "User with id u-1 not found". */
const ABSENT =
  /\bnot (currently )?(a )?member\b|\bno such member\b|\b(user|member|account)\b[^.;:]*\b(not found|(does not|doesn.t) exist)\b/i;
const saysAbsent = (answer: ScimAnswer, { message }: Error): boolean =>
  /^noTarget$/i.test(scimTypeIn(answer)) || (answer.status !== 403 && ABSENT.test(unquoted(message)));

/** @param versionOf reads the version of a resource now; undefined where the resource is gone */
export function createScimWrites(
  { ask, failure }: ScimWire,
  versionOf: (type: ResourceType, id: string, signal: AbortSignal) => Promise<string | undefined>,
) {
  let etags: boolean | undefined;
  /** The first spelling that this server has not refused for nothing. */
  let spelling = 0;
  let unconditional = 0;
  /** It says of itself that it takes no PATCH. It may all the same. */
  let deniesPatch = false;
  /** How often the server failed to describe itself. */
  let undescribed = 0;
  /** It has taken a version once: a later refusal, perhaps of a gateway, is no custom of the server. */
  let takesVersions = false;

  async function announcesEtags(signal: AbortSignal): Promise<boolean> {
    const what = 'read ServiceProviderConfig';
    const answer = await ask(what, 'GET', '/ServiceProviderConfig', signal);
    if (!answer.ok) {
      const error = failure(answer, what);
      if (!(error instanceof RetryAfter)) undescribed += 1;
      throw error;
    }
    const supported = (feature: string): string =>
      String(attribute(attribute(answer.json, feature), 'supported')).toLowerCase();
    deniesPatch = supported('patch') === 'false';
    return supported('etag') === 'true';
  }

  async function supportsEtags(signal: AbortSignal): Promise<boolean> {
    etags ??= await announcesEtags(signal).catch((error: unknown) => {
      // Without a ServiceProviderConfig (RFC 7644 §4) a server advertises no ETags.
      if (error instanceof FinalFailure) return false;
      // A proxy's page for an unknown address, or for an outage: asked again the next time.
      if (error instanceof WebPage) return undefined;
      // Its other answers tell of an outage. Asked again the next time, since a version is the safer way.
      if (undescribed >= MOST_UNDESCRIBED) return undefined;
      throw error;
    });
    return etags === true && spelling < spellings.length - 1;
  }

  return {
    supportsEtags,
    deniesPatch: (): boolean => deniesPatch,

    /** @throws FinalFailure Refused, also for what is done already: the caller looks again */
    async patch(
      type: ResourceType,
      { id, version }: ScimResource,
      operation: PatchOperation,
      signal: AbortSignal,
    ): Promise<Patched> {
      const what = `${operation.op} ${operation.path ?? JSON.stringify(operation.value)} of ${type}/${id}`;
      const conditional = version !== undefined && (await supportsEtags(signal));
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
        if (answer.status === 404)
          return isPage(answer)
            ? { kind: 'conflict', because: failure(answer, what) }
            : { kind: 'conflict', isAbsent: saysAbsent(answer, failure(answer, what)) };
        if (answer.status === 409 || answer.status === 412) {
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
        // It requires a version (RFC 6585 §3), whatever it says of itself.
        if (answer.status === 428 && !conditional) {
          const current = version ?? (await versionOf(type, id, signal));
          etags = true;
          spelling = 0;
          if (current !== undefined) return this.patch(type, { id, version: current }, operation, signal);
        }
        const error = failure(answer, what);
        if (error instanceof FinalFailure && saysAbsent(answer, error))
          return { kind: 'conflict', because: error, isAbsent: true };
        if (error instanceof FinalFailure && OTHER_FORM.test(scimTypeIn(answer)))
          return { kind: 'refused', why: 'form', detail: error.message, because: error };
        throw error;
      }
      return { kind: 'conflict' };
    },
  };
}
