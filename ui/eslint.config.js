/** The laws of this folder that a tool can hold: one file imports Tauri, features never import each other, parts that
 * know no log import no part that does, and log content never becomes markup. */
import boundaries from "eslint-plugin-boundaries";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

const element = (type, pattern = `src/${type}/**`) => ({ type, pattern, partialMatch: false });
const plain = ["components", "theme"];

export default ts.config(
  { ignores: ["dist/**", "node_modules/**", "src/backend/bindings/**"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
    // Sets and maps here are rebuilt whole and assigned, so a plain one is enough.
    rules: { "svelte/prefer-svelte-reactivity": "off" },
  },
  {
    files: ["src/**"],
    plugins: { boundaries },
    settings: {
      "import/resolver": { node: { extensions: [".ts", ".svelte", ".js"] } },
      "boundaries/elements": [
        { type: "feature", pattern: "src/features/*/**", partialMatch: false, capture: ["name"] },
        ...["app", "frame", "lens", "table", "charts", "components", "theme", "backend"].map((type) => element(type)),
        { type: "entry", pattern: "src/*.ts", partialMatch: false },
      ],
    },
    rules: {
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: [
            { from: { element: { type: "entry" } }, allow: { to: { element: { type: ["app", "backend", "theme"] } } } },
            {
              from: { element: { type: "app" } },
              allow: { to: { element: { type: ["app", "feature", "frame", "lens", "table", "charts", "backend", ...plain] } } },
            },
            {
              from: { element: { type: "feature" } },
              allow: { to: { element: { type: ["frame", "lens", "table", "charts", "backend", ...plain] } } },
            },
            {
              from: { element: { type: "feature" } },
              allow: { to: { element: { type: "feature", captured: { name: "{{ from.element.captured.name }}" } } } },
            },
            { from: { element: { type: "frame" } }, allow: { to: { element: { type: ["frame", "lens", "backend", ...plain] } } } },
            { from: { element: { type: "lens" } }, allow: { to: { element: { type: ["lens", "backend", ...plain] } } } },
            { from: { element: { type: "table" } }, allow: { to: { element: { type: ["table", ...plain] } } } },
            { from: { element: { type: "charts" } }, allow: { to: { element: { type: ["charts", ...plain] } } } },
            { from: { element: { type: "components" } }, allow: { to: { element: { type: plain } } } },
            { from: { element: { type: "theme" } }, allow: { to: { element: { type: ["theme"] } } } },
            { from: { element: { type: "backend" } }, allow: { to: { element: { type: ["backend"] } } } },
          ],
        },
      ],
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/backend/tauri.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*"], message: "Only backend/tauri.ts speaks to Tauri." }] },
      ],
    },
  },
  {
    files: ["src/**"],
    rules: {
      "svelte/no-at-html-tags": "error",
      "no-eval": "error",
      "no-new-func": "error",
      "no-console": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // A blank in braces survives where the compiler would trim it, and sentences need their blanks.
      "svelte/no-useless-mustaches": "off",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Log content is text." },
        { property: "outerHTML", message: "Log content is text." },
        { property: "insertAdjacentHTML", message: "Log content is text." },
      ],
    },
  },
);
