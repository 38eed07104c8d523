import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandBlock, commandBlocksOf } from "../../scripts/docs-pages.mjs";
import { filesBelow } from "../foundations/sources.js";
import { hasDemo, PLACE, WORKED_IN } from "./kept-demo.js";

/** The pages, typed by a stranger: a clone with nothing beside it, an empty HOME, a shell for each page. */

const root = fileURLToPath(new URL("../..", import.meta.url));
/** docs/design/guide-commands.md: what is not typed here, and why. */
const LIST = "docs/design/guide-commands.md";
const FIRST = "docs/guides/install.md";
const pages = [
  FIRST,
  "README.md",
  "docs/index.md",
  "docs/start.md",
  ...filesBelow(
    "docs/guides",
    (path) => path.endsWith(".md") && path !== FIRST && !["index.md", "the-whole-way.md"].includes(basename(path)),
  ),
  ...filesBelow("docs/journeys", (path) => path.endsWith(".md")),
  ...filesBelow("examples", (path) => basename(path) === "README.md"),
  "python/README.md",
];

interface Row {
  page: string;
  begins: string;
  reason: string;
}
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const rows: Row[] = [...textOf(LIST).matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)].map(([, page, begins, reason]) => ({
  page: page!,
  begins: begins!,
  reason: reason!,
}));
const isListed = (page: string, command: string) => rows.some((row) => row.page === page && command.startsWith(row.begins));
const typed = (page: string, blocks: readonly CommandBlock[]) =>
  blocks
    .map((block) =>
      "file" in block ? block : { ...block, commands: block.commands.filter((command) => !isListed(page, command)) },
    )
    .filter((block) => "file" in block || block.commands.length > 0);
const blocksOf = new Map(pages.map((page) => [page, commandBlocksOf(textOf(page))]));

/** The demo of npm's package and its workspace are there already, where its suite has run. */
const isMade = hasDemo();
const folder = isMade ? PLACE : mkdtempSync(join(tmpdir(), "emporium-guides-"));
const [clone, home] = [isMade ? WORKED_IN : join(folder, "clone", "emporium"), join(folder, "home")];
beforeAll(() => {
  for (const path of [join(folder, "clone"), home]) mkdirSync(path, { recursive: true });
  const bare = join(folder, "bare");
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", "--no-checkout", `file://${root}`, bare]);
  mkdirSync(clone, { recursive: true });
  renameSync(join(bare, ".git"), join(clone, ".git"));
  execFileSync("git", ["reset", "--quiet", "--hard"], { cwd: clone });
  // a build finds that it is of these sources, where nothing was changed since; .ci/run builds from nothing in such a clone
  for (const path of ["dist", ".cache/viewer.json"])
    cpSync(join(root, path), join(clone, path), { recursive: true, preserveTimestamps: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** npm and pip keep the registry and the cache of whoever runs this; nothing else is kept. */
function surroundings(): NodeJS.ProcessEnv {
  const npm = (name: string) =>
    execFileSync("npm", ["config", "get", name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:EMPORIUM|VITEST|npm_|INIT_CWD|NODE_ENV|NODE_PATH|PYTHONPATH|TEST$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    // npm alone asks somebody else, and each start of Node 20 would read them
    ...(process.env.NODE_EXTRA_CA_CERTS && {
      NODE_EXTRA_CA_CERTS: undefined,
      npm_config_cafile: process.env.NODE_EXTRA_CA_CERTS,
    }),
    HOME: home,
    npm_config_userconfig: npm("userconfig"),
    npm_config_cache: npm("cache"),
    // where no administrator is: the page says so
    npm_config_prefix: join(home, ".local"),
    // what the page's first block puts on the PATH of its shell
    PATH: [join(clone, "bin"), process.env["PATH"]].join(":"),
    EMPORIUM_PYTHON: "false", // a network would take a minute
  };
}

/** What is in the clone, and so is typed there. */
const IN_CLONE = /\bnpm (?:ci|run|pack)\b|\bnode (?:scripts|examples)\/|\bexamples\/|\.\/python\b/;
const SERVER = "http://127.0.0.1:8080";

/** This journey has a ledger of its own: another page has submitted its batch by then. */
function placeOf(page: string): string {
  if (page !== "docs/journeys/old-drives.md") return clone;
  const place = join(folder, "drives");
  mkdirSync(place, { recursive: true });
  return place;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Listed, since .ci/run types it in such a clone: packages are those of the checkout, where a folder of links can be made, and the build is typed. */
const INSTALLS = "npm ci && npm run build";
const DEMO = "emporium demo --once";
const INSTALLS_GLOBALLY = "npm install --global";
const LINKED = `cp -al ${quoted(join(root, "node_modules"))} node_modules 2>/dev/null || npm ci`;

/**
 * The developer's folder beside the clone has no demo of its own: the page reads one tomogram, and install.md has made that in the clone. That the
 * packed program makes a demo in an empty folder is what `npm.test.ts` asks.
 *
 * @param command that is listed
 * @returns what a session does in its place
 */
function insteadOf(page: string, command: string): string[] {
  if (page === FIRST && command.startsWith(INSTALLS)) return [`${LINKED}\n${command.replace("npm ci && ", "")} || __wrong=1`];
  if (page === FIRST && command.startsWith(INSTALLS_GLOBALLY))
    return [`mkdir -p "$(npm root -g)" && ln -sfn ${quoted(clone)} "$(npm root -g)/em-porium" || __wrong=1`];
  if (page !== "docs/journeys/developer.md" || command !== DEMO) return [];
  return [`mkdir demo-out && cp -R ${quoted(join(clone, "demo-out", "portal"))} demo-out/ || __wrong=1`];
}

/** A page as one session of a shell: each command is shown, and how it ended. A server goes on beside the commands after it, at a port that is free. */
function sessionOf(page: string): string {
  const lines = blocksOf.get(page)!.flatMap((block) => {
    if ("file" in block) return [`printf %s ${quoted(block.text)} > ${quoted(block.file)}`];
    const inClone = block.commands.some((command) => !isListed(page, command) && IN_CLONE.test(command));
    return [
      ...(inClone ? [`cd ${quoted(clone)}`] : []),
      ...block.commands.flatMap((command) => {
        if (isListed(page, command)) return insteadOf(page, command);
        if (page === FIRST && command === DEMO && isMade) return [];
        const [, status = "0"] = /# ends with (\d+)$/.exec(command) ?? [];
        const shown = `printf '\\n$ %s\\n' ${quoted(command)}`;
        if (/^emporium serve /.test(command)) return [shown, `__serve ${command.replace(/ #.*$/, "")} --port 0`];
        const line = command.includes(SERVER) ? `eval "$(printf %s ${quoted(command)} | sed "s#${SERVER}#$__url#g")"` : command;
        return [shown, line, `__ended $? ${status} ${quoted(`${page}:${block.line}`)}`];
      }),
    ];
  });
  return `shopt -s expand_aliases
__server=''
__stop() { [ -z "$__server" ] || { kill -INT "$__server"; wait "$__server"; __server=''; }; }
__ended() { [ "$1" = "$2" ] || { echo "-- $3: ended with $1, the page says $2"; __wrong=1; }; }
__serve() {
  __stop
  # before the server has begun: what another one said is no address of this one
  : >${quoted(join(folder, "served"))}
  "$@" >${quoted(join(folder, "served"))} 2>&1 & __server=$!
  for _ in $(seq 600); do
    __url=$(sed -n 's#^Serving at \\(http:[^ ]*\\) (Ctrl-C stops)$#\\1#p' ${quoted(join(folder, "served"))})
    [ -z "$__url" ] || break
    kill -0 "$__server" 2>/dev/null || break
    sleep 0.2
  done
  cat ${quoted(join(folder, "served"))}
  [ -n "$__url" ] && curl -sf -o /dev/null "$__url/" || { echo "-- the server does not answer"; __wrong=1; }
}
__wrong=0
cd ${quoted(placeOf(page))}
${lines.join("\n")}
__stop
exit $__wrong
`;
}

/** No page takes three minutes, and on a busy machine none takes ten. */
const PAGE_MS = 600_000;

/** What still runs at the end of a page's time is stopped, and what the page has shown until then says where it stood. */
async function run(script: string): Promise<{ status: number | null; output: string }> {
  const file = join(folder, "session.sh");
  writeFileSync(file, `exec 2>&1\n${script}`);
  const child = spawn("bash", [file], { env: surroundings(), cwd: clone, stdio: ["ignore", "pipe", "inherit"], detached: true });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const late = setTimeout(() => {
    output += `\n-- stopped after ${PAGE_MS / 1000} s\n`;
    process.kill(-child.pid!, "SIGKILL");
  }, PAGE_MS);
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(late);
  return { status, output };
}

describe(LIST, () => {
  it("has a reason for each row, and no row that no command begins with (34.25)", () => {
    const unused = rows.filter(
      ({ page, begins }) =>
        !blocksOf.get(page)?.some((block) => "commands" in block && block.commands.some((command) => command.startsWith(begins))),
    );
    expect(unused).toEqual([]);
    expect(rows.filter(({ reason }) => reason.length < 8)).toEqual([]);
  });
});

describe("what a stranger types, in a clone of what is committed", () => {
  it.each(pages.filter((page) => typed(page, blocksOf.get(page)!).length > 0))(
    "%s ends as it says (34.25)",
    async (page) => {
      const { status, output } = await run(sessionOf(page));
      expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
      expect(output).not.toMatch(/error\[INTERNAL\]/);
    },
    PAGE_MS + 30_000,
  );

  it("(35.2) ends with what the journeys' pages promise", () => {
    const developer = join(dirname(clone), "own"); // the folder that the developer's page makes beside the clone
    for (const [place, path] of [
      [clone, "overnight.html"],
      [clone, "overnight/10404/mka2019-11-19-4/Reconstructions"],
      [clone, "public/10401/dataset_metadata.json"],
      [developer, "edges.zarr/zarr.json"],
    ] as const)
      expect(existsSync(join(place, "demo-out", path)), path).toBe(true);
  });
});
