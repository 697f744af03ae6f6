/**
 * The API's signature of a person's act: a JWS (RFC 7515, compact serialization) by Ed25519 (RFC 8037) over the exit, the act with all that
 * it says, its time and an id. The verification is pure JavaScript, since the workflow sandbox has no Web Crypto.
 */
import { hashes, verify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { base64urlnopad } from '@scure/base';
import { z } from 'zod';
import { isStaying, type Outcome } from './decision.js';
import { FailureType, FinalFailure } from './failures.js';
import { describeIssues, parse, type Parsed } from './input.js';

/** A public key as a JWK (RFC 7517, RFC 8037 §2). */
export const KeyFields = z.object({
  kty: z.literal('OKP', 'must be "OKP"'),
  crv: z.literal('Ed25519', 'must be "Ed25519"'),
  kid: z.string('must be the id of the key').min(1).max(100),
  x: z.string('must be the public key').regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url'),
  /** Seconds since the epoch: what arrived later is not trusted. What came before stands, so a key is retired and never removed. */
  exp: z.number('must be seconds since the epoch').int().positive().optional(),
});
export type PublicKey = z.output<typeof KeyFields>;

/** Whose signature a reader trusts, by its configuration. */
export interface Trusted {
  keys: readonly PublicKey[];
  /** What arrived before counts without a signature: ISO 8601, UTC. Default: nothing does. */
  since?: string | undefined;
}

/** The acts of people that decide, or that take or give back access: the events that record them. */
const signedActs = {
  'exit.decision-finalised': 'the decision',
  'exit.proposed': 'the proposal',
  'exit.proposal-rejected': 'the rejection',
  'resignation.amended': 'the amendment',
  'exit.handed-over': 'the hand-over',
  'step.resolved': 'the resolution',
} as const;
export type SignedAct = keyof typeof signedActs;

export const isSignedAct = (type: string): type is SignedAct => Object.hasOwn(signedActs, type);

/** What a signature covers. */
export interface Signed {
  exitId: string;
  employeeId: string;
  act: SignedAct;
  /** The argument of the update, or the data of the event, without the signature. */
  of: unknown;
}

/** @returns the JWS of an act, as of now */
export type Sign = (act: Signed) => Promise<string>;

/** In a message beside what it covers. Bounded, since the record keeps it. */
export const SignatureField = z.string().max(16_000).optional();

const Header = z.object({ alg: z.literal('EdDSA'), kid: z.string() });
const ClaimsFields = z.object({
  exitId: z.string(),
  employeeId: z.string(),
  act: z.string(),
  of: z.unknown(),
  /** Seconds since the epoch. */
  iat: z.number(),
  jti: z.string().min(1).max(100),
});
type Claims = z.output<typeof ClaimsFields>;

/** How far the time of a signature may be from its arrival. */
const MAX_AGE_MS = 10 * 60 * 1000;

// Its own SHA-512 asks Web Crypto.
hashes.sha512 = sha512;

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();
const jsonOf = (part: string): unknown => JSON.parse(decoder.decode(base64urlnopad.decode(part)));

/** JSON with the members of each object in the order of their names. */
const canonical = (value: unknown): string | undefined =>
  JSON.stringify(value, (_name, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

/** By what was verified. A log is folded for each message, and a verification takes milliseconds. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 1_000;

function isBy({ x }: PublicKey, text: string, signature: string): boolean {
  const asked = `${x} ${text} ${signature}`;
  const before = known.get(asked);
  if (before !== undefined) return before;
  const isValid = verify(base64urlnopad.decode(signature), encoder.encode(text), base64urlnopad.decode(x));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(asked, isValid);
  return isValid;
}

/**
 * @param at when it arrived: ISO 8601, UTC; default: when it says that it was signed
 * @returns the claims where one of the keys has signed them
 */
function verified(jws: string, keys: readonly PublicKey[], at?: string): Parsed<Claims> {
  const refuse = (problem: string): Parsed<Claims> => ({ ok: false, problem });
  const parts = jws.split('.');
  try {
    const [header, payload, signature] = parts as [string, string, string];
    const head = Header.safeParse(jsonOf(header));
    if (parts.length !== 3 || head.error)
      return refuse(`its signature is no JWS by EdDSA${head.error ? `: ${describeIssues(head.error)}` : ''}`);
    const { kid } = head.data;
    const key = keys.find((each) => each.kid === kid);
    if (!key) return refuse(`its signature is by the key "${kid.slice(0, 100)}", which is not trusted`);
    if (!isBy(key, `${header}.${payload}`, signature)) return refuse('its signature is not valid');
    const claims = parse(ClaimsFields, jsonOf(payload));
    const arrived = at === undefined ? claims.ok && claims.value.iat : Date.parse(at) / 1000;
    return key.exp !== undefined && Number(arrived) > key.exp
      ? refuse(`its signature is by the key "${kid}", which is retired`)
      : claims;
  } catch {
    // Each part comes from a stranger: neither base64url, JSON, nor a point on the curve is certain.
    return refuse('its signature is no JWS');
  }
}

/**
 * Whether the API has signed a decision that gives access back, or takes it for good. A service asks before it acts on the word of an engine.
 * @throws FinalFailure Unsigned
 */
export function requireDecision(
  jws: string | undefined,
  { exitId, employeeId }: Pick<Signed, 'exitId' | 'employeeId'>,
  goal: 'restore' | 'revoke',
  keys: readonly PublicKey[],
): void {
  const checked = verified(jws ?? '', keys);
  if (checked.ok) {
    const { of, ...claims } = checked.value;
    const { outcome } = of as { outcome?: Outcome };
    const isOfExit = claims.exitId === exitId && claims.employeeId === employeeId;
    if (isOfExit && outcome !== undefined && isStaying(outcome) === (goal === 'restore')) return;
  }
  const why = checked.ok ? 'its signature is for another one' : checked.problem;
  throw new FinalFailure(
    FailureType.Unsigned,
    `the API has signed no decision to ${goal} the access of ${employeeId} in the exit ${exitId}: ${why}. Look who asked for it; nothing was changed`,
  );
}

export const SIGNED_ALONE = 'this exit takes signed acts alone';

/** The signatures that one exit has seen, each of which counts once. */
export class Signatures {
  private readonly seen = new Set<string>();

  /**
   * @param at when the act arrived: ISO 8601, UTC
   * @returns why the act does not count
   */
  spend(jws: string | undefined, signed: Signed, keys: readonly PublicKey[], at: string): string | undefined {
    const problem = this.problemWith(jws, signed, keys, at);
    return problem && `${signedActs[signed.act]} does not count: ${problem}`;
  }

  private problemWith(
    jws: string | undefined,
    { of, ...expected }: Signed,
    keys: readonly PublicKey[],
    at: string,
  ): string | undefined {
    if (jws === undefined)
      return `it has no signature, and ${SIGNED_ALONE}: act in the console or over the API`;
    const checked = verified(jws, keys, at);
    if (!checked.ok) return checked.problem;
    const { exitId, act, iat, jti, ...claims } = checked.value;
    if (exitId !== expected.exitId || claims.employeeId !== expected.employeeId)
      return `its signature is for the exit ${exitId} of ${claims.employeeId}`;
    if (act !== expected.act || canonical(claims.of) !== canonical(of))
      return 'its signature is for another act';
    if (this.seen.has(jti)) return 'its signature has been used already';
    this.seen.add(jti);
    if (Math.abs(Date.parse(at) - iat * 1000) > MAX_AGE_MS)
      return `its signature is of ${new Date(iat * 1000).toISOString()}, more than ${MAX_AGE_MS / 60_000} minutes from its arrival: act again`;
    return undefined;
  }
}
