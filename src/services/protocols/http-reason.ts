/** The reason that a server gives for an unsuccessful HTTP answer, wherever it puts it. */
import type { HttpAnswer } from './http-answer.js';

const MAX_QUOTED = 300;

/**
 * Where servers put it: SCIM (RFC 7644 §3.12), OAuth, problem details (RFC 9457), Keycloak, Okta, Atlassian, OData, SCIM 1.1, and others;
 * in lower case.
 */
const REASONS = [
  'detail',
  'error_description',
  'errormessage',
  'errorsummary',
  'errormessages',
  'message',
  'messages',
  'description',
  'msg',
  'text',
  'value',
  'title',
  'error',
];
/** What these say is more precise than the members above beside them. */
const CAUSES = ['errors', 'errorcauses', 'causes', 'details'];

/**
 * @param secret what no message may show
 * @returns the server's own words on one line, with their `scimType`; empty where it gives none
 */
export function reasonIn(answer: HttpAnswer, secret: string): string {
  const words = oneLine(bodyOf(answer)) || challengeOf(answer.headers);
  return words.replaceAll(secret, '(the token)').slice(0, MAX_QUOTED);
}

/** @returns the `scimType` of the answer (RFC 7644 §3.12); empty where it has none */
export function scimTypeIn({ text }: Pick<HttpAnswer, 'text'>): string {
  try {
    const { scimType } = (JSON.parse(text) ?? {}) as { scimType?: unknown };
    return typeof scimType === 'string' ? scimType : '';
  } catch {
    return '';
  }
}

/** Without what stands in quotes: the names of groups and policies, whose words are not the server's. An apostrophe is no quote. */
export const unquoted = (text: string): string =>
  text.replaceAll(/\\?"[^"\\]*\\?"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)/g, '…');

function bodyOf({ headers, text }: HttpAnswer): string {
  if (/^text\/plain\b/i.test(headers.get('content-type') ?? '')) return text;
  try {
    const type = scimTypeIn({ text });
    return wordsIn(JSON.parse(text), 0) + (type && ` (${type})`);
  } catch {
    // No JSON: the message has the status code.
    return '';
  }
}

/** Of a refused token (RFC 6750 §3): `Bearer error="invalid_token", error_description="The access token expired"`. */
function challengeOf(headers: Headers): string {
  const challenge = headers.get('www-authenticate') ?? '';
  const member = (name: string): string =>
    new RegExp(`\\b${name}=(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(challenge)?.slice(1).find(Boolean) ?? '';
  const scope = member('scope');
  const described = member('error_description') || member('error');
  return oneLine(described && scope ? `${described} (${scope})` : described);
}

function wordsIn(body: unknown, depth: number): string {
  if (typeof body === 'string') return depth > 0 ? body : '';
  if (typeof body !== 'object' || body === null || depth > 3) return '';
  if (Array.isArray(body)) return wordsIn(body[0], depth + 1);
  const entries = Object.entries(body);
  const first = (names: readonly string[]): string => {
    for (const name of names) {
      const [, value] = entries.find(([key]) => key.toLowerCase() === name) ?? [];
      const words = wordsIn(value, depth + 1);
      if (words) return words;
    }
    return '';
  };
  const [general, cause] = [first(REASONS), first(CAUSES)];
  if (general && cause && !general.includes(cause)) return `${general}: ${cause}`;
  // By the name of a field: `{"errors": {"active": "cannot be false"}}`.
  const [field] = depth > 0 ? entries.filter(([, value]) => typeof value === 'string') : [];
  return general || cause || (field ? field.join(': ') : '');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
