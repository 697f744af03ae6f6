/** Whether an answer of success says in its body that nothing was done. */

/** JSend and others: `{"status": "fail"}`, `{"result": "error"}`. */
const FAILED = /^(error|errors|fail|failed|failure|denied|rejected)$/i;
/** An HTTP status of a failure, in the body. */
const FAILED_STATUS = /^[45]\d\d$/;

/** @param body what a server or an adapter answered, as a value */
export function denies(body: unknown): boolean {
  if (body === false) return true;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const members = new Map(
    Object.entries(body).map(([name, value]) => [name.toLowerCase(), value as unknown]),
  );
  const isAny = (names: readonly string[], passes: (value: unknown) => boolean): boolean =>
    names.some((name) => passes(members.get(name)));
  return (
    isAny(['ok', 'success'], (value) => /^false$/i.test(String(value))) ||
    isAny(['status', 'result', 'outcome'], (value) => FAILED.test(String(value))) ||
    isAny(['status', 'statuscode', 'code'], (value) => FAILED_STATUS.test(String(value))) ||
    isAny(['error', 'errors', 'errorcode', 'errcode'], isSomething)
  );
}

/** Of several parts in one answer (207 Multi-Status), whether any says so. */
export function deniesAny(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return body === false;
  return denies(body) || Object.values(body).some((part) => typeof part === 'object' && deniesAny(part));
}

/** Some servers always have the member, and leave it empty. */
function isSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return ![undefined, null, false, 0, '0', ''].includes(value as string);
}
