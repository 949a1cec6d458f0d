/** How the window is built. Only index.html is an entry: preview.html (made-up data, for looking at the window in a
 * browser) is served by `npm run dev` and can never reach dist. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5199, strictPort: true, host: "127.0.0.1" },
  build: {
    target: "safari16.4",
    // Inlined files would need data: in font-src; the content policy does not have it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
