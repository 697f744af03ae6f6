/** A system that deletes an account where others suspend it, and says so: the module is its adapter. */
import { fileURLToPath } from 'node:url';
import type { MakeAdapter } from '../../src/adapter.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';

const makeAdapter: MakeAdapter = ({ system: name, options, secret, requestTimeoutMs }) => {
  const scimUrl = String(options['url']);
  const token = secret('PAYROLL_SCIM_TOKEN');
  const port = createScimAdapter({ scim: createScimClient({ name, scimUrl, token, requestTimeoutMs }) });
  return {
    ...port,
    capabilities: async (signal) => ({ ...(await port.capabilities(signal)), restore: 'nothing' }),
    async setActive(seen, active, signal) {
      if (active) return port.setActive(seen, active, signal);
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${scimUrl}/Users/${seen.id}`, { method: 'DELETE', headers, signal });
      if (!answer.ok) throw new Error(`${name} answered ${answer.status} to the deletion of ${seen.id}`);
      return { kind: 'written' };
    },
  };
};

export default makeAdapter;

/** For the configuration of a world: payroll is such a system. @param more of its settings */
export const overDeletingAdapter = (...more: string[]): [string, string] => [
  '    scimUrl: ${PAYROLL_SCIM_URL:-http://127.0.0.1:9101/scim/v2}\n    tokenEnv: PAYROLL_SCIM_TOKEN\n',
  [
    'protocol: own',
    `adapter: ${fileURLToPath(import.meta.url)}`,
    "options: { url: '${PAYROLL_SCIM_URL}' }",
    "match: [externalId: '{employeeId}']",
    ...more,
  ]
    .map((line) => `    ${line}\n`)
    .join(''),
];
