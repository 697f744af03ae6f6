import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compactDecrypt } from 'jose';
import { ConfigError } from '../src/config/config-error.js';
import { loadDataKeys, MissingDataKey } from '../src/config/data-keys.js';
import { keySet, newDataKey } from './support/data-keys.js';
import { scratchFolder } from './support/temporal.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

describe('the keys of personal data', () => {
  const [old, young] = [newDataKey('2026'), newDataKey('2027')];
  const withKeys = (...keys: object[]) => loadDataKeys({ EMS_DATA_KEYS: keySet(...keys) });

  it('encrypt as JOSE says, so that other programs with the key can read it', async () => {
    const sealed = withKeys(old).seal(bytes('Dana Fox'));
    assert.doesNotMatch(text(sealed), /Dana/);
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, Buffer.from(old.k, 'base64url'));
    assert.equal(text(plaintext), 'Dana Fox');
    assert.deepEqual(protectedHeader, { alg: 'dir', enc: 'A256GCM', kid: '2026' });
  });

  it('are rotated: the first one encrypts, and older ones still decrypt', () => {
    const before = withKeys(old).seal(bytes('Dana Fox'));
    const both = withKeys(young, old);
    assert.equal(text(both.open(before)), 'Dana Fox');
    assert.equal(text(withKeys(young).open(both.seal(bytes('Dana Fox')))), 'Dana Fox');
  });

  it('leave alone what is not encrypted: other programs write too', () => {
    for (const plain of ['{"employeeId":"E-1002"}', '17', '', 'eyJhbGciOiJub25lIn0.e30.', 'e.e.e.e.e'])
      assert.equal(text(withKeys(old).open(bytes(plain))), plain);
  });

  it('are named where one is missing, and without any', () => {
    const sealed = withKeys(old).seal(bytes('Dana Fox'));
    for (const keys of [withKeys(young), loadDataKeys({})])
      assert.throws(
        () => keys.open(sealed),
        new MissingDataKey(
          'The data is encrypted by the key "2026", which EMS_DATA_KEYS does not have: add that key',
        ),
      );
  });

  it('tell data that was changed', () => {
    const sealed = withKeys(old).seal(bytes('Dana Fox'));
    const changed = text(sealed).replace(/.(?=\.[^.]+$)/, (last) => (last === 'A' ? 'Q' : 'A'));
    assert.throws(() => withKeys(old).open(bytes(changed)), /authenticate/);
  });

  it('encrypt nothing where there are none', () => {
    const keys = loadDataKeys({});
    assert.equal(keys.kid, undefined);
    assert.equal(text(keys.seal(bytes('Dana Fox'))), 'Dana Fox');
  });

  it('come from a file as well', async () => {
    const file = path.join(await scratchFolder(), 'keys.json');
    await writeFile(file, keySet(old), { mode: 0o600 });
    assert.equal(loadDataKeys({ EMS_DATA_KEYS_FILE: file }).kid, '2026');
  });

  for (const [what, value, why] of [
    ['no JSON', 'top secret', /^EMS_DATA_KEYS: must be a JWK Set in JSON$/],
    ['no key', keySet(), /^EMS_DATA_KEYS: keys: must not be empty$/],
    ['a short key', keySet({ ...old, k: 'c2hvcnQ' }), /^EMS_DATA_KEYS: keys\[0\]\.k: must have 256 bits$/],
    [
      'a key of another kind',
      keySet({ ...old, kty: 'RSA' }),
      /^EMS_DATA_KEYS: keys\[0\]\.kty: must be "oct"$/,
    ],
    [
      'one kid twice',
      keySet(old, { ...young, kid: '2026' }),
      /^EMS_DATA_KEYS: keys: must each have a kid of its own$/,
    ],
  ] as const)
    it(`are refused with ${what}, and the error does not show them`, () => {
      assert.throws(
        () => loadDataKeys({ EMS_DATA_KEYS: value }),
        (error: unknown) =>
          error instanceof ConfigError && why.test(error.message) && !error.message.includes(old.k),
      );
    });
});
