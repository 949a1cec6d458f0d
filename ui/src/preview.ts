/** Owns: the window on made-up data, in a browser, for looking at it: `npm run dev`, then preview.html?events=20000&theme=dark
 * (`events=0` shows the start screen, `keys=7jj` presses keys one after the other once the window stands). Never in dist. */
import "./theme/fonts.css";
import "./theme/tokens.css";
import "./theme/base.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import { recorded } from "./backend/recorded";
import { look } from "./theme/theme.svelte";

const asked = new URLSearchParams(location.search);
const events = Number(asked.get("events") ?? 20_000);
look.start();
const target = document.getElementById("app");
if (target) {
  mount(App, {
    target,
    props: { backend: recorded({ events: events || 20_000, open: events > 0, theme: asked.get("theme") ?? "system", density: asked.get("density") ?? "compact" }) },
  });
}
[...(asked.get("keys") ?? "")].forEach((key, i) => setTimeout(() => dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })), 600 + 150 * i));
