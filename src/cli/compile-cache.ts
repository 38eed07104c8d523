import { isAscii } from "node:buffer";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import * as module from "node:module";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

/** `module.enableCompileCache` of Node 22.1 and later: keeps compiled code in a folder, from which the next process reads it. */
type EnableCompileCache = (folder?: string) => unknown;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Lets Node keep what it compiles of modules in the user's cache folder: `$XDG_CACHE_HOME/emporium/compiled`, without the variable
 * `~/.cache/emporium/compiled`. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` go before, as for any program. Does nothing where Node has no
 * such cache (Node 20) or the folder cannot be written: then everything is compiled, as without it.
 */
export function keepCompiledCode(
  env: Environment,
  enable = (module as { enableCompileCache?: EnableCompileCache }).enableCompileCache,
): void {
  try {
    enable?.(env.NODE_COMPILE_CACHE ? undefined : join(cacheOf(env), "emporium", "compiled"));
  } catch {
    // a user without a home, or a folder that Node refuses: the program starts all the same
  }
}

/** The process, as far as scripts see it. */
export interface ScriptHost {
  readonly env: Environment;
  readonly execArgv: readonly string[];
  on(event: "exit", listener: () => void): unknown;
}

interface Loaded {
  exports: unknown;
}
type Load = (name: string) => Promise<unknown>;
/** `later`: a script, `module`: a module or what Node has, by a name, an address, or a place beside the script. */
type Require = ((name: string) => unknown) & { readonly later: Load; readonly module: Load };
type Wrapped = (exports: unknown, require: Require, module: Loaded, file: string, folder: string) => void;

/**
 * Runs a script of the bundle and what it requires, with the compiled code of earlier processes (any Node): compiling what an ingest loads takes longer
 * than running it. Compiled code is kept for the start, and for each command by itself: what it ran is in there as well, other than with Node's own cache
 * after the first command that used a file. Where there is none, another's, or one that is damaged, all is compiled as without.
 */
export function runScript(start: URL, host: ScriptHost): void {
  const file = fileURLToPath(start);
  const require = module.createRequire(start);
  // maps are for what Node loads itself
  if (host.execArgv.includes("--enable-source-maps") || host.env.NODE_OPTIONS?.includes("--enable-source-maps")) {
    require(file);
    return;
  }
  const text = textOf(file);
  const id = /^\/\*([0-9a-f]{64})\*\//.exec(text)?.[1];
  const folder = id === undefined ? undefined : folderOf(file, host);
  const packs: Pack[] = [];
  const open = (name: string) => {
    if (folder !== undefined && id !== undefined) packs.unshift(openPack(join(folder, name), id));
  };
  open(basename(file, ".cjs"));
  host.on("exit", () => {
    for (const pack of packs) keepPack(pack);
  });

  const loaded = new Map<string, Loaded>();
  const load = (path: string, source = textOf(path)): unknown => {
    const before = loaded.get(path);
    if (before) return before.exports;
    const [pack] = packs;
    const cachedData = pack?.found.get(path);
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
      filename: path,
      ...(cachedData && { cachedData }),
    });
    if (!cachedData || script.cachedDataRejected) pack?.missing.add(path);
    pack?.scripts.set(path, script);
    const made: Loaded = { exports: {} };
    loaded.set(path, made);
    const folder = dirname(path);
    const ask = (name: string) => (name.startsWith("./") || name.startsWith("../") ? load(join(folder, name)) : require(name));
    const later = async (name: string) => {
      // the first that is loaded late is the command
      if (packs.length === 1) open(basename(name, ".cjs").replace(/-[A-Z0-9]{8}$/, ""));
      return ask(name);
    };
    const module = (name: string) => import(name.startsWith(".") ? new URL(name, pathToFileURL(path)).href : name);
    try {
      const run = script.runInThisContext() as Wrapped;
      run(made.exports, Object.assign(ask, { later, module }), made, path, folder);
    } catch (error) {
      loaded.delete(path);
      throw error;
    }
    return made.exports;
  };
  load(file, text);
}

/** Text of a script. Most are ASCII, of which V8 makes a text of half the size, in a fraction of the time. */
function textOf(path: string): string {
  const bytes = readFileSync(path);
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}

/** Compiled code of a command's scripts. */
interface Pack {
  readonly path: string;
  readonly id: string;
  readonly found: ReadonlyMap<string, Buffer>;
  /** Number of processes that have written it. */
  readonly writers: number;
  readonly scripts: Map<string, Script>;
  readonly missing: Set<string>;
}

/**
 * Processes that write a command's pack. The first ones may have had little to do; what they did not run is compiled by those
 * that do, again and again.
 */
const WRITERS = 3;
const UNUSED_MS = 60 * 24 * 3600 * 1000;
const MAGIC = "emporium compiled 1\n";
const HEAD_BYTES = MAGIC.length + 8;

/**
 * Folder of the code that this installation, this Node and its switches compiled; V8 itself refuses what another of its versions
 * made. Undefined where the cache is disabled, or the user has no home.
 */
function folderOf(file: string, { env, execArgv }: ScriptHost): string | undefined {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const { version, arch } = process;
  const of = crc32(JSON.stringify([dirname(file), execArgv, env.NODE_OPTIONS ?? ""]));
  try {
    const cache = env.NODE_COMPILE_CACHE || join(cacheOf(env), "emporium", "compiled");
    return join(cache, `scripts-${version}-${arch}-${of.toString(16).padStart(8, "0")}`);
  } catch {
    return undefined; // a user without a home
  }
}

/** V8 trusts what it is given, and damaged code ends the process: so there is a checksum, and what another user wrote is not run. */
function openPack(path: string, id: string): Pack {
  const empty = {
    path,
    id,
    found: new Map<string, Buffer>(),
    writers: 0,
    scripts: new Map<string, Script>(),
    missing: new Set<string>(),
  };
  const bytes = readOwn(path);
  if (!bytes || bytes.length < HEAD_BYTES || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return empty;
  if (crc32(bytes.subarray(MAGIC.length + 4)) !== bytes.readUInt32LE(MAGIC.length)) return empty;
  const start = HEAD_BYTES + bytes.readUInt32LE(MAGIC.length + 4);
  const head = JSON.parse(bytes.toString("utf8", HEAD_BYTES, start)) as {
    id: string;
    writers: number;
    scripts: [string, number, number][];
  };
  if (head.id !== id) return empty;
  const found = new Map(
    head.scripts.map(([name, offset, length]) => [name, bytes.subarray(start + offset, start + offset + length)]),
  );
  return { ...empty, found, writers: head.writers };
}

function readOwn(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    return fstatSync(fd).uid === (process.getuid?.() ?? fstatSync(fd).uid) ? readFileSync(fd) : undefined;
  } catch {
    return undefined; // there is none yet
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Written at the end of the process: only then is there code of the functions that it ran. */
function keepPack({ path, id, found, writers, scripts, missing }: Pack): void {
  if (missing.size === 0 && (writers >= WRITERS || scripts.size === 0)) return;
  const part = `${path}.${process.pid}.part`;
  try {
    const isNew = mkdirSync(dirname(path), { recursive: true, mode: 0o700 }) !== undefined;
    writeFileSync(part, ""); // before work that would be for nothing
    if (isNew) removeUnused(dirname(path));
    const codes = new Map(found);
    for (const [name, script] of scripts) codes.set(name, script.createCachedData());
    const names: [string, number, number][] = [];
    const bodies: Buffer[] = [];
    let offset = 0;
    for (const [name, code] of codes) {
      const padding = Buffer.alloc(-code.length & 7); // V8 copies what is not aligned
      names.push([name, offset, code.length]);
      bodies.push(code, padding);
      offset += code.length + padding.length;
    }
    const text = JSON.stringify({ id, writers: writers + 1, scripts: names });
    const head = text + " ".repeat(-(HEAD_BYTES + Buffer.byteLength(text)) & 7);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(head));
    const rest = Buffer.concat([length, Buffer.from(head), ...bodies]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(rest));
    writeFileSync(part, Buffer.concat([Buffer.from(MAGIC), sum, rest]));
    renameSync(part, path);
  } catch {
    // a folder or disk that cannot be written: the next process compiles as well
    try {
      rmSync(part, { force: true });
    } catch {
      // nor is there anything to remove
    }
  }
}

/** Each version and each place of an installation has a folder of its own: those that no process has written or read for long are of none any more. */
function removeUnused(own: string): void {
  const cache = dirname(own);
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (folder === own || !/^scripts-v[\d.]+-\w+-[0-9a-f]{8}$/.test(name)) continue;
    const packs = readdirSync(folder).map((pack) => statSync(join(folder, pack)));
    if (packs.every(({ mtimeMs, atimeMs }) => Date.now() - Math.max(mtimeMs, atimeMs) > UNUSED_MS))
      rmSync(folder, { recursive: true, force: true });
  }
}

/** A relative path is to be ignored: XDG Base Directory Specification. */
function cacheOf({ XDG_CACHE_HOME: folder }: Environment): string {
  return folder !== undefined && isAbsolute(folder) ? folder : join(homedir(), ".cache");
}
