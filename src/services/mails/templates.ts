/** The mail templates, `templates/<language>/<mail>.txt.liquid` and `.html.liquid`, each in the layout of its language. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanguageTag } from '../../exit/input.js';
import { mailNames, type Mail, type MailData, type MailName } from './mails.js';
import { lookup } from './preferred-language.js';
import { Body, createParser, type Kind } from './template-file.js';

export const kinds = ['txt', 'html'] as const satisfies readonly Kind[];
/** The default language, which has every mail. */
export const FALLBACK = 'en';
export const LAYOUT = 'layout';
export const templatesFolder = fileURLToPath(new URL('../../../../templates', import.meta.url));

interface TemplateOptions {
  /** Has one folder per language, named by its tag (BCP 47). */
  folder?: string;
  /** The company's time zone. */
  timeZone: string;
}

export interface MailTemplates {
  /**
   * @param preferred the recipient's languages; the default is English
   * @throws Error with file and line of an invalid template, which `npm run check` reports as well
   */
  render: <K extends MailName>(name: K, preferred: string | undefined, data: MailData[K]) => Mail;
}

/** Reads and parses all templates. @throws Error with the file and the problem */
export function loadTemplates({ folder = templatesFolder, timeZone }: TemplateOptions): MailTemplates {
  const languages = new Map(
    languagesIn(folder).map((language) => {
      const names = mailNames.filter((name) => isComplete(folder, language, name));
      const mails = names.map((name) => [name, parseMail(folder, language, name, timeZone)] as const);
      return [language.toLowerCase(), new Map(mails)];
    }),
  );
  const missing = mailNames.find((name) => !languages.get(FALLBACK)?.has(name));
  if (missing)
    throw new Error(`${shown(join(folder, FALLBACK))}: there is no ${missing} as both text and HTML`);
  return {
    render: (name, preferred, data) => {
      const language = lookup(preferred).find((tag) => languages.get(tag)?.has(name)) ?? FALLBACK;
      return languages.get(language)!.get(name)!(data);
    },
  };
}

/** @throws Error where the name of a folder is no language tag */
export function languagesIn(folder: string): string[] {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    if (!LanguageTag.safeParse(name).success)
      throw new Error(`${shown(join(folder, name))}: "${name}" is no language tag, such as "de" or "pt-BR"`);
    return name;
  });
}

/** @throws Error with file and line; rendering throws the same */
export function parseMail(
  folder: string,
  language: string,
  name: string,
  timeZone: string,
): (data: object) => Mail {
  const parse = (kind: Kind) => {
    const parser = createParser(kind, language, timeZone);
    const content = parser(fileOf(folder, language, name, kind));
    const layout = parser(fileOf(folder, language, LAYOUT, kind));
    return {
      content,
      inLayout: (data: object, body: string) =>
        `${layout({ ...data, language, body: new Body(body.trim()) }).trim()}\n`,
    };
  };
  const text = parse('txt');
  const html = parse('html');
  return (data) => {
    const [, subject, body] = /^Subject: *(\S.*)\n\n([^]*)$/.exec(text.content(data)) ?? [];
    if (subject === undefined || body === undefined) {
      const file = shown(fileOf(folder, language, name, 'txt'));
      throw new Error(`${file}:1: must begin with a line "Subject: …" and an empty line`);
    }
    return {
      subject: subject.trim(),
      text: text.inLayout(data, body),
      html: html.inLayout(data, html.content(data)),
    };
  };
}

export const isComplete = (folder: string, language: string, name: string): boolean =>
  kinds.every((kind) => existsSync(fileOf(folder, language, name, kind)));

const fileOf = (folder: string, language: string, name: string, kind: Kind): string =>
  join(folder, language, `${name}.${kind}.liquid`);

/** A path relative to the working directory. */
export const shown = (path: string): string => relative('', path);
