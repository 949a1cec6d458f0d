/** Owns: the start of the window in the program. */
import "./theme/fonts.css";
import "./theme/tokens.css";
import "./theme/base.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import { tauri } from "./backend/tauri";
import { look } from "./theme/theme.svelte";

look.start();
const target = document.getElementById("app");
if (target) mount(App, { target, props: { backend: tauri } });
