import { hostname } from "node:os";

/** What differs from one run to the next, and what stands for it on the sheets: times, durations, rates, ports, folders, ids that are made at random. */
export const VOLATILE: readonly (readonly [RegExp, string])[] = [
  // tables whose columns are as wide as what was measured
  [/^( {2}stage +blocks) .*$/gm, "$1"],
  // stages in the order in which they began
  [/^ {2}[\w-]+ +\d+ .*\d(?:us|ms|s|min)\/.*$/gm, "  a stage"],
  [/^([a-z]+) +\d+\.\d +[\d.]+ [KMG]?i?B$/gm, "$1 0.0 0 B"],
  // PostgreSQL's files, which it tidies when it has time
  [/^( {2}emporium\w*\.\w+ +\d+ rows?) .*$/gm, "$1"],
  [/^(database .*), [\d.]+ [KMG]iB/gm, "$1, 0 MiB"],
  [/\b20\d\d-\d\d-\d\d[T ]\d\d[-:]\d\d(?:[-:]\d\d(?:\.\d+)?Z?)?/g, "2026-01-01 00:00"],
  [/\b20[3-9]\d-\d\d-\d\d|\b202[6-9]-\d\d-\d\d/g, "2026-01-01"],
  [/\b\d\d:\d\d(?= UTC)/g, "00:00"],
  [new RegExp(`^${hostname().replace(/[^\w-]/g, "\\$&")}$`, "g"), "host"],
  [/(?<=from this page by )[^:]+/g, "ada"],
  [/(?<= · by )[\w.-]+(?= · )/g, "ada"],
  [/\b(127\.0\.0\.1|localhost):\d+/g, "$1:8080"],
  [/(?:\/[\w.-]+)*\/em(?:porium)?-[\w-]*\w{6}(?=[/\s"')]|$)/g, "/lab"],
  [/\d[\d.,\u2009]*(?= ?(?:(?:[kKMG]i?)?B|voxels|files)\/s)/g, "0"],
  [/\b\d[\d.,]*(?= ?(?:ms|s|min|h|seconds?|minutes?)(?:\b|$))/g, "0"],
  [/\b[\d.]+ of [\d.]+ [KMG]i?B memory/g, "0 of 0 GiB memory"],
  [/(--(?:bucket-)?port) \d+/g, "$1 0"],
  [/\bpid \d+/g, "pid 0"],
  [/("last_updated_at":) \d+/g, "$1 0"],
  [/\/[\w/]*em-\w{6}(?=[/\s,"']|$)/g, "/lab"],
  [/\b[\d.]+ GiB(?= free|; buffers)/g, "0 GiB"],
  [/^ok( +(?:node|cores|memory|AWS credentials|cluster|PostgreSQL) +).*$/gm, "ok$1of this machine"],
  [/^memory: .* of buffers in .*$/gm, "memory: of this machine"],
  [/\bat most [\d.]+ [KMG]iB(?= of memory| in the worker)/g, "at most 0 MiB"],
  [/\d+ ?%(?= of their time| idle)/g, "0 %"],
  [/-[0-9a-f]{8}\b/g, "-00000000"],
  [/\b[0-9a-f]{12,}\b/g, "000000000000"],
];

export const steady = (text: string): string =>
  VOLATILE.reduce((changed, [pattern, instead]) => changed.replace(pattern, instead), text);

/** The same in a page, before it is looked at: as text, since it runs there. */
export const STEADY_PAGE = `(() => {
  const volatile = [${VOLATILE.map(([pattern, instead]) => `[${pattern}, ${JSON.stringify(instead)}]`).join(", ")}];
  const steady = (text) => volatile.reduce((changed, [pattern, instead]) => changed.replace(pattern, instead), text);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const changed = steady(node.data);
    if (changed !== node.data) node.data = changed;
  }
  for (const field of document.querySelectorAll("input:not([type=checkbox], [type=radio], [type=range], [type=number]), textarea")) {
    const changed = steady(field.value);
    if (changed !== field.value) field.value = changed;
  }
})()`;

/** Before a picture: nothing moves, and no caret blinks. A page's policy lets it have sheets of styles that were made by scripts. */
export const STILL = `(() => {
  for (const one of document.getAnimations())
    if (one.effect?.getComputedTiming().iterations === Infinity) one.cancel();
    else one.finish();
  if (window.lookStill) return;
  const sheet = window.lookStill = new CSSStyleSheet();
  sheet.replaceSync("* { caret-color: transparent !important }");
  document.adoptedStyleSheets.push(sheet);
})()`;
