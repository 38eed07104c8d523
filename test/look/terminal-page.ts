/** Colours of a terminal as everybody has them. */
const COLOURS = ["#16191d", "#f47067", "#8ee6a8", "#e5c07b", "#6cb6ff", "#dcbdfb", "#76e3ea", "#d7dce2"];
const ESCAPE = /\u001b\[([\d;]*)([A-Za-z])/g;
const toHtml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A page that shows a text as a terminal of 100 columns does: colours, bold and faint by its escapes, long lines broken. */
export function terminalPage(text: string): string {
  let [html, style, from] = ["", "", 0];
  const put = (piece: string) => {
    if (piece !== "") html += style === "" ? toHtml(piece) : `<span style="${style}">${toHtml(piece)}</span>`;
  };
  for (const {
    0: { length },
    1: codes = "",
    2: kind,
    index,
  } of text.matchAll(ESCAPE)) {
    put(text.slice(from, index));
    from = index + length;
    if (kind === "m") style = codes.split(";").reduce(styled, style);
  }
  put(text.slice(from));
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 16px; width: 100ch; background: ${COLOURS[0]}; color: ${COLOURS[7]};
      font: 14px/18px ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; word-break: break-all }
  </style><body>${html}</body>`;
}

function styled(style: string, code: string): string {
  const n = Number(code || 0);
  // this renderer's colours do not nest: what ends one of them ends all
  if (n === 0 || n === 22 || n === 39) return "";
  if (n === 1) return `${style}font-weight:700;`;
  if (n === 2) return `${style}opacity:.65;`;
  const bright = n >= 90 && n <= 97 ? n - 90 : n >= 30 && n <= 37 ? n - 30 : undefined;
  return bright === undefined ? style : `${style}color:${COLOURS[bright]};`;
}
