/** What an unsuccessful HTTP answer means: an outage, which is retried, or a final refusal. The server's own words decide before its code. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { isPage, isRedirect, type HttpAnswer } from './http-answer.js';
import { reasonIn, scimTypeIn, unquoted } from './http-reason.js';
import { waitAskedIn } from './retry-after.js';

/** A proxy or a maintenance page has answered instead of the server. */
export class WebPage extends Error {}

/** The 4xx statuses that a retry may clear. */
const TRANSIENT = new Set([408, 409, 420, 421, 423, 425, 429]);
/** The 5xx statuses that it does not: a method, version or extension that the server does not have. */
const LASTING = new Set([501, 505, 506, 510]);

/** Beside these a server may tell of a state that passes. */
const mayPass = (status: number): boolean => status >= 500 || [409, 423, 429].includes(status);
const PASSING =
  /try (again|it) (later|in|after)|retry later|temporarily|unavailable|overload|time.?out|timed out|deadlock|could not (connect|acquire)|(no|lost|open) connection|connection (refused|reset|closed|lost|failed|pool)|in progress|maintenance|replica|read.?only (mode|transaction)/i;
/** Of a state that passes, whatever the status says. */
const PROMISE = /try (again|it) (later|in|after)|retry later/i;
/** A rule of the server: it refuses the same request the next time as well. No words beside it make it pass. */
const LASTING_RULE =
  /\b(last|only|sole)( [\w-]+){0,2} (owner|admin\w*|member|manager|user)\b|immutable|\bmanaged by\b/i;
/** Of RFC 7644 §3.12, but for those of a limit and of a version. */
const LASTING_TYPE =
  /^(invalidFilter|uniqueness|mutability|invalidSyntax|invalidPath|noTarget|invalidValue|sensitive)$/i;
/** Words of a rule, which a server also uses for a state that passes. */
const RULE =
  /\bat least one\b|\b(can ?not|can.?t|may not|must not) (be )?(remov|delet|deactivat|suspend|disabl|chang|modif|updat|edit|unassign|revok|block|add|assign)|not (allowed|permitted)|forbidden|prohibited|\bprotected\b|\bby policy\b|violates|already exists/i;

/**
 * @param name the server, for people: "payroll"
 * @param what the request: "list Users where …"
 * @param secret what the answer may echo, and no message may show
 * @returns RetryAfter or Error for an outage, FinalFailure Refused where a retry would get the same answer
 */
export function failureOf(answer: HttpAnswer, name: string, what: string, secret: string): Error {
  const { status, headers } = answer;
  const answered = `${name} answered ${status} to "${what}"`;
  if (isRedirect(answer)) {
    return refused(`${answered}, a redirect to ${targetOf(headers)}: configure that address if it is right`);
  }
  const reason = reasonIn(answer, secret);
  const sentence = reason ? `${answered}: ${reason}` : answered;
  const said = unquoted(reason);
  const isRule = !isBusy(status) && (LASTING_RULE.test(said) || LASTING_TYPE.test(scimTypeIn(answer)));
  const wait = isRule ? undefined : waitAskedIn(answer, sentence);
  if (wait) return wait;
  if (isPage(answer))
    return new WebPage(
      `${answered} with a web page: a proxy or a maintenance page stands in front of ${name}`,
    );
  if (lacksScope(answer))
    return refused(`${sentence}: give the token of ${name} the permission that it lacks, and retry`);
  if (status === 401) return refused(`${sentence}; check the token of ${name}`);
  if (!isRule && (PROMISE.test(said) || (mayPass(status) && PASSING.test(said)))) return new Error(sentence);
  if (status === 403) {
    return refused(
      reason
        ? `${sentence}; mend that on ${name} and retry`
        : `${sentence}: check the token of ${name} and its permissions`,
    );
  }
  const isOutage = status < 300 || TRANSIENT.has(status) || (status >= 500 && !LASTING.has(status));
  if (!isOutage) return refused(sentence);
  return isRule || RULE.test(said)
    ? refused(`${sentence}; mend that on ${name} and retry`)
    : new Error(sentence);
}

/** These statuses are no verdict on the request. */
const isBusy = (status: number): boolean => status === 429 || status === 503;

/** RFC 6750 §3.1: the token is valid, and not for this. */
const lacksScope = ({ headers }: HttpAnswer): boolean =>
  /\berror="?insufficient_scope\b/i.test(headers.get('www-authenticate') ?? '');

function targetOf(headers: Headers): string {
  const location = headers.get('location') ?? '';
  // Only the host, since the query may contain a secret.
  return URL.canParse(location) ? new URL(location).host : 'another path of the same host';
}

const refused = (message: string): FinalFailure => new FinalFailure(FailureType.Refused, message);
