/** Which of the languages that we have suits somebody. */
import Negotiator from 'negotiator';

/**
 * The lookup of RFC 4647 §3.4: "de-AT" finds "de-at" and "de", in this order. The languages of a list come in the order in which
 * they are liked; what is no language finds what there is not.
 * @param preferred as SCIM's preferredLanguage (RFC 7643 §4.1.1): "de-AT", or "de, en;q=0.5"
 * @returns in lower case
 */
export function lookup(preferred: string | undefined): string[] {
  const headers = { 'accept-language': preferred?.toLowerCase() ?? '' };
  return new Negotiator({ headers }).languages().flatMap(shorterAndShorter);
}

function shorterAndShorter(tag: string): string[] {
  const subtags = tag.split('-');
  return (
    subtags
      .map((_, cut) => subtags.slice(0, subtags.length - cut))
      // A single letter announces what follows it, and goes with that.
      .filter((kept) => kept.at(-1)!.length > 1)
      .map((kept) => kept.join('-'))
  );
}
