import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mailNames } from '../../src/services/mails/mails.js';
import { samples } from '../../src/services/mails/samples.js';
import { loadTemplates, templatesFolder } from '../../src/services/mails/templates.js';
import { readHtml } from '../support/html.js';

const script = fileURLToPath(new URL('../../src/check-templates.js', import.meta.url));
const timeZone = 'Europe/Berlin';

describe('the templates', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ems-templates-'));
    await cp(templatesFolder, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const load = () => loadTemplates({ folder, timeZone });
  const outcome = (language: string) =>
    load().render('manager-retained', language, samples['manager-retained'][0]!);

  /** What `npm run check` says of the folder. */
  function check(): Promise<{ code: number; said: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [script, folder], (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
      );
    });
  }

  /** Puts a mistake into a template, and expects the check to name the place. */
  async function assertFound(file: string, change: (text: string) => string, problem: RegExp): Promise<void> {
    const text = await readFile(join(folder, file), 'utf8');
    await writeFile(join(folder, file), change(text));
    const { code, said } = await check();
    assert.equal(code, 1, said);
    assert.match(said, problem);
  }

  it('pass the check as shipped, in English and in German', async () => {
    assert.deepEqual(await check(), { code: 0, said: '' });
  });

  it('say the same as text and as HTML, in the language that the page names', () => {
    for (const language of ['en', 'de'])
      for (const name of mailNames)
        for (const sample of samples[name]) {
          const { subject, text, html } = load().render(name, language, sample);
          const { elements, paragraphs } = readHtml(html);
          assert.deepEqual(paragraphs, text.trimEnd().split('\n\n'), `${language} ${name}`);
          assert.equal(elements[0], `html lang=${language}`);
          assert.match(subject, /^\S.*\S$/);
          assert.doesNotMatch(text, /undefined|null|NaN|\{|\}/);
        }
  });

  it('fall back to English for a language that they lack', async () => {
    assert.equal(outcome('fr-CA').subject, 'Dana Fox stays');
    assert.equal(outcome('fr, de;q=0.5').subject, 'Dana Fox bleibt');
    await cp(join(folder, 'de'), join(folder, 'pt-BR'), { recursive: true });
    assert.match(outcome('PT-br').html, /<html lang="pt-BR">/);
    assert.match(outcome('pt-BR-x-formal').html, /<html lang="pt-BR">/);
    assert.match(outcome('pt').html, /<html lang="en">/);
  });

  it('replace a mail that a language lacks by all of the English one, and the check warns', async () => {
    for (const kind of ['txt', 'html']) await rm(join(folder, `de/manager-retained.${kind}.liquid`));
    const { subject, text, html } = outcome('de');
    assert.equal(subject, 'Dana Fox stays');
    assert.match(text, /^Dear Ravi Menon,/);
    assert.match(html, /<html lang="en">[^]*Dear Ravi Menon,/);
    assert.match(
      load().render('manager-cancelled', 'de', samples['manager-cancelled'][0]!).html,
      /lang="de"/,
    );
    const { code, said } = await check();
    assert.equal(code, 0);
    assert.match(said, /de\/manager-retained is missing: EMS sends the English mail/);
  });

  it('replace a mail with one half missing by the English one, and the check fails', async () => {
    await rm(join(folder, 'de/manager-retained.html.liquid'));
    assert.equal(outcome('de').subject, 'Dana Fox stays');
    const { code, said } = await check();
    assert.equal(code, 1);
    assert.match(said, /\/de: manager-retained must be there as both txt and html/);
  });

  it('may have a byte order mark and CRLF', async () => {
    const file = join(folder, 'de/manager-retained.txt.liquid');
    await writeFile(file, `\uFEFF${(await readFile(file, 'utf8')).replaceAll('\n', '\r\n')}`);
    assert.equal(outcome('de').subject, 'Dana Fox bleibt');
    assert.doesNotMatch(outcome('de').text, /\r/);
    assert.equal((await check()).code, 0);
  });

  const mistakes: [what: string, file: string, change: (text: string) => string, problem: RegExp][] = [
    [
      'name an unknown variable',
      'de/employee-access-blocked.html.liquid',
      (text) => text.replace('systems | list', 'system | list'),
      /de\/employee-access-blocked\.html\.liquid:2: undefined variable: system$/m,
    ],
    [
      'name an unknown variable where there is no date',
      'en/employee-access-blocked.txt.liquid',
      (text) => text.replace('{% endif %}', '{% else %}{{ oops }}{% endif %}'),
      /en\/employee-access-blocked\.txt\.liquid:7: undefined variable: oops$/m,
    ],
    [
      'print a value that can be empty',
      'de/manager-resignation.txt.liquid',
      (text) => text.replaceAll(/\{% (if lastWorkingDay|endif) %\}/g, ''),
      /de\/manager-resignation\.txt\.liquid:3: this may be empty: put \{% if … %\} around it$/m,
    ],
    [
      'print a value that is not a text',
      'de/manager-retained.txt.liquid',
      (text) => text.replace('observed | list', 'observed'),
      /de\/manager-retained\.txt\.liquid:\d+: this is not a text/,
    ],
    [
      'leave a condition open',
      'en/manager-leaving.html.liquid',
      (text) => text.replace('{% endif %}', ''),
      /en\/manager-leaving\.html\.liquid:1: tag \{% if decidedBy %\} not closed$/m,
    ],
    [
      'use an unknown filter, such as one against escaping',
      'en/manager-leaving.html.liquid',
      (text) => text.replace('observed | list', 'observed | list | raw'),
      /en\/manager-leaving\.html\.liquid:3: undefined filter: raw$/m,
    ],
    [
      'read another file',
      'en/manager-leaving.txt.liquid',
      (text) => `${text}{% include '/etc/passwd' %}\n`,
      /en\/manager-leaving\.txt\.liquid:12: ENOENT/,
    ],
    [
      'have no subject',
      'de/manager-leaving.txt.liquid',
      (text) => text.replace(/^Subject: .*\n\n/, ''),
      /de\/manager-leaving\.txt\.liquid:1: must begin with a line "Subject: …" and an empty line$/m,
    ],
    [
      'have a subject of two lines',
      'de/manager-leaving.txt.liquid',
      (text) => text.replace(' verlässt', '\nverlässt'),
      /de\/manager-leaving\.txt\.liquid:1: must begin with a line/,
    ],
    [
      'are broken in the layout',
      'de/layout.html.liquid',
      (text) => text.replace('{{ organisation }}', '{{ organization }}'),
      /de\/layout\.html\.liquid:\d+: undefined variable: organization$/m,
    ],
    [
      'say one thing as text and another as HTML',
      'de/manager-leaving.txt.liquid',
      (text) => text.replace('endgültig', 'vorerst'),
      /de\/manager-leaving\.html\.liquid: says "\w+ wird endgültig entzogen.*" where the text says "\w+ wird vorerst/,
    ],
  ];
  for (const [what, file, change, problem] of mistakes)
    it(`that ${what} fail the check, with file and line`, () => assertFound(file, change, problem));

  it('of an unknown mail fail the check, and so does a mail that English lacks', async () => {
    await appendFile(join(folder, 'de/manager-retaind.txt.liquid'), 'Subject: x\n\nx\n');
    for (const kind of ['txt', 'html']) await rm(join(folder, `en/operator-attention.${kind}.liquid`));
    const { code, said } = await check();
    assert.equal(code, 1);
    assert.match(said, /de\/manager-retaind\.txt\.liquid: there is no such mail$/m);
    assert.match(said, /\/en: operator-attention must be there as both txt and html$/m);
    assert.throws(load, /\/en: there is no operator-attention as both text and HTML/);
  });

  it('in a folder without the name of a language fail the check', async () => {
    await rename(join(folder, 'de'), join(folder, 'de_DE'));
    assert.match((await check()).said, /de_DE: "de_DE" is no language tag, such as "de" or "pt-BR"/);
  });

  it('with a syntax error keep the service from starting', async () => {
    await appendFile(join(folder, 'de/manager-retained.txt.liquid'), '{% if %}');
    assert.throws(load, /de\/manager-retained\.txt\.liquid:\d+: /);
  });
});
