/** A terminal's text as a picture that needs nothing else: no font of its own, no script. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { linksOf, pagesBelow, stepsOf } from "./docs-pages.mjs";

const COLUMNS = 104;
/** Lines of one command's output that are shown; of more, the first and the last ones. */
const LINES = 11;
const [WIDTH, HEIGHT, PAD] = [8, 19, 20];
/** What is shown of commands that many pages begin with: their output is long, and says nothing of the page. */
const COMMANDS_ALONE = ["emporium demo --once", "emporium curate demo"];

/** @type {import("./terminal-svg.d.mts").recordedPages} */
export function recordedPages(docs) {
  return pagesBelow(docs).flatMap((page) => {
    const path = join(docs, page);
    const shown = linksOf(readFileSync(path, "utf8")).flatMap(({ target }) => /terminal-([\w-]+)\.svg$/.exec(target)?.[1] ?? []);
    return shown.map((name) => ({ name, path }));
  });
}

/** @type {import("./terminal-svg.d.mts").recordedCommands} */
export function recordedCommands(svg) {
  const [, text = ""] = /<desc>([\s\S]*?)<\/desc>/.exec(svg) ?? [];
  return fromXml(text).split("\n");
}

/** @type {import("./terminal-svg.d.mts").commandsOf} */
export const commandsOf = (markdown) => stepsOf(markdown).flatMap((step) => ("command" in step ? step.command : []));

/** @type {import("./terminal-svg.d.mts").terminalPicture} */
export function terminalPicture(done) {
  const lines = done.flatMap(({ command, output }, at) => [
    ...(at > 0 ? [{ kind: "out", text: "" }] : []),
    ...wrapped(`$ ${command}`).map((text) => ({ kind: "in", text })),
    ...(COMMANDS_ALONE.includes(command) ? [{ kind: "cut", text: "…" }] : cut(output.trimEnd())),
  ]);
  const [width, height] = [COLUMNS * WIDTH + 2 * PAD, lines.length * HEIGHT + 2 * PAD];
  const rows = lines.flatMap(({ kind, text }, at) =>
    text === ""
      ? []
      : `<text class="${kind}" x="${PAD}" y="${PAD + 14 + at * HEIGHT}" textLength="${[...text].length * WIDTH}">${toXml(text)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Commands and what they printed</title>
<desc>${toXml(done.map(({ command }) => command).join("\n"))}</desc>
<style>
text { font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #d7dce2 }
.in { fill: #8ee6a8 }
.cut { fill: #93a1b0 }
</style>
<rect width="100%" height="100%" rx="8" fill="#16191d"/>
${rows.join("\n")}
</svg>
`;
}

function cut(output) {
  const out = (text) => ({ kind: "out", text });
  const lines = output === "" ? [] : output.split("\n").flatMap(wrapped);
  if (lines.length <= LINES) return lines.map(out);
  const head = Math.ceil((LINES - 1) / 2);
  const tail = LINES - 1 - head;
  const between = lines.length - head - tail;
  return [...lines.slice(0, head).map(out), { kind: "cut", text: `… ${between} lines …` }, ...lines.slice(-tail).map(out)];
}

/** Lines as a terminal of so many columns breaks them. */
function wrapped(line) {
  const letters = [...line.trimEnd()];
  const parts = Array.from({ length: Math.ceil(letters.length / COLUMNS) }, (_, at) =>
    letters.slice(at * COLUMNS, (at + 1) * COLUMNS).join(""),
  );
  return parts.length > 0 ? parts : [""];
}

const toXml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const fromXml = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
