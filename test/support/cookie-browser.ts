/** A browser without pages: it keeps cookies and follows redirects, and shows each answer as it came. */
import assert from 'node:assert/strict';
import { parseSetCookie } from 'cookie';

export class CookieBrowser {
  readonly cookies = new Map<string, string>();

  constructor(readonly url: string) {}

  /** One request, without its redirects. */
  async ask(
    address: string,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(address, this.url), {
      redirect: 'manual',
      headers: { ...(cookie && { cookie }), ...headers },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const text of response.headers.getSetCookie()) {
      const { name, value, expires } = parseSetCookie(text);
      if (!value || (expires && expires < new Date())) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects. @returns the answer at the end, and its address */
  async go(
    address: string,
    form?: Record<string, string>,
  ): Promise<{ response: Response; at: string; text: string }> {
    let at = new URL(address, this.url).href;
    let response = await this.ask(at, form);
    for (
      let location = response.headers.get('location');
      location;
      location = response.headers.get('location')
    ) {
      at = new URL(location, at).href;
      response = await this.ask(at);
    }
    return { response, at, text: await response.text() };
  }

  /** Logs in at the identity provider of the local stack. */
  async login(email: string, to = '/'): Promise<{ at: string; text: string }> {
    const { at } = await this.go(`/login?to=${encodeURIComponent(to)}`);
    assert.match(at, /\/interaction\//, 'the provider asks who it is');
    return this.go(at, { email });
  }

  /** The token of the forms of a page. */
  async csrf(page = '/'): Promise<string> {
    const { text } = await this.go(page);
    return /name="csrf" value="([\w-]+)"/.exec(text)?.[1] ?? assert.fail(`no form on ${page}`);
  }
}
