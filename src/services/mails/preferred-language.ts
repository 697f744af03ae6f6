/** Selects languages by a recipient's preference. */
import Negotiator from 'negotiator';

/**
 * Lookup (RFC 4647 §3.4): "de-AT" finds "de-at" and "de", in this order. A list is ordered by its weights.
 * @param preferred SCIM's preferredLanguage (RFC 7643 §4.1.1): "de-AT", or "de, en;q=0.5"
 * @returns tags in lower case
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
      // A single-letter subtag introduces the next one, and is removed with it.
      .filter((kept) => kept.at(-1)!.length > 1)
      .map((kept) => kept.join('-'))
  );
}
