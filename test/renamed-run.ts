import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another name for a run: its folder, and what documents say of it. */
export function renameRun(dataset: string, from: string, to: string): void {
  renameSync(join(dataset, from), join(dataset, to));
  for (const name of readdirSync(join(dataset, to), { recursive: true, encoding: "utf8" }).filter((one) =>
    one.endsWith(".json"),
  )) {
    const path = join(dataset, to, name);
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, "utf8")
      .replaceAll(`${from}/`, `${to}/`)
      .replaceAll(`"run_name": "${from}"`, `"run_name": "${to}"`);
    writeFileSync(path, text);
  }
}
