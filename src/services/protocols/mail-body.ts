/**
 * Neutralises a name from a directory. It must not break the line, reverse the following text (Unicode bidirectional controls), or form
 * an encoded word (RFC 2047).
 */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .replaceAll('=?', '= ?')
    .trim();
