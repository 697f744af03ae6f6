/** Keys for personal data, as EMS_DATA_KEYS has them. */
import { randomBytes } from 'node:crypto';

export const newDataKey = (kid: string) => ({ kty: 'oct', kid, k: randomBytes(32).toString('base64url') });

export const keySet = (...keys: object[]): string => JSON.stringify({ keys });
