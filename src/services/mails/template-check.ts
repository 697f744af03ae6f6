/** Checks every template of every language, before a mail depends on it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mailNames, type Mail } from './mails.js';
import { samples } from './samples.js';
import { FALLBACK, isComplete, kinds, languagesIn, LAYOUT, parseMail, shown } from './templates.js';

/** @returns the problems, each with its file, and the missing translations, which are no problem */
export function checkTemplates(folder: string): { problems: string[]; missing: string[] } {
  const problems = new Set<string>();
  const missing: string[] = [];
  attempt(() => {
    const languages = languagesIn(folder);
    if (!languages.includes(FALLBACK)) problems.add(`${shown(folder)}: there is no folder "${FALLBACK}"`);
    for (const language of languages) checkLanguage(language);
  });
  return { problems: [...problems], missing };

  function checkLanguage(language: string): void {
    const place = join(folder, language);
    const known = new Set(
      [...mailNames, LAYOUT].flatMap((name) => kinds.map((kind) => `${name}.${kind}.liquid`)),
    );
    const files = new Set(readdirSync(place).filter((file) => !file.startsWith('.')));
    for (const file of files)
      if (!known.has(file)) problems.add(`${shown(join(place, file))}: there is no such mail`);
    for (const name of mailNames) {
      if (isComplete(folder, language, name)) checkMail(language, name);
      else if (kinds.some((kind) => files.has(`${name}.${kind}.liquid`)) || language === FALLBACK)
        problems.add(`${shown(place)}: ${name} must be there as both ${kinds.join(' and ')}`);
      else missing.push(shown(join(place, name)));
    }
  }

  function checkMail(language: string, name: keyof typeof samples): void {
    attempt(() => {
      const render = parseMail(folder, language, name, 'Europe/Berlin');
      for (const sample of samples[name])
        attempt(() => {
          const difference = differenceOf(render(sample));
          if (difference)
            problems.add(`${shown(join(folder, language, `${name}.html.liquid`))}: ${difference}`);
        });
    });
  }

  function attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      problems.add((error as Error).message);
    }
  }
}

/** Compares the words of text and HTML, since both must change together. */
function differenceOf({ text, html }: Mail): string | undefined {
  const words = wordsOf(text);
  const others = wordsOf(html.replace(/<[^>]*>|&#?\w+;/g, ' '));
  const at = [...words, undefined].findIndex((word, i) => word !== others[i]);
  if (at === -1) return undefined;
  const from = (all: string[]) => `"${all.slice(Math.max(0, at - 2), at + 4).join(' ')}"`;
  return `says ${from(others)} where the text says ${from(words)}`;
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];
