import { counted } from "../../../../core/units.js";
import { listOf, objectsOf, textOf } from "../../../../portals/fields.js";
import type { ComparedDataset, Comparison } from "../compare.js";
import { scaleOf, voxelsOf } from "../scale.js";
import type { Cell, Table } from "../table.js";
import { fieldPicture } from "./field-picture.js";
import { html, htmlLink } from "./html-text.js";
import { STYLE } from "./page-style.js";
import { filledTables, markText, type Which } from "./parts.js";
import { lengthText, scalePicture } from "./scale-picture.js";

/** Addresses shown for one data set. A plate has thousands. */
const LINKS = 12;

/** A page without scripts, fonts and requests. All texts of documents are escaped, and only web addresses become links. */
export function comparisonPage(comparison: Comparison, which: Which): string {
  const { compat, datasets } = comparison;
  const names = datasets.map(({ name }) => name);
  const title = datasets.length === 1 ? names[0]! : `${datasets.length} data sets compared`;
  const sections = [
    header(comparison, title),
    compat || which === "acquisition" ? "" : pictures(datasets),
    ...filledTables(comparison, which).map((table) => tableSection(compat ? table : importantFirst(table))),
    conflictSection(comparison),
    notesSection(comparison),
    sourceSection(datasets),
    `<footer>Made with emporium from the records of files and portals${compat ? ", as the reference program prints them" : ""}.</footer>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>${html(title)}</title>
<style>${STYLE}</style></head>
<body>
${sections.filter((part) => part !== "").join("\n")}
</body></html>
`;
}

function header({ compat, datasets, conflicts }: Comparison, title: string): string {
  const records = datasets.flatMap(({ record }) => record ?? []);
  const scales = records.map(scaleOf);
  const known = (lists: readonly (number | null)[][]) => lists.flat().filter((length) => length !== null);
  const [voxels, extents] = [
    known(scales.map(({ voxelNanometres }) => voxelNanometres)),
    known(scales.map(({ extentNanometres }) => extentNanometres)),
  ];
  const most = Math.max(0, ...records.map(voxelsOf));
  const tile = (value: string, says: string, kind = "") => `<li${kind}><b>${html(value)}</b>${html(says)}</li>`;
  const tiles = [
    tile(String(datasets.length), datasets.length === 1 ? "data set" : "data sets"),
    tile(String(new Set(records.map(({ format }) => format)).size), "formats"),
    ...(compat || voxels.length === 0
      ? []
      : [tile(lengthText(Math.min(...voxels)), "finest voxel edge"), tile(lengthText(Math.max(...extents)), "widest field")]),
    ...(compat || most === 0 ? [] : [tile(countText(most), "voxels in the largest")]),
    ...(compat
      ? []
      : [
          tile(
            String(conflicts.length),
            conflicts.length === 1 ? "contradiction" : "contradictions",
            conflicts.length > 0 ? ' class="bad"' : "",
          ),
        ]),
  ];
  return `<header><h1>${html(title)}</h1><p class="lead">${html(
    datasets
      .map(({ name }) => name)
      .slice(0, 40)
      .join(" · "),
  )}${datasets.length > 40 ? " …" : ""}</p>
${compat ? '<p class="lead">As the reference program prints them, its errors included.</p>' : ""}<ul class="tiles">${tiles.join("")}</ul></header>`;
}

/** `3.351 G`. */
function countText(count: number): string {
  const [factor, suffix] = count >= 1e12 ? [1e12, " T"] : count >= 1e9 ? [1e9, " G"] : count >= 1e6 ? [1e6, " M"] : [1, ""];
  return `${Number((count / factor).toPrecision(3))}${suffix}`;
}

function pictures(datasets: readonly ComparedDataset[]): string {
  const [scale, field] = [scalePicture(datasets), fieldPicture(datasets)];
  const parts = [
    scale === undefined
      ? ""
      : `<section><h2>From a voxel to the field of view</h2><figure>${scale}<figcaption>One line an axis: <span class="key axis-z">z</span>, <span class="key axis-y">y</span>, <span class="key axis-x">x</span>, from the edge of one voxel (dot) to the whole field (bar), on a logarithmic scale.</figcaption></figure></section>`,
    field === undefined
      ? ""
      : `<section><h2>Fields of view, to scale</h2><figure>${field}<figcaption>Width is x, height y, depth z; all boxes have one scale.</figcaption></figure></section>`,
  ];
  return parts.join("\n");
}

/** Sizes come first, since a page is not as wide as a file. */
const ORDER = ["dataset", "shape", "voxel_size_nm", "extent_um", "dtype", "channels", "contrast", "offset", "axes", "format"];

function importantFirst({ title, columns, rows }: Table): Table {
  const keys = columns.map(({ key }) => key);
  if (keys[0] !== "dataset") return { title, columns, rows };
  const order = [...new Set([...ORDER.map((key) => keys.indexOf(key)).filter((at) => at >= 0), ...keys.keys()])];
  return { title, columns: order.map((at) => columns[at]!), rows: rows.map((row) => order.map((at) => row[at]!)) };
}

function tableSection({ title, columns, rows }: Table): string {
  if (columns.length < 2 || rows.length === 0)
    return `<section><h2>${html(title)}</h2><p class="says">Nothing is known of it.</p></section>`;
  const heads = columns
    .map(({ key, says, label }) => `<th scope="col" title="${html(says)}">${html(label ?? key)}</th>`)
    .join("");
  const body = rows.map(
    ([first, ...rest]) =>
      `<tr><th scope="row" title="${html(first?.text ?? "")}">${html(first?.text ?? "")}</th>${rest.map(cellOf).join("")}</tr>`,
  );
  return `<section><h2>${html(title)}</h2><div class="wide" tabindex="0"><table><thead><tr>${heads}</tr></thead><tbody>${body.join("\n")}</tbody></table></div></section>`;
}

function cellOf({ text, original, marks = [], conflicts = [] }: Cell): string {
  const links = conflicts.map((index) => `<sup><a href="#conflict-${index + 1}">${index + 1}</a></sup>`).join("");
  const kinds = [text === null ? "absent" : "", conflicts.length > 0 ? "disputed" : ""].filter((kind) => kind !== "").join(" ");
  const was = original === undefined ? "" : ` <span class="original">(${html(original)})</span>`;
  const from = marks.map((mark) => `<span class="mark ${mark.source}">${html(markText(mark))}</span>`).join("");
  return `<td${kinds === "" ? "" : ` class="${kinds}"`}>${html(text ?? "–")}${was}${from}${links}</td>`;
}

function conflictSection({ conflicts }: Comparison): string {
  if (conflicts.length === 0) return "";
  const items = conflicts.map(
    ({ dataset, field, says }, index) =>
      `<li id="conflict-${index + 1}"><span class="number">${index + 1}</span> <strong>${html(dataset)}</strong> <span class="field">${html(field)}</span><br>${html(says)}</li>`,
  );
  return `<section><h2>Contradictions</h2><p class="says">Two sources disagree. The table shows what the file says where it says anything.</p><ul class="conflicts">${items.join("\n")}</ul></section>`;
}

function notesSection({ notes }: Comparison): string {
  if (notes.length === 0) return "";
  const items = notes.map(({ dataset, says }) => `<li><strong>${html(dataset)}</strong>: ${html(says)}</li>`);
  return `<section><h2>Notes</h2><ul class="notes">${items.join("\n")}</ul></section>`;
}

/** The source of each data set, from its portal's record. */
function sourceSection(datasets: readonly ComparedDataset[]): string {
  const parts = datasets.flatMap(({ name, web }) => {
    if (!web) return [];
    const { source_url: page, portal, record, download_links: links } = web;
    const asked = textOf(record.retrieved_at)?.slice(0, 10);
    const facts = [portal, asked === undefined ? undefined : `asked on ${asked}`, counted(links.length, "link")];
    const items = [
      ...(page === undefined ? [] : [`<li>page: ${htmlLink(page)}</li>`]),
      ...links.slice(0, LINKS).map((link) => `<li>${htmlLink(link)}</li>`),
      ...(links.length > LINKS ? [`<li>${links.length - LINKS} more stand in its record</li>`] : []),
      ...listOf(record.warnings).flatMap((warning) =>
        typeof warning === "string" ? [`<li>warning: ${html(warning)}</li>`] : [],
      ),
      ...(objectsOf(record.requests).length === 0
        ? []
        : [`<li>${counted(objectsOf(record.requests).length, "request")}, each with its SHA-256 in the record</li>`]),
    ];
    return [
      `<details><summary><strong>${html(name)}</strong> <span>${html(facts.filter((fact) => fact !== undefined).join(" · "))}</span></summary><ul>${items.join("")}</ul></details>`,
    ];
  });
  return parts.length === 0 ? "" : `<section><h2>Sources</h2>${parts.join("\n")}</section>`;
}
