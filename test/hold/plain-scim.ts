/** The few SCIM requests that other administrators make here, over any way to send them. */
import { GROUP, PATCH_OP, USER, type Resource } from '../support/scim-requests.js';
import type { Answer, Send } from './http.js';

export type Document = Omit<Resource, 'meta'>;

export class PlainScim {
  constructor(
    private readonly send: Send,
    private readonly token: string,
  ) {}

  /** @returns the id */
  async makeUser(userName: string, externalId = userName): Promise<string> {
    const user = { schemas: [USER], userName, externalId, active: true };
    return (JSON.parse((await this.ask('POST', '/Users', user)).text) as Document).id;
  }

  /** @returns the id */
  async makeGroup(displayName: string, memberIds: string[]): Promise<string> {
    const group = { schemas: [GROUP], displayName, members: memberIds.map((value) => ({ value })) };
    return (JSON.parse((await this.ask('POST', '/Groups', group)).text) as Document).id;
  }

  setMember(groupId: string, userId: string, isIn: boolean): Promise<Answer> {
    return isIn
      ? this.patch(`/Groups/${groupId}`, 'add', 'members', [{ value: userId }])
      : this.patch(`/Groups/${groupId}`, 'remove', `members[value eq "${userId}"]`);
  }

  patch(path: string, op: string, attribute: string, value?: unknown): Promise<Answer> {
    return this.ask('PATCH', path, { schemas: [PATCH_OP], Operations: [{ op, path: attribute, value }] });
  }

  async ask(method: string, path: string, body?: object, alsoFine: number[] = []): Promise<Answer> {
    const answer = await this.send({
      method,
      path,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/scim+json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.status >= 300 && !alsoFine.includes(answer.status)) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    }
    return answer;
  }
}
