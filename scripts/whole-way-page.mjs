// Makes docs/guides/the-whole-way.md of what `emporium demo --once` prints.

const LINES = 12;
const HEAD = `# The whole way

\`emporium demo\` plays a portal and a bucket on this machine, and goes from one to the other with ordinary commands. Each takes what the one before
it wrote. This page is what the demo prints (\`node scripts/whole-way.mjs\` writes it anew; long answers are cut at \`…\`). In an empty folder
the same commands, typed, do the same; \`emporium\` has to be on the PATH, and \`examples/\` is the folder of the package.

- Stopped or killed at any moment and given again, the demo goes on where it was.
- A step that fails ends it, with the step's own message, its exit status, and which step it was.
- With \`--once\` the server of the last part ends after its pages were requested; without it, on a terminal, its pages stay until Ctrl-C. \`--dest DIR\` takes another folder than \`demo-out\`.
- \`--train SECONDS\` (15) is for the network that learns the cell's membrane, where Python has PyTorch.
`;

/** What differs from machine to machine. */
export function sameEverywhere(text, { folder, root }) {
  return text
    .replaceAll(`${root}/`, "")
    .replaceAll(folder, "/data")
    .replace(/--port [1-9]\d*/g, "--port 8401")
    .replace(/--bucket-port \d+/g, "--bucket-port 8402")
    .replace(/(empiar=http:\/\/127\.0\.0\.1):\d+/g, "$1:8401")
    .replace(/(AWS_ENDPOINT_URL_S3=http:\/\/127\.0\.0\.1):\d+(?!\d*\/s3)/g, "$1:8402")
    .replace(/(http:\/\/127\.0\.0\.1):(?!840[12]\b)\d+/g, "$1:8080") // the server of the last part
    .replace(/EMPORIUM=\S+/g, "EMPORIUM=dist/cli/main.js")
    .replace(/PYTHONPATH=\S+ \S+ /g, "PYTHONPATH=python python3 ");
}

/** The commands of a transcript, in their order; what only some machines have is left out. */
export function commandsOf(transcript) {
  return transcript
    .split("\n")
    .filter((line) => /^[$>] /.test(line) && !line.startsWith("$ emporium ingest convert "))
    .map((line) => line.slice(2));
}

/** @param {string} out what the demo printed, alike everywhere */
export function wholeWayPage(out) {
  const [way, rest] = out.split(/\n(?=step +seconds)/);
  const table = rest.slice(0, rest.indexOf("\n\n")).split("\n");
  const end = rest.slice(rest.indexOf("\n\n")).trim().split("\n");
  const body = way
    .trim()
    .split(/\n\n(?=# |== |Next )/)
    .filter((block) => !/^\$ emporium ingest convert /m.test(block)) // of a file that only some machines have
    .map((block) => {
      const station = /^== \d+ of \d+: (\w)(\w*)$/.exec(block);
      if (station) return `## ${station[1].toUpperCase()}${station[2]}`;
      if (block.startsWith("Next ")) return block;
      const [says, ...lines] = block.split("\n");
      return `${says.slice(2)}:\n\n\`\`\`console\n${cut(lines).join("\n")}\n\`\`\``;
    });
  const rows = table.slice(1).map((line) => `| ${line.split(/ {2,}/).join(" | ")} |`);
  const sizes = [
    "## Seconds and bytes",
    "On two cores that had nothing else to do.",
    ["| part | seconds | written |", "|---|---:|---:|", ...rows].join("\n"),
  ];
  const pages = end.filter((line) => line !== "");
  return [HEAD.trim(), "## Beginning", ...body, ...pages, ...sizes].join("\n\n") + "\n";
}

/** Commands whole, the beginning and the end of a long answer. */
function cut(lines) {
  const isCommand = (line) => /^[$>] /.test(line);
  const first = lines.findLastIndex(isCommand) + 1;
  const answer = lines.slice(first);
  if (answer.length <= LINES) return lines;
  return [...lines.slice(0, first), ...answer.slice(0, LINES - 4), "…", ...answer.slice(-3)];
}
