/** Owns: which characters of a log cannot be seen or change the order of others, and how they are named. Never touches:
 * the text itself (the parts joined by their `text` are the input). */

/** A run of text as it is, or one hidden character with the name that stands for it. */
export type Part = { text: string; chip?: string };

/* Controls, format characters (bidi, zero-width, tags, soft hyphen), lone surrogates, line and paragraph separators,
 * blank fillers, joiners and variation selectors: all that a person cannot see and a filter can. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/u;
const EACH = new RegExp(HIDDEN.source, "gu");

/** Whether a text holds characters that would not be seen. */
export const hasHidden = (text: string): boolean => HIDDEN.test(text);

/** `␛` for the C0 controls and DEL, which have pictures of their own; `U+202E` for the rest. */
export function nameOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The text in parts. With `lines`, line feeds and tabs stay what they are, for a block that shows them. */
export function visible(text: string, lines = false): Part[] {
  if (!HIDDEN.test(text)) return [{ text }];
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(EACH)) {
    const char = found[0];
    if (lines && (char === "\n" || char === "\t")) continue;
    if (found.index > from) parts.push({ text: text.slice(from, found.index) });
    parts.push({ text: char, chip: nameOf(char) });
    from = found.index + char.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
