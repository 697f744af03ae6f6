/** Who is logged in to the console: a session in an encrypted cookie, which ends by itself and at the logout. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { forbidden } from './http-problem.js';
import { sealedCookie } from './sealed-cookie.js';
import { isPlainHttp, type Settings } from './settings.js';
import type { User } from './user.js';

export interface Session {
  id: string;
  user: User;
  /** In every form: only a page of this session has it. */
  csrf: string;
  /** Epoch seconds: without use until then, and at the latest. */
  idleUntil: number;
  until: number;
}

export type Sessions = ReturnType<typeof sessionsOf>;

const LONGEST_S = 8 * 60 * 60;
const IDLE_S = 60 * 60;
/** A cookie is renewed once this much of its idle time is over. */
const RENEW_S = 60;
/** ID tokens, of a few thousand bytes each. */
const MOST = 10_000;

/** @param now epoch milliseconds */
export function sessionsOf(settings: Settings, now: () => number = Date.now) {
  const { publicUrl, sessionKey } = settings;
  const cookie = sealedCookie<Session>('ems-session', sessionKey, !isPlainHttp(publicUrl));
  const seconds = (): number => Math.floor(now() / 1000);
  /** By id, with their end. A cookie cannot be recalled, so a process remembers the sessions that were logged out. */
  const ended = new Map<string, number>();
  /** By id, the ID token of the login: a cookie has no room for it, so that this process alone has it. */
  const idTokens = new Map<string, { idToken: string; until: number }>();

  return {
    async begin(reply: FastifyReply, user: User, idToken: string): Promise<void> {
      const at = seconds();
      const ids = { id: randomBytes(16).toString('base64url'), csrf: randomBytes(24).toString('base64url') };
      const until = at + LONGEST_S;
      const idleUntil = at + IDLE_S;
      await cookie.write(reply, { ...ids, user, idleUntil, until }, idleUntil);
      for (const [other, each] of idTokens)
        if (each.until <= at || idTokens.size >= MOST) idTokens.delete(other);
      idTokens.set(ids.id, { idToken, until });
    },

    /** Renews the session. @returns undefined where no one is logged in, or no longer */
    async of(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined> {
      const session = await cookie.read(request);
      const at = seconds();
      if (!session || ended.has(session.id) || session.idleUntil <= at || session.until <= at)
        return undefined;
      const idleUntil = Math.min(at + IDLE_S, session.until);
      if (idleUntil - session.idleUntil < RENEW_S) return session;
      const renewed = { ...session, idleUntil };
      await cookie.write(reply, renewed, idleUntil);
      return renewed;
    },

    /** @returns the ID token of the login, where this process has it */
    end(reply: FastifyReply, { id, until }: Session): string | undefined {
      const at = seconds();
      for (const [other, end] of ended) if (end <= at) ended.delete(other);
      ended.set(id, until);
      cookie.clear(reply);
      const { idToken } = idTokens.get(id) ?? {};
      idTokens.delete(id);
      return idToken;
    },

    /**
     * Refuses a form that another site has made the browser send.
     * @throws HttpProblem 403
     */
    requireOwnForm({ csrf }: Session, { headers, body }: FastifyRequest): void {
      const { origin, 'sec-fetch-site': site = 'same-origin' } = headers;
      const { csrf: token } = (body ?? {}) as { csrf?: unknown };
      const sent = Buffer.from(typeof token === 'string' ? token : '');
      const expected = Buffer.from(csrf);
      const isOwn =
        (origin === undefined || origin === new URL(publicUrl).origin) &&
        site === 'same-origin' &&
        sent.length === expected.length &&
        timingSafeEqual(sent, expected);
      if (!isOwn) throw forbidden('This form does not come from a page of your session: open the page again');
    },
  };
}
