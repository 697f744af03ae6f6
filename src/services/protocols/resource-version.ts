/** Versions of resources (RFC 7643 §3.1), as ETags that servers and proxies spell in several ways. */

export const opaque = (version: string): string => version.replace(/^W\//i, '').replaceAll('"', '');

/** @returns undefined where that is not told: a proxy marks what it compresses (`"8-gzip"`), and a hash is one of the answer, not of the resource */
export function isSameVersion(a: string, b: string): boolean | undefined {
  const [one, other] = [opaque(a), opaque(b)];
  if (one === other) return true;
  return [one, other].every((each) => /^\d+$/.test(each)) ? false : undefined;
}
