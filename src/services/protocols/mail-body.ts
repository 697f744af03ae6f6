/**
 * Names come from a directory that we do not control: no line of theirs may become a line of ours, reverse what follows it
 * (Unicode's bidirectional controls), or be decoded into something else (RFC 2047).
 */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .replaceAll('=?', '= ?')
    .trim();
