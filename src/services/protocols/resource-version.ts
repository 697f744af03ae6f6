/** Versions of resources (RFC 7643 §3.1), as ETags that servers and proxies spell in several ways. */

export const opaque = (version: string): string => version.replace(/^W\//i, '').replaceAll('"', '');

/** @returns undefined where the spellings cannot be compared: a proxy marks what it compresses (`"8-gzip"`), or one is a number and one a hash */
export function isSameVersion(a: string, b: string): boolean | undefined {
  const [one, other] = [opaque(a), opaque(b)];
  if (one === other) return true;
  return formOf(one) === formOf(other) ? false : undefined;
}

const formOf = (version: string): number => (/^\d+$/.test(version) ? 0 : version.length);
