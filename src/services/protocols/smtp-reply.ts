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
/** No words change these: a recipient that does not exist, a message that is too big, a wrong command, an unusable content. */
const ALWAYS_FINAL = /^(1\.([1-9]|10)|2\.3|3\.4|5\.[^3]|6\.\d+)$/;

const TOO_BIG =
  /\b(message|content)\b.{0,30}(size|length|too (big|large|long)|larger)|(?<!mailbox )size exceed|too (big|large)/;
/** A verdict on the message or its sender, also where it names a threshold. */
const JUDGED = /\bspam|virus|phish|(black|block) ?list|reputation/;
const LIMITED =
  /quota|rate[- ]?limit|\brates?\b|throttl|(sending|messag\w*|mails?|hourly|daily|recipients?|connections?|threshold|storage|mailbox).{0,40}(limit|exceed)|\b(exceed|over|reach)\w*.{0,40}(limit|threshold|storage|max|per (minute|hour|day))|too (many(?! hops)|much|fast|quickly|frequent)|mailbox (is )?full|unusual/;
/** Said of a mailbox that exists, whatever the code: qmail's `553 user over quota. (#5.1.1)`. */
const FULL =
  /\b(mail ?box|mail ?folder|mail ?dir|inbox|account|user|recipient|disk)\b.{0,30}(\bfull\b|quota)|\bfull (mail ?box|inbox)|(over|exceed\w*|reach\w*|insufficient|violat\w*).{0,30}quota|quota.{0,20}(exceed|violat)|(exhaust|exceed|out of|not? (have )?(enough|sufficient|left)|insufficient).{0,30}(space|storage|allocation)|space.{0,20}(used up|exhausted)/;
const PROMISES_LATER =
  /\b(try|retry|again|resend|send|come back|wait|after)\b.{0,30}\b(later|minutes?|hours?|tomorrow|some ?time|moment)\b|(?<!not )try again|temporar(il)?y (?!(e-?)?mail|address)|deferred|greylist|graylist|\bbusy\b|currently (unavailable|not available)|timed? ?out|\bdatabase\b|lookup (error|failure)|no space left/;

/**
 * Of the recipient: their address, their mailbox, or its new owner (RFC 3463 §3.2 and §3.3, RFC 7293 §11). Not 1.7, 1.8 and Exchange's
 * 1.20, which are the sender's, and other 2.n, such as a message that is too long and
 * Exchange's 2.252, a sender's.
 */
const OF_RECIPIENT = /^(1\.(?!(0|7|8|20)$)\d+|2\.[124]|7\.1[78])$/;
/** The recipient's address or ours has letters that the server does not take (RFC 6531 §3.5). */
const OF_LETTERS = /^6\.[79]$/;
/** These codes leave open whose it is, and servers use them for anything: their words are a hint. */
const VAGUE = /^(|[0-3]\.0|2\.\d{2,}|4\.\d+|5\.\d+|7\.[01])$/;
/** Without a better code these replies are about the mailbox, or the name of it (RFC 5321 §4.2.2 and §4.3.2, RFC 7504 §4). */
const OF_MAILBOX = new Set(['501', '550', '551', '553', '556']);

/** After the reply code, or as qmail writes it, at the end: `553 sorry, … (#5.7.1)`. */
const ENHANCED = /(?:^\d{3}[ -]#?|\(#)([245])\.(\d{1,3}\.\d{1,3})\b/;

/** An address that the reply echoes, whose words are not the server's. */
const ADDRESS = /<[^<>]*@[^<>]*>|[^\s<>()[\],;:"]+@[^\s<>()[\],;:"]+/g;

/** What the server dislikes is the sender, this client, its rights or a policy. */
const SENDER_WORDS =
  /sender|client|\b(helo|ehlo)\b|not owned by|\brelay(?! recipient)|rcpthosts|authenti|\blog ?in\b|credential|\b(start)?tls\b|encrypt|\b(spf|dkim|dmarc|ptr|rdns|rbl|dnsbl|spam\w*)\b|reverse (dns|host)|send(ing)? ?as|on behalf|from address|(black|block|deny)[- ]?list|blocked|banned|reputation|\byour (ip|host|server|domain|network|account)\b|\[?\d+\.\d+\.\d+\.\d+\]|administrative|prohibit|policy|virus|spoof|\bcontent\b|permission|(not|un) ?(permitted|authori[sz]ed|allowed)|access denied/;
const RECIPIENT_WORDS =
  /recipient( address)? rejected|(invalid|unknown|no such|bad|malformed|not a valid) (recipient|user|mailbox|mail ?address|e-?mail|address|account|person|domain)|(user|mailbox|address|account|recipient|alias|domain|host)\b.{0,80}?(unknown|not found|does ?n.t exist|does not exist|doesn.t have|unavailable|no longer|invalid|inactive|disabled|discontinued|not (known|valid|exist|available)|not listed)|no (mailbox|account|user)\b|unroute?able|no longer (valid|available|exists?)/;
/** Said of this very address, before the reason: it need not be the address itself. */
const BY_RECIPIENT = /recipient( address(es)?)? rejected ?: access denied/;

/**
 * @param response all lines of the reply
 * @param command the command that it answers; nodemailer's name
 */
export function verdictOn(response: string, command: string | undefined): Verdict {
  const [, code = ''] = /^(\d{3})/.exec(response) ?? [];
  const [, status, detail = ''] = ENHANCED.exec(response) ?? [];
  const words = response.toLowerCase().replaceAll(ADDRESS, '…');
  const saysFull = FULL.test(words) || (code === '552' && detail === '');
  const isFull = code.startsWith('5') && saysFull && !TOO_BIG.test(words);
  const mayPass = (isFull || !ALWAYS_FINAL.test(detail)) && !JUDGED.test(words);
  const isLimit = mayPass && (LIMITS.has(detail) || isFull || (LIMITED.test(words) && !TOO_BIG.test(words)));
  // The number of connections falls within seconds.
  if (code.startsWith('4')) return isLimit && !/connection|session/.test(words) ? 'later' : 'outage';
  if (status === '4' || isLimit || PASSING.has(detail)) return 'later';
  // A command that the server does not know stays unknown, whatever it says.
  if (mayPass && !code.startsWith('50') && PROMISES_LATER.test(words)) return 'later';
  return isOfAddress(code, detail, words, command) ? 'address' : 'refused';
}

/** Whether the recipient's address is refused. Where that cannot be told it is not: no address is given up for a fault of ours. */
function isOfAddress(code: string, detail: string, words: string, command: string | undefined): boolean {
  const isRecipientNamed = command === 'RCPT TO';
  // Before RCPT no recipient is known.
  if (!isRecipientNamed && command !== 'DATA') return false;
  if (OF_RECIPIENT.test(detail)) return true;
  if (OF_LETTERS.test(detail)) return isRecipientNamed;
  if (!VAGUE.test(detail) || code.startsWith('53')) return false;
  if (BY_RECIPIENT.test(words)) return true;
  if (SENDER_WORDS.test(words)) return false;
  if (RECIPIENT_WORDS.test(words)) return true;
  return isRecipientNamed && OF_MAILBOX.has(code) && /^(|[0-2]\.0)$/.test(detail);
}

/** The words of the reply in one line, with its codes once. */
export const wordsOf = (response: string): string =>
  response
    .trim()
    .replace(/\s*\r?\n\d{3}[ -](#?\d\.\d+\.\d+ )?/g, ' ')
    .slice(0, 500);
