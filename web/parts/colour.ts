/** Colour of a design token in the present theme, as canvases take it: `colourOf("line")`. */
export function colourOf(token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
