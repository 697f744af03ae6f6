import { ResultCodeError } from 'ldapts';
import { FinalFailure } from '../../exit/failures.js';
import { Refused } from './dav-exchange.js';

/** LDAP's invalidCredentials (RFC 4511 §A.2). */
const INVALID_CREDENTIALS = 49;

/** A mail server refuses the user or password. It has no cause, since the server's words may repeat the password. */
export class LoginRefused extends FinalFailure {}

/** Whether a server has refused a user and password. Several such answers may lock the account. */
export function isLoginRefused(error: unknown): boolean {
  if (error instanceof Refused) return error.status === 401;
  if (error instanceof LoginRefused) return true;
  const cause = error instanceof FinalFailure ? error.cause : undefined;
  return cause instanceof ResultCodeError && cause.code === INVALID_CREDENTIALS;
}
