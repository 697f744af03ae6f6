/** Whether an answer of success says in its body that nothing was done. */

/** @param body what a server or an adapter answered, as a value */
export function denies(body: unknown): boolean {
  if (body === false) return true;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const said = (name: string): unknown => {
    const key = Object.keys(body).find((each) => each.toLowerCase() === name) ?? name;
    return (body as Record<string, unknown>)[key];
  };
  const isFalse = ['ok', 'success'].some((name) => /^false$/i.test(String(said(name))));
  return isFalse || ['error', 'errors'].some((name) => isSomething(said(name)));
}

/** Some servers always have the member, and leave it empty. */
function isSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}
