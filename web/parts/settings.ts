import { remembered } from "./store.js";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = remembered<Theme>("theme", "system", (value): value is Theme => THEMES.includes(value as Theme));
/** Keys that are single letters can be in the way of speech input: they can be turned off (WCAG 2.1.4). */
export const letterKeys = remembered("letterKeys", true, (value): value is boolean => typeof value === "boolean");

export const nextTheme = (now: Theme): Theme => THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]!;

/** Colours follow the setting at once; before the first page is drawn, too. */
export function applyTheme(): void {
  const now = theme.get();
  if (now === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
}

/** Whether a key was typed into a field, or is not to be taken as a command. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return target?.isContentEditable === true || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target?.tagName ?? "");
}
