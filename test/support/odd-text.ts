import fc from 'fast-check';

/** What shells, files and other programs may hand over. */
export const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    ...[
      '',
      ' ',
      '\u0000',
      '\u001b[31m',
      '\r\nBcc: eve@evil.example',
      '../../etc/passwd',
      '__proto__',
      'constructor',
    ],
    ...[
      "' OR 1=1",
      '${jndi:x}',
      '{{ 7 | times: 7 }}',
      '<script>',
      '*)(uid=*',
      '\u202e',
      '\ud800',
      '-',
      '--',
      '--%',
    ],
  ),
  fc.integer({ min: 1, max: 20_000 }).map((length) => 'x'.repeat(length)),
);
