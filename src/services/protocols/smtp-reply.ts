/**
 * What a mail server's refusal means: its enhanced status code (RFC 3463) and its words say more than its reply code (RFC 5321 §4.2.1).
 * Servers answer 5yz also for a quota that ends tomorrow, and for a full mailbox.
 */

/** `later`: a limit, which hours lift and minutes do not. `outage`: the usual retry. The others are final. */
export type Verdict = 'outage' | 'later' | 'address' | 'refused';

/** 2.2 mailbox full, 4.5 congestion or a sender's quota, 5.3 too many recipients, 7.28 flood. */
const LIMITS = new Set(['2.2', '4.5', '5.3', '7.28']);
/** States that pass (RFC 3463 §3.4 and §3.5): 3.1 full, 3.2 does not accept now, 4.2 and 4.3 network. */
const PASSING = new Set(['3.1', '3.2', '4.2', '4.3']);
/** 1.7 and 1.8: the sender's address. */
const SENDER = new Set(['1.7', '1.8']);
/** No words change these: a recipient that does not exist, a message that is too big, a wrong command, an unusable content. */
const ALWAYS_FINAL = /^(1\.([1-9]|10)|2\.3|3\.4|5\.[^3]|6\.\d+)$/;

const TOO_BIG =
  /\b(message|content)\b.{0,30}(size|length|too (big|large|long)|larger)|(?<!mailbox )size exceed|too (big|large)/;
/** A verdict on the message or its sender, also where it names a threshold. */
const JUDGED = /\bspam|virus|phish|(black|block) ?list|reputation/;
const LIMITED =
  /quota|rate[- ]?limit|\brates?\b|throttl|(sending|messag\w*|mails?|hourly|daily|recipients?|connections?|threshold|storage|mailbox).{0,40}(limit|exceed)|\b(exceed|over|reach)\w*.{0,40}(limit|threshold|storage|max|per (minute|hour|day))|too (many(?! hops)|much|fast|quickly|frequent)|mailbox (is )?full|unusual/;
const PROMISES_LATER =
  /\b(try|retry|again|resend|send|come back|wait|after)\b.{0,30}\b(later|minutes?|hours?|tomorrow|some ?time|moment)\b|(?<!not )try again|temporar(il)?y (?!(e-?)?mail|address)|deferred|greylist|graylist/;

/**
 * @param response all lines of the reply
 * @param command the command that it answers; nodemailer's name
 */
export function verdictOn(response: string, command: string | undefined): Verdict {
  const reply = /^(\d{3})(?:[ -]#?([245])\.(\d{1,3}\.\d{1,3})\b)?/.exec(response);
  const [, code = '', status, detail = ''] = reply ?? [];
  const words = response.toLowerCase();
  const isFinalCode = ALWAYS_FINAL.test(detail);
  const mayPass = !isFinalCode && !JUDGED.test(words);
  const isLimit = mayPass && (LIMITS.has(detail) || (LIMITED.test(words) && !TOO_BIG.test(words)));
  // The number of connections falls within seconds.
  if (code.startsWith('4')) return isLimit && !/connection|session/.test(words) ? 'later' : 'outage';
  if (status === '4' || isLimit || PASSING.has(detail)) return 'later';
  // A command that the server does not know stays unknown, whatever it says.
  if (mayPass && !code.startsWith('50')) {
    const isFull = code === '552' && detail === '' && !TOO_BIG.test(words);
    if (isFull || PROMISES_LATER.test(words)) return 'later';
  }
  const isOfRecipient = command === 'RCPT TO' || /^[12]\./.test(detail);
  return isOfRecipient && !SENDER.has(detail) && !/^(2\.3|3\.4)$/.test(detail) ? 'address' : 'refused';
}

/** The words of the reply in one line, with its codes once. */
export const wordsOf = (response: string): string =>
  response
    .trim()
    .replace(/\s*\r?\n\d{3}[ -](#?\d\.\d+\.\d+ )?/g, ' ')
    .slice(0, 500);
