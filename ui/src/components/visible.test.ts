import { expect, test } from "vitest";
import { hasHidden, visible } from "./visible";

const shown = (text: string, lines = false) => visible(text, lines).map((part) => (part.chip ? `[${part.chip}]` : part.text)).join("");

test("plain text of any script is one part", () => {
  for (const text of ["alice@example.com", "Žofie", "Мария", "東京", "مريم", ""]) {
    expect(visible(text), "nothing hidden in it").toEqual([{ text }]);
    expect(hasHidden(text)).toBe(false);
  }
});

test("each kind of hidden character has a name", () => {
  expect(shown("inv\u202Efdp.exe")).toBe("inv[U+202E]fdp.exe");
  expect(shown("pay\u200Bpal")).toBe("pay[U+200B]pal");
  expect(shown("\uFEFFa\u2066b\u2069")).toBe("[U+FEFF]a[U+2066]b[U+2069]");
  expect(shown("\u001B[31mred\u0000")).toBe("[␛][31mred[␀]");
  expect(shown("\u007F\u0085")).toBe("[␡][U+0085]");
  expect(shown("tag\u{E0041}")).toBe("tag[U+E0041]");
  expect(shown("lone\uD800end")).toBe("lone[U+D800]end");
  expect(shown("a\u3164b\u00ADc")).toBe("a[U+3164]b[U+00AD]c");
});

test("in a block of lines only line feeds and tabs stay", () => {
  expect(shown("a\n\tb\r\n", true)).toBe("a\n\tb[␍]\n");
  expect(shown("a\n\tb")).toBe("a[␊][␉]b");
});

test("the parts joined are the input", () => {
  const text = "\u202Ex\u0000y\uD800\n";
  expect(visible(text).map((part) => part.text).join("")).toBe(text);
  expect(visible(text, true).map((part) => part.text).join("")).toBe(text);
});
