/** Files of other people that tests read, from their public repositories: `npm run data [-- --dest DIR --sources FILE --list]`. The list (`test/data-sources.json`) says
 * of each file where it is published, at which commit, under which licence, and its SHA-256; no file of it is in this repository.
 * git fetches what lacks, and nothing is kept whose SHA-256 differs. Ends with 0 when all files are there, 3 when some are not. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";

const root = fileURLToPath(new URL("..", import.meta.url));
const usage = "usage: npm run data [-- [--dest DIR] [--sources FILE] [--list]]";
/** Repositories at once: each is one short transfer from the same server. */
const AT_ONCE = 4;
/** A server that says nothing for so long is not waited for; git has no such limit on a connection. */
const PATIENCE_MS = 300_000;
/** The file by which a folder is known as one that this script filled. */
const OWN = "SOURCES.md";

async function main() {
  const options = readOptions();
  if (options === undefined) return 2;
  const sources = JSON.parse(readFileSync(options.sources, "utf8"));
  if (options.list) return list(sources);
  if (existsSync(options.dest) && readdirSync(options.dest).length > 0 && !existsSync(join(options.dest, OWN))) {
    say(`${options.dest} was not made by npm run data: choose another folder with --dest`);
    return 2;
  }
  if ((await git(["--version"])) === undefined) {
    say("git was not found: install git, then give npm run data again");
    return 1;
  }
  return fetchAll(sources, options.dest);
}

function readOptions() {
  const text = { type: "string" };
  try {
    const { values } = parseArgs({
      options: { dest: text, sources: text, list: { type: "boolean" }, help: { type: "boolean" } },
    });
    if (!values.help) {
      return {
        dest: resolve(values.dest ?? join(root, ".cache", "data")),
        sources: resolve(values.sources ?? join(root, "test", "data-sources.json")),
        list: values.list ?? false,
      };
    }
    say(usage);
  } catch (error) {
    say(`${error.message}; ${usage}`);
  }
  return undefined;
}

async function fetchAll(sources, dest) {
  mkdirSync(dest, { recursive: true });
  const clones = join(dest, ".clones");
  rmSync(clones, { recursive: true, force: true }); // of a run that was stopped
  mkdirSync(clones);
  writeFileSync(join(dest, OWN), licences(sources));
  const state = { dest, clones, silent: new Map(), fetched: 0, faults: 0 };
  const waiting = [...sources.repositories];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await fetchRepository(next, state);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  rmSync(clones, { recursive: true });
  writeFacts(sources, dest);
  return report(sources, state);
}

/** Fetches what lacks of one repository and says in one line how that ended. */
async function fetchRepository(repository, state) {
  const name = repository.url.replace(/^https:\/\/github\.com\//, "");
  const lacking = Object.entries(repository.files).filter(([target, file]) => !isThere(join(state.dest, target), file));
  if (lacking.length === 0) return;
  const faults = [];
  const clone = mkdtempSync(join(state.clones, "repository-"));
  try {
    const blobs = await readBlobs(repository, new Set(lacking.map(([, file]) => file.path)), clone, state);
    for (const [target, file] of lacking) {
      const fault = keep(join(state.dest, target), file, blobs.get(file.path));
      if (fault) faults.push(`${target}: ${fault}`);
    }
  } catch (error) {
    say(`${name}: ${count(lacking.length, "file")} not fetched: ${error.message}`);
    state.faults += lacking.length;
    return;
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
  state.fetched += lacking.length - faults.length;
  state.faults += faults.length;
  say(`${name}: ${count(lacking.length - faults.length, "file")} fetched (${repository.licence})`);
  for (const fault of faults) say(`${name}: ${fault}`);
}

/** @returns the bytes of each path at the repository's commit; a path that the commit lacks is not in the map */
async function readBlobs({ url, commit }, paths, clone, state) {
  const host = /^\w+:\/\/([^/]*)/.exec(url)?.[1] ?? "";
  // what has never answered within the time is not waited for again
  if ((state.silent.get(host) ?? 0) >= AT_ONCE) throw new Error(`${host} does not answer`);
  const run = async (words, input) => {
    const done = await git(["-C", clone, "-c", "core.quotePath=false", ...words], input);
    if (done.timedOut) state.silent.set(host, (state.silent.get(host) ?? 0) + 1);
    if (done.timedOut) throw new Error(`${host} did not answer within ${PATIENCE_MS / 1000} s`);
    if (done.status !== 0) throw new Error(lastLine(done.errors) || `git ended with ${done.status}`);
    return done.output;
  };
  await run(["init", "--quiet", "--bare", "."]);
  await run(["remote", "add", "origin", url]);
  const partial = ["--quiet", "--no-tags", "--filter=blob:none"];
  await run(["fetch", ...partial, "--depth=1", "origin", commit]);
  const objects = objectsOf(await run(["ls-tree", "-r", "-z", commit]), paths);
  // one request for all of them: git itself would ask for each in turn
  const wanted = new Set(objects.values());
  await run(["fetch", ...partial, "--no-write-fetch-head", "--stdin", "origin"], lines(wanted));
  const bytes = readBatch(await run(["cat-file", "--batch"], lines(wanted)));
  return new Map([...objects].map(([path, object]) => [path, bytes.get(object)]));
}

/** @returns path → object, of the paths that are asked for */
function objectsOf(listing, paths) {
  const rows = listing.toString("utf8").split("\0").filter(Boolean);
  const all = rows.map((row) => [row.slice(row.indexOf("\t") + 1), row.slice(0, row.indexOf("\t")).split(" ")[2]]);
  return new Map(all.filter(([path]) => paths.has(path)));
}

/** @returns object → bytes, of what `git cat-file --batch` prints: a line `OBJECT TYPE SIZE`, the bytes, an end of line */
function readBatch(output) {
  const found = new Map();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const [object, type, size] = output.toString("latin1", at, end).split(" ");
    at = end + 1;
    if (type === "missing") continue; // its file is said to be missing
    found.set(object, output.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return found;
}

/** Writes the file when it is the one of the list. @returns what is wrong, else undefined */
function keep(path, file, published) {
  if (published === undefined) return `${file.path} is not in the repository at this commit`;
  let bytes;
  try {
    bytes = derive(published, file);
  } catch (error) {
    return `${file.path} cannot be unpacked: ${error.message}`;
  }
  const found = sha256(bytes);
  if (found !== file.sha256) return `SHA-256 is ${found.slice(0, 12)}…, expected ${file.sha256.slice(0, 12)}…; not kept`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
  return undefined;
}

/** Most files are as they were published; others are a part of one: a member of an archive, some keys, its beginning, or a broken copy. */
function derive(published, { member, gunzip, keys, first, set }) {
  if (member !== undefined) {
    const found = unzipSync(published, { filter: ({ name }) => name === member })[member];
    if (found === undefined) throw new Error(`no member ${member}`);
    return found;
  }
  if (gunzip) return gunzipSync(published);
  if (keys) return Buffer.from(someMembers(published.toString("utf8"), keys));
  if (first !== undefined) return published.subarray(0, first);
  const bytes = Buffer.from(published);
  for (const [offset, hex] of Object.entries(set ?? {})) bytes.write(hex, Number(offset), "hex");
  return bytes;
}

/** Members of a JSON object that is indented by two: as text, since a number that is read and written again is another text (`5.0`). */
function someMembers(text, keys) {
  const members = text.slice("{\n".length, -"\n}".length).split(/,\n(?= {2}")/);
  const chosen = keys.map((key) => members.find((member) => member.startsWith(`  ${JSON.stringify(key)}: `)));
  const plain = (escaped, hex) => (Number.parseInt(hex, 16) < 128 ? escaped : String.fromCharCode(Number.parseInt(hex, 16)));
  return `{\n${chosen.join(",\n")}\n}`.replaceAll(/\\u([0-9a-f]{4})/g, plain);
}

function isThere(path, { sha256: expected }) {
  return existsSync(path) && sha256(readFileSync(path)) === expected;
}

/** `expected.json` of the files that are there: what programs of other people found in them, beside origin and SHA-256. */
function writeFacts({ repositories, arrays = {} }, dest) {
  const facts = {};
  for (const { url, commit, licence, files } of repositories) {
    for (const [target, file] of Object.entries(files)) {
      if (!existsSync(join(dest, target))) continue;
      const { path, bytes, sha256: hash, kind, facts: known } = file;
      const origin = `${url.replace(/^https:\/\/github\.com\//, "")}@${commit.slice(0, 10)}:${path}`;
      facts[target] = { bytes, sha256: hash, origin, licence, ...(kind && { kind }), ...(known && { facts: known }) };
    }
  }
  for (const [folder, known] of Object.entries(arrays)) if (existsSync(join(dest, folder))) facts[folder] = known;
  const isMore = (target) => target.startsWith("more/");
  const of = (chosen, cut) =>
    Object.fromEntries(Object.entries(facts).flatMap(([target, one]) => (chosen(target) ? [[target.slice(cut), one]] : [])));
  writeJson(
    join(dest, "expected.json"),
    of((target) => !isMore(target), 0),
  );
  if (Object.keys(facts).some(isMore)) writeJson(join(dest, "more", "expected.json"), of(isMore, "more/".length));
}

function writeJson(path, value) {
  writeFileSync(`${path}.part`, `${JSON.stringify(value, null, 1)}\n`);
  renameSync(`${path}.part`, path);
}

const licences = ({ repositories }) =>
  [
    "# Where these files are from\n\nFetched by `npm run data` from public repositories, each under the licence that is stated here.\n",
    "| repository | commit | licence | files |\n|---|---|---|---|",
    ...repositories.map(
      ({ url, commit, licence, files }) => `| ${url} | ${commit.slice(0, 10)} | ${licence} | ${Object.keys(files).length} |`,
    ),
    "",
  ].join("\n");

function report({ repositories, absent = [] }, { dest, fetched, faults }) {
  const all = repositories.reduce((sum, { files }) => sum + Object.keys(files).length, 0);
  const shown = relative(process.cwd(), dest);
  say(`${all - faults} of ${count(all, "file")} in ${shown.startsWith("..") ? dest : shown || "."} (${fetched} fetched now)`);
  if (absent.length > 0) {
    const [some, rest] = [absent.slice(0, 3).map(({ what }) => what), absent.length - 3];
    say(
      `in no public repository: ${some.join(", ")}${rest > 0 ? ` and ${rest} more (npm run data -- --list)` : ""}; tests of them are skipped`,
    );
  }
  if (faults > 0) say(`${count(faults, "file")} missing: give npm run data again, which fetches only those`);
  return faults > 0 ? 3 : 0;
}

function list({ repositories, absent = [] }) {
  for (const { url, commit, licence, files } of repositories) {
    for (const [target, { path, bytes, sha256: hash }] of Object.entries(files)) {
      console.log([target, bytes, hash, `${url}@${commit}:${path}`, licence].join("\t"));
    }
  }
  for (const { what, why } of absent) console.log(`${what}\tin no public repository: ${why}`);
  return 0;
}

/** @returns how git ended; undefined where there is no git */
function git(words, input = "") {
  // a repository that is gone must not ask for a password
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0", GCM_INTERACTIVE: "never", LC_ALL: "C" };
  return new Promise((done) => {
    const child = spawn("git", words, { env, stdio: ["pipe", "pipe", "pipe"] });
    const [output, errors] = [[], []];
    const end = (how) => {
      clearTimeout(timer);
      done(how && { ...how, output: Buffer.concat(output), errors: Buffer.concat(errors).toString("utf8") });
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL"); // its helpers end with it, later
      end({ status: null, timedOut: true });
    }, PATIENCE_MS);
    child.stdout.on("data", (bytes) => output.push(bytes));
    child.stderr.on("data", (bytes) => errors.push(bytes));
    child.on("error", () => end(undefined));
    child.on("close", (status) => end({ status, timedOut: false }));
    child.stdin.on("error", () => undefined); // git has ended: its status says why
    child.stdin.end(input);
  });
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const lines = (words) => [...words].map((word) => `${word}\n`).join("");
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const lastLine = (text) => (text.trim().split("\n").at(-1) ?? "").replace(/^(?:fatal|error): /, "");

function say(line) {
  console.log(line);
}

process.stdout.on("error", () => process.exit(3)); // whoever read has gone
process.exitCode = await main();
