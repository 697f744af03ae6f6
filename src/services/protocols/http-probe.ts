import { deadlineIn } from './deadline.js';
import { unanswered } from './fetch-failure.js';

/**
 * Asks for a page without a login, and follows no redirect.
 * @param name for error messages: "the console"
 * @throws Error where there is no answer
 */
export async function probeHttp(
  name: string,
  url: string,
  method: 'GET' | 'HEAD',
  requestTimeoutMs: number,
): Promise<Response> {
  const deadline = deadlineIn(requestTimeoutMs);
  try {
    const response = await fetch(url, { method, redirect: 'manual', signal: deadline.signal });
    await response.body?.cancel();
    return response;
  } catch (error) {
    throw unanswered(error, { name, at: url, deadline, requestTimeoutMs });
  } finally {
    deadline.clear();
  }
}
