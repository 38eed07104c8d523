// Runs the built demo in an empty folder, and writes docs/guides/the-whole-way.md: node scripts/whole-way.mjs
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sameEverywhere, wholeWayPage } from "./whole-way-page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-whole-way-")));
try {
  const { status, stdout } = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), "demo", "--once"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, EMPORIUM_WORKSPACE: "" },
  });
  if (status !== 0) throw new Error(`the demo ended with ${status}`);
  const file = join(root, "docs/guides/the-whole-way.md");
  writeFileSync(file, wholeWayPage(sameEverywhere(stdout, { folder, root })));
  console.log(`wrote ${file}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
