import { ResultCodeError } from 'ldapts';
import { FinalFailure } from '../../exit/failures.js';
import { Refused } from './dav-exchange.js';

/** LDAP's invalidCredentials (RFC 4511 §A.2). */
const INVALID_CREDENTIALS = 49;

/** Whether a server has refused a user and password. Several such answers may lock the account. */
export function isLoginRefused(error: unknown): boolean {
  if (error instanceof Refused) return error.status === 401;
  if (!(error instanceof FinalFailure)) return false;
  const { cause } = error;
  return cause instanceof ResultCodeError
    ? cause.code === INVALID_CREDENTIALS
    : (cause as { code?: unknown } | undefined)?.code === 'EAUTH';
}
