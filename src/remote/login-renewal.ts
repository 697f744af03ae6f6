/** The login that is kept, renewed before its token expires. */
import { Refusal } from '../exit/refusal.js';
import { loginFile, readLogin, writeLogin, type Login } from './login-file.js';

/** How long another `ems` may take to renew it: some 20 seconds. */
const retries = { retries: 80, minTimeout: 50, maxTimeout: 250 };

/**
 * One `ems` at a time renews a login: a provider that rotates refresh tokens ends a login of which one comes twice.
 * @throws Refusal `unauthenticated` where only a new login helps
 */
export async function freshLogin(home: string, console: string): Promise<Login> {
  const login = required(home, console);
  if (!isExpiring(login)) return login;
  const [{ lock }, { renewed }] = await Promise.all([import('proper-lockfile'), import('./device-login.js')]);
  const release = await lock(loginFile(home, console), { retries, realpath: false });
  try {
    const latest = required(home, console);
    if (!isExpiring(latest)) return latest;
    const next = await renewed(latest);
    await writeLogin(home, next);
    return next;
  } finally {
    await release();
  }
}

/** A token is renewed this long before it expires. */
const EARLY_MS = 30_000;

const isExpiring = ({ expiresAt }: Login): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) - Date.now() < EARLY_MS;

/** Another `ems` may have logged out. */
function required(home: string, console: string): Login {
  const login = readLogin(home, console);
  if (login) return login;
  throw new Refusal('unauthenticated', `The login to ${console} was ended meanwhile`);
}
