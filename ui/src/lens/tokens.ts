/** Owns: the colours of a filter while it is typed. Never touches: its meaning; the program says what is wrong. */

export type Token = { kind: "key" | "value" | "text" | "sign" | "word" | "blank"; text: string };

const TERM = /(\s+)|([()])|(OR|AND|NOT)(?=\s|$|\))|([-!]+(?=\S))|([\p{L}@_][\p{L}\p{N}_.@]*)(:)|("(?:[^"\\]|\\.)*"?)|([^\s()"]+)/gu;

/** The text in coloured parts; joined they are the text. */
export function tokens(text: string): Token[] {
  const out: Token[] = [];
  let afterKey = false;
  for (const found of text.matchAll(TERM)) {
    const [all, blank, paren, word, sign, key] = found;
    if (blank) out.push({ kind: "blank", text: all });
    else if (paren || word) out.push({ kind: "word", text: all });
    else if (sign) out.push({ kind: "sign", text: all });
    else if (key && !afterKey) out.push({ kind: "key", text: all });
    else out.push({ kind: afterKey ? "value" : "text", text: all });
    afterKey = key !== undefined || (afterKey && sign !== undefined);
  }
  return out;
}
