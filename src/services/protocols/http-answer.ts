/** What a server answered to one HTTP request. */

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export const isRedirect = ({ status }: Pick<HttpAnswer, 'status'>): boolean => status >= 300 && status < 400;

/** Whether a web page came in place of the API's answer. A 401 is believed: an authenticating proxy refuses the token so. */
export function isPage({ status, headers, text }: HttpAnswer): boolean {
  if (status === 401) return false;
  return /^text\/html\b/i.test(headers.get('content-type') ?? '') || /^\s*<[!?a-z]/i.test(text);
}
