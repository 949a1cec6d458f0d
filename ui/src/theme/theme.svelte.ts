/** Owns: which theme and density the document shows. Never touches: where the choice is kept (the shell keeps it). */

export const THEMES = ["system", "light", "dark", "contrast"] as const;
export const DENSITIES = ["compact", "comfortable"] as const;
export type Theme = (typeof THEMES)[number];
export type Density = (typeof DENSITIES)[number];

const pick = <T extends string>(all: readonly T[], wanted: string): T => all.find((one) => one === wanted) ?? (all[0] as T);

/** The theme that `system` stands for at this moment. */
function ofSystem(): Exclude<Theme, "system"> {
  if (matchMedia("(prefers-contrast: more)").matches) return "contrast";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

class Look {
  theme = $state<Theme>("system");
  density = $state<Density>("compact");
  /** What is drawn; differs from `theme` when that follows the system. */
  shown = $state<Exclude<Theme, "system">>("light");

  /** Follows the system from now on; called once. */
  start(): void {
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      matchMedia(query).addEventListener("change", () => this.#draw());
    }
    this.#draw();
  }

  set(theme: string, density: string): void {
    this.theme = pick(THEMES, theme);
    this.density = pick(DENSITIES, density);
    this.#draw();
  }

  #draw(): void {
    this.shown = this.theme === "system" ? ofSystem() : this.theme;
    document.documentElement.dataset["theme"] = this.shown;
    document.documentElement.dataset["density"] = this.density;
  }
}

export const look = new Look();
