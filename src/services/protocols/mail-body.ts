/** A mail's body: written once, as paragraphs, and shown as text and as HTML. */
export function bodyOf(paragraphs: readonly string[]): { text: string; html: string } {
  const blocks = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`);
  return {
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en"><body>\n${blocks.join('\n')}\n</body></html>\n`,
  };
}

/**
 * Names come from a directory that we do not control: no line of theirs may become a line of ours, reverse what follows it
 * (Unicode's bidirectional controls), or be decoded into something else (RFC 2047).
 */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .replaceAll('=?', '= ?')
    .trim();

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char]!);
