import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadSettings } from '../../src/http/settings.js';
import { decisionKey, keySet } from '../support/decision-keys.js';
import { refusal } from '../support/ems.js';
import { sampleEnv, sampleText } from '../support/sample-config.js';
import { scratchFolder } from '../support/temporal.js';

const enough = {
  EMS_SESSION_SECRET: 'x'.repeat(32),
  EMS_OIDC_ISSUER: 'https://login.acme.example',
  EMS_OIDC_CLIENT_ID: 'ems',
  EMS_OIDC_CLIENT_SECRET: 'secret',
};

describe('the settings of ems serve', () => {
  it('are refused where they do not say who may log in, and the sentence names each variable', async () => {
    const { code, sentence } = await refusal({}, 'serve');
    assert.equal(code, 1);
    for (const name of Object.keys(enough)) assert.match(sentence, new RegExp(`${name}: must be`));
  });

  it('refuse plain http except on this machine, and a short secret', () => {
    const refused: Record<string, string>[] = [
      { EMS_OIDC_ISSUER: 'http://login.acme.example' },
      { EMS_OIDC_ISSUER: 'http://127.0.0.1.evil.example' },
      { EMS_PUBLIC_URL: 'http://exits.acme.example' },
      { EMS_PUBLIC_URL: 'ftp://exits.acme.example' },
      { EMS_SESSION_SECRET: 'x'.repeat(31) },
    ];
    for (const changes of refused)
      assert.throws(
        () => loadSettings({ ...enough, ...changes }),
        /must be|must have/,
        JSON.stringify(changes),
      );
  });

  it('are those of this machine alone by default, and an empty variable is an unset one', () => {
    const { host, publicUrl, oidc } = loadSettings({ ...enough, EMS_ROLE_HR: '', EMS_OIDC_AUDIENCE: '' });
    assert.deepEqual([host, publicUrl], ['127.0.0.1', 'http://127.0.0.1:8090']);
    assert.equal(oidc.audience, 'http://127.0.0.1:8090/api');
    assert.deepEqual(oidc.roleValues, { hr: ['hr'], operator: ['operator'], auditor: ['auditor'] });
    assert.deepEqual(oidc.programs, []);
  });

  it('include the key of signed decisions where the configuration asks for it, and no error shows it', async () => {
    const key = await decisionKey('2026');
    const file = path.join(await scratchFolder(), 'ems.config.yaml');
    const signed = `signed: { keys: '${keySet(key)}' }`;
    await writeFile(file, sampleText.replace('secondPerson: [leaving]', signed));
    const refused = async (env: Record<string, string>) =>
      (await refusal({ ...sampleEnv, ...enough, EMS_CONFIG: file, ...env }, 'serve')).sentence;
    assert.match(await refused({}), /EMS_DECISION_KEY: must be set, or EMS_DECISION_KEY_FILE/);
    const other = await decisionKey('2027');
    assert.match(await refused({ EMS_DECISION_KEY: other.secret }), /its kid "2027" is none of decisions/);
    const { d } = JSON.parse(key.secret) as { d: string };
    for (const wrong of [d, JSON.stringify({ d })]) {
      const sentence = await refused({ EMS_DECISION_KEY: wrong });
      assert.match(sentence, /EMS_DECISION_KEY: must be JSON|EMS_DECISION_KEY: kty: /);
      assert.ok(!sentence.includes(d), sentence);
    }
    const missing = await refused({ EMS_DECISION_KEY_FILE: '/nowhere/key' });
    assert.match(missing, /EMS_DECISION_KEY_FILE: .*ENOENT/);
  });

  it('name the values of a claim that mean a role', () => {
    const { oidc } = loadSettings({ ...enough, EMS_ROLE_HR: 'people-team, /acme/hr,' });
    assert.deepEqual(oidc.roleValues.hr, ['people-team', '/acme/hr']);
  });
});
