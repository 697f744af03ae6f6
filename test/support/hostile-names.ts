/** Names that a directory may hold, by mistake or by malice, and that must stay names. */
export const hostileNames: Record<string, string> = {
  quotes: 'Dana "The Fox" O\'Brien',
  'parameters of a calendar property': 'x";ROLE=CHAIR;X-EVIL="y',
  'a value of a calendar property': 'x":mailto:evil@acme.example',
  'escapes of RFC 6868 and RFC 5545': "a ^n b ^' c \\n d \\, e",
  'a header': 'Dana\r\nBcc: evil@acme.example',
  'a body': 'Dana\r\n\r\nPay evil@acme.example',
  'a line of a calendar': 'Dana\nATTENDEE:mailto:evil@acme.example\nEND:VEVENT',
  'the other line ends of Unicode': 'Dana\u2028X-EVIL: 1\u2029\u0085\u000B\u0000X-EVIL: 2',
  'an encoded word': '=?utf-8?q?=0D=0ABcc:_evil@acme.example?=',
  'an address list': 'a, evil@acme.example, <evil@acme.example>; b',
  'a web address': 'Dana https://evil.example/login www.evil.example',
  HTML: `<img src=x onerror="alert(1)">&amp;</p><script>alert('2')</script>`,
  'right-to-left script': 'דנה שועל דאנה',
  'an override of the direction': 'Dana \u202Eexe.gpj\u2066',
  emoji: '🦊'.repeat(9) + '👩🏽‍🚀'.repeat(30),
};

/** Ends a line, or reverses what follows it. */
export const unprintable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
