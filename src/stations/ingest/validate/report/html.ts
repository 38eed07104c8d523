import { dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { counted } from "../../../../core/units.js";
import type { Counts, ReportedFinding } from "../tally.js";
import { exitStatusOf, type Validation } from "../validation.js";
import { placeText } from "./text.js";

/** Rows of one table: a page of a hundred thousand is none that anybody opens. */
const ROWS = 2000;

/**
 * A self-contained page: no script, no font, no requests except for the tree's own pictures. Text from names and documents is
 * always escaped.
 *
 * @param path path of the page on this machine: links to pictures of a local tree start there.
 */
export function validationPage(validation: Validation, path: string | undefined): string {
  const { suite, location, config, counts, marks, checks, runs, findings, skipped } = validation;
  const isWell = exitStatusOf(validation) === 0;
  const failing = findings.filter(({ severity }) => severity === "fail");
  const warnings = findings.filter(({ severity }) => severity === "warn");
  const title = `Validation of ${location}`;
  const linkOf = linksFrom(location, path);
  const sections = [
    `<header><p class="suite">${text(suite)} suite</p><h1>Validation of ${text(shortName(location))}</h1>
<p class="where">${text(location)}${config === null ? "" : ` · ${text(config)}`}</p>
<p class="verdict ${isWell ? "ok" : "bad"}">${isWell ? "No errors" : `${counts.failed} of ${counted(total(counts) - counts.skipped, "check failed", "checks failed")}`}</p>
${tiles(counts)}</header>`,
    findingsSection("Errors", failing, validation),
    findingsSection("Warnings", warnings, validation),
    section(
      "By mark",
      `<table><thead><tr><th>mark</th><th class="bar"></th>${COUNT_HEADS}</tr></thead><tbody>${marks.map((mark) => row(text(mark.mark), mark)).join("\n")}</tbody></table>`,
    ),
    runs.length === 0 ? "" : section("By run", runTable(runs)),
    pictureSection(validation, linkOf),
    skipped.length === 0
      ? ""
      : section(
          "Not decided",
          `<table><thead><tr><th>check</th><th>why</th><th>where</th><th class="n">times</th></tr></thead><tbody>${skipped
            .slice(0, ROWS)
            .map(
              ({ check, reason, count, entities }) =>
                `<tr><td><code>${text(check)}</code></td><td>${text(reason)}</td><td>${text(entities.join("; "))}${count > entities.length ? " …" : ""}</td><td class="n">${count}</td></tr>`,
            )
            .join("\n")}</tbody></table>`,
        ),
    section(
      "All checks",
      `<table><thead><tr><th>check</th><th>what holds</th><th class="bar"></th>${COUNT_HEADS}</tr></thead><tbody>${checks
        .map((check) => row(`<code>${text(check.id)}</code></td><td>${text(check.statement)}`, check))
        .join("\n")}</tbody></table>`,
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: http: https:">
<title>${text(title)}</title>
<style>${STYLE}</style></head>
<body>
${sections.filter((part) => part !== "").join("\n")}
</body></html>
`;
}

/** Escaped text for content and quoted attributes. Control characters and bidirectional marks are shown as such. */
export function text(value: string): string {
  return value
    .replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    .replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`);
}

const COUNT_HEADS = ["passed", "failed", "warned", "skipped"].map((name) => `<th class="n">${name}</th>`).join("");
const total = ({ passed, failed, warned, skipped }: Counts): number => passed + failed + warned + skipped;

function shortName(location: string): string {
  try {
    return decodeURIComponent(location.replace(/\/$/, "").split("/").at(-1)!) || location;
  } catch {
    return location;
  }
}

function section(title: string, body: string): string {
  return `<section><h2>${text(title)}</h2>${body}</section>`;
}

function tiles({ passed, failed, warned, skipped }: Counts): string {
  const tile = (kind: string, number: number) => `<li class="${kind}"><b>${number}</b> ${kind}</li>`;
  return `<ul class="tiles">${tile("passed", passed)}${tile("failed", failed)}${tile("warned", warned)}${tile("skipped", skipped)}</ul>`;
}

/** A row of counts with its bar. `head` is markup. */
function row(head: string, counts: Counts): string {
  const { passed, failed, warned, skipped } = counts;
  const cells = [passed, failed, warned, skipped].map((number) => `<td class="n">${number}</td>`).join("");
  return `<tr${failed > 0 ? ' class="bad"' : ""}><td>${head}</td><td class="bar">${bar(counts)}</td>${cells}</tr>`;
}

function bar(counts: Counts): string {
  const all = total(counts);
  if (all === 0) return "";
  const width = 160;
  let x = 0;
  const parts = (["failed", "warned", "skipped", "passed"] as const).map((kind) => {
    // what is there at all can be seen
    const share = counts[kind] === 0 ? 0 : Math.max(3, (counts[kind] / all) * width);
    const part =
      share === 0
        ? ""
        : `<rect class="${kind}" x="${x.toFixed(1)}" y="0" width="${Math.min(share, width - x).toFixed(1)}" height="10"/>`;
    x += share;
    return part;
  });
  const label = `${counts.passed} passed, ${counts.failed} failed, ${counts.warned} warned, ${counts.skipped} skipped`;
  return `<svg viewBox="0 0 ${width} 10" width="${width}" height="10" role="img" aria-label="${label}">${parts.join("")}</svg>`;
}

function runTable(runs: Validation["runs"]): string {
  const ordered = runs.toSorted((a, b) => Number(b.failed > 0) - Number(a.failed > 0));
  const rows = ordered.slice(0, ROWS).map((run) => row(`${text(run.dataset)}</td><td>${text(run.run)}`, run));
  const more =
    ordered.length > ROWS ? `<p>${counted(ordered.length - ROWS, "more run is", "more runs are")} in the JSON document.</p>` : "";
  return `<table><thead><tr><th>dataset</th><th>run</th><th class="bar"></th>${COUNT_HEADS}</tr></thead><tbody>${rows.join("\n")}</tbody></table>${more}`;
}

function findingsSection(title: string, findings: readonly ReportedFinding[], { checks }: Validation): string {
  if (findings.length === 0) return "";
  const groups = new Map<string, ReportedFinding[]>();
  for (const finding of findings.slice(0, ROWS)) groups.set(finding.check, [...(groups.get(finding.check) ?? []), finding]);
  const parts = [...groups].map(([id, group]) => {
    const statement = checks.find((check) => check.id === id)?.statement ?? "";
    const items = group.map(
      (
        finding,
      ) => `<li><strong>${text(finding.entity)}</strong> <span class="found">${text(finding.found)}</span> <span class="wanted">expected ${text(finding.wanted)}</span>
<code class="place">${text(placeText(finding))}</code>${finding.explanation ? `<p class="story">${text(finding.explanation)}</p>` : ""}</li>`,
    );
    return `<details${group.length <= 6 ? " open" : ""}><summary><code>${text(id)}</code> ${text(statement)} <em>${group.length}</em></summary><ul class="findings">${items.join("\n")}</ul></details>`;
  });
  const more = findings.length > ROWS ? `<p>${findings.length - ROWS} more are in the JSON document.</p>` : "";
  return section(`${title} (${findings.length})`, parts.join("\n") + more);
}

function pictureSection({ pictures }: Validation, linkOf: (key: string) => string | undefined): string {
  const figures = pictures.flatMap(({ key, entity, width, height }) => {
    const link = linkOf(key);
    if (link === undefined) return [];
    return [
      `<figure><a href="${text(link)}"><img src="${text(link)}" alt="${text(entity)}" width="${width}" height="${height}" loading="lazy"></a><figcaption>${text(entity)}</figcaption></figure>`,
    ];
  });
  return figures.length === 0 ? "" : section("Pictures", `<div class="pictures">${figures.join("\n")}</div>`);
}

/** Addresses of a tree's files as the page can use them: relative on one disk, whole for a web server; a bucket has none. */
function linksFrom(location: string, path: string | undefined): (key: string) => string | undefined {
  const encoded = (key: string) => key.split("/").map(encodeURIComponent).join("/");
  if (/^https?:/.test(location)) return (key) => `${location}/${encoded(key)}`;
  if (!location.startsWith("file:") || path === undefined) return () => undefined;
  const folder = relative(dirname(path), fileURLToPath(`${location}/`))
    .split(sep)
    .join("/");
  // a first part with a colon would be read as a scheme
  return (key) => `./${folder === "" ? "" : `${encoded(folder)}/`}${encoded(key)}`;
}

const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--ink:#1c2321;--soft:#5c6864;--line:#dfe3e0;--card:#fff;--ok:#2f7d5b;--bad:#b3372f;--warn:#b07a10;--skip:#9aa5a1}
@media(prefers-color-scheme:dark){:root{--bg:#161a19;--ink:#e6ebe9;--soft:#9aa7a2;--line:#2c3331;--card:#1e2422;--ok:#5cb58d;--bad:#e5766d;--warn:#d9a441;--skip:#5f6b67}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem 4rem;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.9rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
.suite{margin:0;color:var(--soft);text-transform:uppercase;letter-spacing:.08em;font-size:.75rem}
.where{margin:.1rem 0 1rem;color:var(--soft);overflow-wrap:anywhere}
.verdict{font-size:1.15rem;font-weight:600;margin:.4rem 0}.verdict.ok{color:var(--ok)}.verdict.bad{color:var(--bad)}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;margin:0;padding:0}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.4rem .9rem;color:var(--soft)}
.tiles b{font-size:1.3rem;color:var(--ink);margin-right:.25rem}.tiles .failed b{color:var(--bad)}.tiles .warned b{color:var(--warn)}.tiles .passed b{color:var(--ok)}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);font-size:.9rem}
th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600;color:var(--soft)}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.bar{width:170px}
tr.bad td:first-child{box-shadow:inset 3px 0 var(--bad)}
svg{display:block;margin-top:.35rem;max-width:100%}rect.passed{fill:var(--ok)}rect.failed{fill:var(--bad)}rect.warned{fill:var(--warn)}rect.skipped{fill:var(--skip)}
code{font:.87em ui-monospace,monospace}td code{white-space:nowrap}section{overflow-x:auto}
details{background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;padding:.5rem .9rem}
summary{cursor:pointer}summary em{color:var(--soft);font-style:normal;margin-left:.4rem}
.findings{padding-left:1.1rem;margin:.5rem 0}.findings li{margin:.5rem 0}
.found{color:var(--bad)}.wanted{color:var(--soft)}.place{display:block;color:var(--soft);overflow-wrap:anywhere}
.story{margin:.3rem 0;max-width:60rem;border-left:3px solid var(--line);padding-left:.8rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.8rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;overflow:hidden}
img{display:block;width:100%;height:auto}figcaption{padding:.3rem .6rem;font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}
`.trim();
